// SPDX-License-Identifier: Apache-2.0
// How fast the package reads and writes its memory: a[i] = b[i] + s * c[i] on every core, counted
// as STREAM does (cs.virginia.edu/stream): 24 bytes for each element, what a cache fetches besides
// not.
#include <farmhand/checks.hh>

#include "crew.hh"
#include "tests.hh"

namespace farmhand::cpu {

namespace {

// Per core and array; larger than its part of the last cache on all but a few processors. Together
// at most the limit, so that a machine of many cores does not run out of memory.
constexpr size_t kElements = 4 << 20;
constexpr size_t kElementsTogether = 48 << 20;
constexpr double kFactor = 3;

struct Worker {
  double seconds = 0;
  double bytes = 0;
  bool wrong = false;
};

void triad(double* __restrict a, const double* __restrict b, const double* __restrict c,
           size_t count) {
  for (size_t at = 0; at < count; ++at) a[at] = b[at] + kFactor * c[at];
}

// The arrays are this thread's own, on its own NUMA node by first touch.
void work(size_t count, const std::atomic<bool>& stop, Worker* worker) {
  std::vector<double> a(count), b(count), c(count);
  for (size_t at = 0; at < count; ++at) {
    b[at] = static_cast<double>(at);
    c[at] = static_cast<double>(at % 1024);
  }
  do {
    const uint64_t start_ns = boottime_ns();
    triad(a.data(), b.data(), c.data(), count);
    worker->seconds += static_cast<double>(boottime_ns() - start_ns) * 1e-9;
    worker->bytes += 24 * static_cast<double>(count);
  } while (!stop);
  for (size_t at = 0; at < count; ++at) {
    worker->wrong |= a[at] != static_cast<double>(at) + kFactor * static_cast<double>(at % 1024);
  }
}

}  // namespace

void run_bandwidth(Bench& bench) {
  const std::vector<int32_t> cpus = usable_cpus(bench.package, false);
  const size_t count = std::min(kElements, kElementsTogether / cpus.size());
  std::vector<Worker> workers(cpus.size());
  Crew crew(cpus, [&](size_t worker, const std::atomic<bool>& stop) {
    work(count, stop, &workers[worker]);
  });
  oversee(bench, &crew, "streaming");
  double rate = 0;
  std::vector<int32_t> wrong;
  for (size_t at = 0; at < workers.size(); ++at) {
    rate += workers[at].bytes / workers[at].seconds;
    if (workers[at].wrong) wrong.push_back(cpus[at]);
  }
  if (wrong.empty()) {
    bench.call.emit(ok_record(bench.run.name));
  } else {
    emit_verdict(bench.call, bench.run.name.c_str(), FH_VERDICT_FAIL, FH_REASON_COMPUTE_WRONG,
                 "memory did not keep what processor " + text_from(wrong) + " wrote");
  }
  bench.call.emit(evidence_record("memory.bandwidth", rate, FH_UNIT_BYTE_PER_SECOND));
  bench.call.emit(evidence_record("cores", static_cast<double>(cpus.size()), FH_UNIT_NONE));
  bench.call.emit(
      evidence_record("arrays.bytes", 24 * static_cast<double>(count * cpus.size()), FH_UNIT_BYTE));
}

}  // namespace farmhand::cpu
