// SPDX-License-Identifier: Apache-2.0
// Threads of one test, each bound to a processor, for as long as the test lasts.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace farmhand::cpu {

// Those of `cpus` that this process may run on.
std::vector<int32_t> allowed_of(const std::vector<int32_t>& cpus);

class Crew {
 public:
  // Runs in a thread of its own until it is done or `stop` says so; `worker` counts from 0.
  using Body = std::function<void(size_t worker, const std::atomic<bool>& stop)>;

  Crew(std::vector<int32_t> cpus, Body body);
  // Stops and waits.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void stop() { stop_ = true; }
  // True once all have ended.
  bool wait_for(std::chrono::milliseconds time);
  // Throws what the first of them threw, if any did. Call it when all have ended.
  void rethrow() const;

 private:
  void run(size_t worker);

  const std::vector<int32_t> cpus_;
  const Body body_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t running_ = 0;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace farmhand::cpu
