// SPDX-License-Identifier: Apache-2.0
#include "base/scheduling.hh"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace farmhand {

namespace {

constexpr uint64_t kTurnNs = 100'000;  // the least that the kernel takes

// The kernel's struct sched_attr, first version; glibc 2.36 has neither it nor the call.
struct SchedulingAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns;
  uint64_t deadline_ns;
  uint64_t period_ns;
};
constexpr uint64_t kResetOnFork = 1;
constexpr uint32_t kPolicyNormal = 0;

}  // namespace

void ask_for_short_turns() {
  SchedulingAttributes wish{};
  if (::syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) != 0) return;
  if (wish.policy != kPolicyNormal) return;  // somebody has decided otherwise for this thread
  wish.size = sizeof wish;
  wish.flags |= kResetOnFork;
  wish.runtime_ns = kTurnNs;
  (void)::syscall(SYS_sched_setattr, 0, &wish, 0);  // a wish: without it all works, only later
}

}  // namespace farmhand
