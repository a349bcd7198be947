// SPDX-License-Identifier: Apache-2.0
// Silent data corruption: a core that now and then computes something else than all others. Every
// processor by itself does work with one right answer, known beforehand to the bit, until the time
// is over: products of matrices through the vector units, and a long chain of 64-bit
// multiplications in which one wrong bit spoils all that follows.
#include <farmhand/checks.hh>

#include "crew.hh"
#include "matrices.hh"
#include "tests.hh"

namespace farmhand::cpu {

namespace {

constexpr size_t kSize = 192;  // within a core's own cache: it is the core that is asked
constexpr uint64_t kChainStart = 0x243F6A8885A308D3;
constexpr int kChainLength = 100'000;
constexpr uint64_t kChainEnd = 0x7FC52260DF34F99E;  // computed with another language's integers

struct Worker {
  uint64_t checked = 0;
  uint64_t wrong = 0;

  void note(bool right) {
    ++checked;
    wrong += right ? 0 : 1;
  }
};

bool chain_is_right() {
  uint64_t value = kChainStart;
  for (int step = 0; step < kChainLength; ++step) {
    value += 0x9E3779B97F4A7C15;
    uint64_t state = value - 0x9E3779B97F4A7C15;
    value ^= mix(&state);
  }
  return value == kChainEnd;
}

void multiply_and_note(const Multiply& multiply, const Matrices& matrices,
                       std::vector<unsigned char>* product, Worker* worker) {
  std::fill(product->begin(), product->end(),
            0);  // an old right answer must not pass for a new one
  multiply(matrices.a(), matrices.b(), product->data());
  worker->note(matrices.is_product(product->data()));
}

}  // namespace

void run_integrity(Bench& bench) {
  const std::vector<int32_t> cpus = usable_cpus(bench.package, true);
  const std::string library = bench.libraries.description(Dtype::kFp64);
  const Matrices fp64(Dtype::kFp64, kSize, bench.run.seed),
      fp32(Dtype::kFp32, kSize, bench.run.seed);
  std::vector<Worker> workers(cpus.size());
  Crew crew(cpus, [&](size_t at, const std::atomic<bool>& stop) {
    const Multiply dgemm = bench.libraries.multiply(Dtype::kFp64, kSize);
    const Multiply sgemm = bench.libraries.multiply(Dtype::kFp32, kSize);
    std::vector<unsigned char> large(fp64.product_bytes()), small(fp32.product_bytes());
    do {
      multiply_and_note(dgemm, fp64, &large, &workers[at]);
      multiply_and_note(sgemm, fp32, &small, &workers[at]);
      workers[at].note(chain_is_right());
    } while (!stop);
  });
  oversee(bench, &crew, "comparing");
  Worker all;
  std::vector<int32_t> bad;
  for (size_t at = 0; at < workers.size(); ++at) {
    all.checked += workers[at].checked;
    all.wrong += workers[at].wrong;
    if (workers[at].wrong > 0) bad.push_back(cpus[at]);
  }
  if (bad.empty()) {
    bench.call.emit(ok_record(bench.run.name));
  } else {
    emit_verdict(bench.call, bench.run.name.c_str(), FH_VERDICT_FAIL, FH_REASON_COMPUTE_WRONG,
                 "processor " + text_from(bad) + " gave " + std::to_string(all.wrong) +
                     " wrong results of " + std::to_string(all.checked));
  }
  bench.call.emit(
      evidence_record("results.checked", static_cast<double>(all.checked), FH_UNIT_NONE));
  fh_evidence wrong =
      evidence_record("results.wrong", static_cast<double>(all.wrong), FH_UNIT_NONE);
  wrong.bounds = FH_BOUND_MOST;
  bench.call.emit(wrong);
  bench.call.emit(evidence_record("processors", static_cast<double>(cpus.size()), FH_UNIT_NONE));
  bench.call.emit(text_evidence_record("library", library));
}

}  // namespace farmhand::cpu
