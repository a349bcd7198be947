// SPDX-License-Identifier: Apache-2.0
// How fast the package multiplies matrices, by a library's kernels: one thread per core, each with
// a product of its own, so that no thread waits for another.
#include <farmhand/checks.hh>

#include "crew.hh"
#include "matrices.hh"
#include "tests.hh"

namespace farmhand::cpu {

namespace {

// Large enough for the kernels to be at their best (tests/bench/gemm_bench.cc prints others), small
// enough for a few MB per core.
constexpr size_t kSize = 768;

// Below this part of the peak a processor is slow by any library's measure.
constexpr double kSlow = 0.5;

struct Worker {
  double seconds = 0;
  uint64_t products = 0;
  uint64_t wrong = 0;
};

// Products are timed one by one and looked at outside of the time: the first, the last, and one now
// and then.
void work(Multiply multiply, const Matrices& matrices, const std::atomic<bool>& stop,
          Worker* worker) {
  std::vector<unsigned char> product(matrices.product_bytes());
  multiply(matrices.a(), matrices.b(), product.data());  // pages and kernels warm
  worker->wrong += matrices.is_product(product.data()) ? 0 : 1;
  do {
    const uint64_t start_ns = boottime_ns();
    multiply(matrices.a(), matrices.b(), product.data());
    worker->seconds += static_cast<double>(boottime_ns() - start_ns) * 1e-9;
    ++worker->products;
    if (worker->products % 64 == 0) worker->wrong += matrices.is_product(product.data()) ? 0 : 1;
  } while (!stop);
  worker->wrong += matrices.is_product(product.data()) ? 0 : 1;
}

const Peak* find_peak(const std::vector<Peak>& peaks, Dtype dtype) {
  for (const Peak& each : peaks) {
    if (each.dtype == name_of(dtype)) return &each;
  }
  return nullptr;
}

void conclude(Bench& bench, double rate, const Peak* peak, const std::vector<int32_t>& wrong) {
  const std::string& name = bench.run.name;
  char text[160];
  if (!wrong.empty()) {
    emit_verdict(bench.call, name.c_str(), FH_VERDICT_FAIL, FH_REASON_COMPUTE_WRONG,
                 "wrong products on processor " + text_from(wrong));
  } else if (peak != nullptr && rate < kSlow * peak->tera_ops * 1e12) {
    snprintf(text, sizeof text, "%.3g of %.3g Top/s that the processor can do", rate * 1e-12,
             peak->tera_ops);
    emit_verdict(bench.call, name.c_str(), FH_VERDICT_WARN, FH_REASON_COMPUTE_SLOW, text);
  } else {
    bench.call.emit(ok_record(name));
  }
}

}  // namespace

void run_compute(Bench& bench, Dtype dtype) {
  const std::vector<int32_t> cpus = usable_cpus(bench.package, false);
  const std::string library = bench.libraries.description(dtype);
  const Matrices matrices(dtype, kSize, bench.run.seed);
  std::vector<Worker> workers(cpus.size());
  Crew crew(cpus, [&](size_t worker, const std::atomic<bool>& stop) {
    work(bench.libraries.multiply(dtype, kSize), matrices, stop, &workers[worker]);
  });
  oversee(bench, &crew, "multiplying");
  double rate = 0;
  uint64_t products = 0;
  std::vector<int32_t> wrong;
  for (size_t at = 0; at < workers.size(); ++at) {
    rate += matrices.operations() * static_cast<double>(workers[at].products) / workers[at].seconds;
    products += workers[at].products;
    if (workers[at].wrong > 0) wrong.push_back(cpus[at]);
  }
  const Peak* peak = find_peak(bench.peaks, dtype);
  conclude(bench, rate, peak, wrong);
  const std::string figure = std::string("compute.") + name_of(dtype);
  if (peak != nullptr) {
    bench.call.emit(
        measured_record(figure, rate, FH_UNIT_OPERATION_PER_SECOND, kSlow * peak->tera_ops * 1e12));
  } else {
    bench.call.emit(evidence_record(figure, rate, FH_UNIT_OPERATION_PER_SECOND));
  }
  bench.call.emit(evidence_record("cores", static_cast<double>(cpus.size()), FH_UNIT_NONE));
  bench.call.emit(evidence_record("products", static_cast<double>(products), FH_UNIT_NONE));
  bench.call.emit(text_evidence_record("library", library));
}

}  // namespace farmhand::cpu
