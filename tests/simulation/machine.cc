// SPDX-License-Identifier: Apache-2.0
#include "machine.hh"

#include <sys/random.h>

#include <cstring>

#include "base/clock.hh"
#include "base/ids.hh"

namespace farmhand::simulation {
namespace {

Random kernel{1};
std::string boot_id;

}  // namespace

void seed_machine(uint64_t seed) {
  kernel = Random(seed);
}

void set_boot_id(const std::string& uuid_text) {
  boot_id = uuid_text;
}

std::string new_boot_id(Random& random) {
  Uuid id;
  for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random.next());
  return id.text();
}

}  // namespace farmhand::simulation

namespace farmhand {

// In the place of base/boot.cc.
std::string read_boot_id() {
  return simulation::boot_id;
}

bool wall_clock_synchronised() {
  return true;
}

}  // namespace farmhand

// In the place of the C library's.
extern "C" __attribute__((visibility("default"))) ssize_t getrandom(void* out, size_t size,
                                                                    unsigned) noexcept {
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t bits = farmhand::simulation::kernel.next();
    std::memcpy(static_cast<char*>(out) + at, &bits, std::min(sizeof bits, size - at));
  }
  return static_cast<ssize_t>(size);
}
