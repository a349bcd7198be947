// SPDX-License-Identifier: Apache-2.0
#include "store/thread.hh"

#include <pthread.h>
#include <signal.h>

#include "base/scheduling.hh"

namespace farmhand {

StoreThread::StoreThread(Loop& loop)
    : wakeup_(loop, [this] { report(); }), thread_([this] { serve(); }) {
  wakeup_.unref();
}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  more_.notify_one();
  thread_.join();
}

void StoreThread::submit(std::function<void()> work, std::function<void()> done) {
  if (outstanding_++ == 0) wakeup_.ref();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(work), std::move(done)});
  }
  more_.notify_one();
}

void StoreThread::serve() {
  pthread_setname_np(pthread_self(), "store");
  ask_for_short_turns();
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the loop's
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job.work();
    job.work = nullptr;  // what it holds dies on this thread
    lock.lock();
    finished_.push_back(std::move(job));
    wakeup_.notify();
  }
}

void StoreThread::report() {
  std::deque<Job> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  outstanding_ -= finished.size();
  if (outstanding_ == 0) wakeup_.unref();
  for (auto& job : finished) {
    if (job.done) job.done();
  }
}

}  // namespace farmhand
