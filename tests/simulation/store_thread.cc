// SPDX-License-Identifier: Apache-2.0
// The store thread without a thread: one job at each turn of its wake-up, and its answer at the
// turn after, so that a crash may come between what is on disk and who hears of it.
#include "store/thread.hh"

namespace farmhand {

StoreThread::StoreThread(Loop& loop) : wakeup_(loop, [this] { report(); }) {}

StoreThread::~StoreThread() {
  for (Job& job : waiting_) job.work();
}

void StoreThread::submit(std::function<void()> work, std::function<void()> done) {
  waiting_.push_back({std::move(work), std::move(done)});
  wakeup_.notify();
}

void StoreThread::report() {
  if (!finished_.empty() || !waiting_.empty()) wakeup_.notify();
  if (!finished_.empty()) {
    const Job job = std::move(finished_.front());
    finished_.pop_front();
    if (job.done) return job.done();  // it may end us
  }
  if (waiting_.empty()) return;
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  job.work();
  job.work = nullptr;
  finished_.push_back(std::move(job));
}

}  // namespace farmhand
