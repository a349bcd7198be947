// SPDX-License-Identifier: Apache-2.0
// The one thread beside the loop's. It exists because a commit waits for the disk, and the loop
// must not; it comes back through one Wakeup. Everything that touches a database runs here.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "loop/loop.hh"
#include "loop/wakeup.hh"

namespace farmhand {

class StoreThread {
 public:
  explicit StoreThread(Loop& loop);
  // Finishes all work handed in, then joins. What is done but not yet reported stays unreported:
  // those who wait for it are destroyed before.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // `work` runs on the store thread, in order of submission; then `done`, if any, on the loop.
  // While something is outstanding the loop's `run` does not return.
  void submit(std::function<void()> work, std::function<void()> done = nullptr);

 private:
  struct Job {
    std::function<void()> work;
    std::function<void()> done;
  };
  void serve();
  void report();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> waiting_;
  std::deque<Job> finished_;
  bool ending_ = false;
  size_t outstanding_ = 0;  // the loop's own count

  Wakeup wakeup_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace farmhand
