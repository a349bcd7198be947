// SPDX-License-Identifier: Apache-2.0
#include "host/waiter.hh"

#include <chrono>
#include <utility>

#include "farmhand/abi.h"
#include "host/last_words.hh"
#include "host/now.hh"

namespace farmhand::host {

namespace {

constexpr size_t kStackBytes = 1 << 20;  // only touched pages cost memory
constexpr uint64_t kEventsPerSecond = 100;
// After a failure; and after a call that came back at once with nothing, which `wait` must not do.
constexpr uint64_t kFailedPauseMs = 10'000;
constexpr uint64_t kEmptyPauseMs = 100;
constexpr uint64_t kAtOnceNs = 50'000'000;

}  // namespace

void Waiter::start(Call call) {
  call_ = std::move(call);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  running_ = ::pthread_create(&thread_, &attributes, &Waiter::run, this) == 0;
  ::pthread_attr_destroy(&attributes);
}

void Waiter::stop() {
  if (!running_) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  ::pthread_join(thread_, nullptr);
  running_ = false;
}

void* Waiter::run(void* waiter) {
  this_thread_is_worker(kWaiter);
  static_cast<Waiter*>(waiter)->loop();
  this_thread_ends();
  return nullptr;
}

bool Waiter::pause(uint64_t ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return ending_; });
  return !ending_;
}

void Waiter::loop() {
  for (bool on = true; on;) {
    const uint64_t begin_ns = boottime_ns();
    const Result result = call_();
    if (result.status == FH_E_UNSUPPORTED) return;
    const bool answered = result.status == FH_OK || result.status == FH_E_TIMEOUT;
    const bool at_once = boottime_ns() - begin_ns < kAtOnceNs;
    uint64_t pause_ms = result.events * 1000 / kEventsPerSecond;
    if (result.events == 0 && at_once) pause_ms = kEmptyPauseMs;
    if (!answered && result.status != FH_E_CANCELLED) pause_ms = kFailedPauseMs;
    on = pause(pause_ms);
  }
}

}  // namespace farmhand::host
