// SPDX-License-Identifier: Apache-2.0
// The workers. One thread after another takes the next job whose device is free, so a tick over
// devices that answer at once is the work of one thread and one wake-up; when a call blocks, more
// threads come, up to one per device and kWorkersMax. A thread per device from the start would cost
// eight wake-ups per tick and eight stacks for the same result.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "host/instance.hh"
#include "plugin/call_page.hh"

namespace farmhand::host {

class Crew {
 public:
  Crew(Instance& instance, Outbound& out, CallPage& page)
      : instance_(instance), out_(out), page_(page) {}

  // A job to fill; jobs go round, so that a tick allocates nothing.
  std::unique_ptr<Job> blank();
  void submit(std::unique_ptr<Job> job);
  // After the jobs of one read were submitted: wakes a worker.
  void begin();
  // While jobs are under way, every few milliseconds: sends what is done and puts more workers on
  // what nobody could take up. False: nothing is under way.
  bool tend();
  // Forgets the jobs nobody has begun; then `stop` runs once all others have ended.
  void stop(std::unique_ptr<Job> stop);

 private:
  struct Worker {
    Crew* crew;
    uint32_t index;
    Bench bench;
    const Job* job = nullptr;  // what it is doing
  };
  static void* work(void* worker);
  std::unique_ptr<Job> take(Worker& worker);
  void finish(Worker& worker, std::unique_ptr<Job> job);
  bool is_free(const Job& job) const;
  void hire();

  Instance& instance_;
  Outbound& out_;
  CallPage& page_;
  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<std::unique_ptr<Job>> queue_;
  std::vector<std::unique_ptr<Job>> blanks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  uint32_t running_ = 0;
  uint64_t begun_ = 0;       // jobs ever taken up
  uint64_t begun_seen_ = 0;  // at the last look
};

}  // namespace farmhand::host
