// SPDX-License-Identifier: Apache-2.0
#include "crew.hh"

#include <pthread.h>
#include <sched.h>
#include <farmhand/failure.hh>
#include <memory>

namespace farmhand::cpu {

namespace {

constexpr int32_t kCpusMax = 8192;

// Sized for large machines: cpu_set_t itself ends at 1024.
struct CpuSet {
  CpuSet() : set(CPU_ALLOC(kCpusMax)), size(CPU_ALLOC_SIZE(kCpusMax)) { CPU_ZERO_S(size, set); }
  ~CpuSet() { CPU_FREE(set); }
  CpuSet(const CpuSet&) = delete;
  cpu_set_t* set;
  size_t size;
};

// A processor that has just gone offline: the thread runs elsewhere, which the figure shows.
void bind_to(int32_t cpu) {
  CpuSet only;
  CPU_SET_S(static_cast<size_t>(cpu), only.size, only.set);
  pthread_setaffinity_np(pthread_self(), only.size, only.set);
}

}  // namespace

std::vector<int32_t> allowed_of(const std::vector<int32_t>& cpus) {
  CpuSet mine;
  std::vector<int32_t> allowed;
  if (sched_getaffinity(0, mine.size, mine.set) != 0) return allowed;
  for (const int32_t cpu : cpus) {
    if (cpu < kCpusMax && CPU_ISSET_S(static_cast<size_t>(cpu), mine.size, mine.set))
      allowed.push_back(cpu);
  }
  return allowed;
}

Crew::Crew(std::vector<int32_t> cpus, Body body) : cpus_(std::move(cpus)), body_(std::move(body)) {
  const std::lock_guard lock(mutex_);
  try {
    for (size_t worker = 0; worker < cpus_.size(); ++worker) {
      threads_.emplace_back([this, worker] { run(worker); });
      ++running_;
    }
  } catch (const std::system_error&) {
    // The limit of threads is reached: those that run are few enough to be told.
    failure_ = std::make_exception_ptr(Failure(FH_E_AGAIN, "no more threads can be started"));
    stop_ = true;
  }
}

Crew::~Crew() {
  stop_ = true;
  for (std::thread& each : threads_) each.join();
}

void Crew::run(size_t worker) {
  std::exception_ptr failure;
  try {
    bind_to(cpus_[worker]);
    body_(worker, stop_);
  } catch (...) {
    failure = std::current_exception();
    stop_ = true;
  }
  const std::lock_guard lock(mutex_);
  if (failure && !failure_) failure_ = failure;
  --running_;
  ended_.notify_all();
}

bool Crew::wait_for(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, time, [this] { return running_ == 0; });
}

void Crew::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace farmhand::cpu
