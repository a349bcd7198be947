// SPDX-License-Identifier: Apache-2.0
// The thread that waits for a plugin's events (farmhand.events/1), beside the workers. It calls
// again and again; what comes is sent unasked. A flood is met by asking less often, a call that
// returns at once with nothing by a pause.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace farmhand::host {

class Waiter {
 public:
  // What one call of `wait` came to.
  struct Result {
    int32_t status = 0;
    uint32_t events = 0;
  };
  using Call = std::function<Result()>;

  // `call` runs on the new thread until it says FH_E_UNSUPPORTED, or `stop`.
  void start(Call call);
  // Waits for the call in progress. Nothing, when it was never started.
  void stop();

 private:
  static void* run(void* waiter);
  void loop();
  bool pause(uint64_t ms);  // false: it is time to end

  Call call_;
  std::mutex mutex_;
  std::condition_variable changed_;
  pthread_t thread_{};
  bool running_ = false;
  bool ending_ = false;
};

}  // namespace farmhand::host
