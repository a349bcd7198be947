// SPDX-License-Identifier: Apache-2.0
#include "host/crew.hh"

#include <algorithm>
#include <utility>

#include "host/last_words.hh"

namespace farmhand::host {

namespace {

// Vendor libraries are used to the main thread's stack; only touched pages cost memory.
constexpr size_t kStackBytes = 1 << 20;
constexpr size_t kBlanksMax = 64;

bool is_control(const Job& job) {
  return job.operation == frame::Operation::kStart || job.operation == frame::Operation::kStop;
}

}  // namespace

std::unique_ptr<Job> Crew::blank() {
  const std::lock_guard lock(mutex_);
  if (blanks_.empty()) return std::make_unique<Job>();
  auto job = std::move(blanks_.back());
  blanks_.pop_back();
  job->metric_ids.clear();
  return job;
}

void Crew::submit(std::unique_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(job));
}

void Crew::begin() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return;
  if (running_ == workers_.size()) hire();
  waiting_.notify_one();
}

bool Crew::tend() {
  out_.flush();
  const std::lock_guard lock(mutex_);
  const auto free_jobs = static_cast<size_t>(
      std::count_if(queue_.begin(), queue_.end(), [&](const auto& job) { return is_free(*job); }));
  const bool stuck = free_jobs > 0 && begun_ == begun_seen_;
  begun_seen_ = begun_;
  if (stuck) {
    while (workers_.size() < kWorkersMax && workers_.size() - running_ < free_jobs) hire();
    waiting_.notify_all();
  }
  return running_ > 0 || !queue_.empty();
}

void Crew::stop(std::unique_ptr<Job> stop) {
  {
    const std::lock_guard lock(mutex_);
    queue_.clear();
  }
  submit(std::move(stop));
  begin();
}

// Called with the lock held.
void Crew::hire() {
  if (workers_.size() == kWorkersMax) return;
  const auto index = static_cast<uint32_t>(workers_.size());
  auto worker = std::unique_ptr<Worker>(new Worker{
      .crew = this, .index = index, .bench = {.slot = page_.slots[index], .sink = {}, .room = {}}});
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool born = ::pthread_create(&thread, &attributes, &Crew::work, worker.get()) == 0;
  ::pthread_attr_destroy(&attributes);
  // The thread waits for our lock, so it finds itself in the list.
  if (born) workers_.push_back(std::move(worker));
}

void* Crew::work(void* argument) {
  auto& worker = *static_cast<Worker*>(argument);
  this_thread_is_worker(worker.index);
  for (;;) {
    auto job = worker.crew->take(worker);
    worker.crew->instance_.run(*job, worker.bench);
    worker.crew->finish(worker, std::move(job));
  }
}

// One call at a time per device, and per plugin for enumeration; control alone with itself.
// Called with the lock held.
bool Crew::is_free(const Job& job) const {
  if (is_control(job)) return running_ == 0;
  return std::none_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
    return worker->job != nullptr &&
           (worker->job->device == job.device || is_control(*worker->job));
  });
}

std::unique_ptr<Job> Crew::take(Worker& worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto next =
        std::find_if(queue_.begin(), queue_.end(), [&](const auto& job) { return is_free(*job); });
    if (next != queue_.end()) {
      auto job = std::move(*next);
      queue_.erase(next);
      worker.job = job.get();
      ++running_;
      ++begun_;
      return job;
    }
    waiting_.wait(lock);
  }
}

void Crew::finish(Worker& worker, std::unique_ptr<Job> job) {
  bool last = false;
  bool control = is_control(*job);
  {
    const std::lock_guard lock(mutex_);
    worker.job = nullptr;
    --running_;
    last = running_ == 0 && queue_.empty();
    if (blanks_.size() < kBlanksMax) blanks_.push_back(std::move(job));
  }
  if (last || control) out_.flush();
}

}  // namespace farmhand::host
