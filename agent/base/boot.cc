// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this boot and its clocks. Apart from clock.cc, so that a simulation can
// put another machine in its place.
#include <sys/timex.h>

#include <fstream>

#include "base/clock.hh"

namespace farmhand {

std::string read_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

bool wall_clock_synchronised() {
  timex state{};
  return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace farmhand
