// SPDX-License-Identifier: Apache-2.0
#include "misery.hh"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <farmhand/call.hh>

namespace farmhand::sim {

namespace {

constexpr uint64_t kAskEveryMs = 50;

}  // namespace

// The signal's default action, even if somebody in the process handles it.
void crash() {
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
  _exit(139);
}

void dawdle(uint64_t ms) {
  timespec left{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000) * 1'000'000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void hang(const std::function<bool()>& still_on) {
  while (still_on()) dawdle(kAskEveryMs);
}

void spin(const std::function<bool()>& still_on) {
  while (still_on()) {
    const uint64_t until = boottime_ns() + kAskEveryMs * 1'000'000;
    while (boottime_ns() < until) {
    }
  }
}

void write_into_ice(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) fail(FH_E_INTERNAL, "dstate: open '%s': %s", path.c_str(), strerror(errno));
  const char page[4096] = {};
  const bool written = write(fd, page, sizeof page) == sizeof page && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!written) fail(FH_E_INTERNAL, "dstate: write '%s': %s", path.c_str(), strerror(error));
}

}  // namespace farmhand::sim
