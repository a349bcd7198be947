// SPDX-License-Identifier: Apache-2.0
#include "tests.hh"

#include "crew.hh"

namespace farmhand::cpu {

namespace {

struct Test {
  const char* name;
  int32_t level;
  const char* help;
  void (*run)(Bench&);
  // One of these must be among the processor's flags; null: any processor will do.
  const char* const* needs;
};

// linux arch/x86/include/asm/cpufeatures.h, arch/arm64/kernel/cpuinfo.c. Without them the library
// would emulate the dtype, and the figure would say nothing of the processor.
constexpr const char* kBf16Flags[] = {"avx512_bf16", "amx_bf16", "bf16", nullptr};
constexpr const char* kInt8Flags[] = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", nullptr};

// clang-format off
constexpr Test kTests[] = {
    {"compute.fp64", FH_LEVEL_QUICK, "Multiplies matrices of fp64 on every core and checks the products.", [](Bench& bench) { run_compute(bench, Dtype::kFp64); }, nullptr},
    {"compute.fp32", FH_LEVEL_QUICK, "Multiplies matrices of fp32 on every core and checks the products.", [](Bench& bench) { run_compute(bench, Dtype::kFp32); }, nullptr},
    {"compute.bf16", FH_LEVEL_QUICK, "Multiplies matrices of bf16 on every core and checks the products.", [](Bench& bench) { run_compute(bench, Dtype::kBf16); }, kBf16Flags},
    {"compute.int8", FH_LEVEL_QUICK, "Multiplies matrices of int8 on every core and checks the products.", [](Bench& bench) { run_compute(bench, Dtype::kInt8); }, kInt8Flags},
    {"memory.bandwidth", FH_LEVEL_QUICK, "Streams three arrays through every core and checks them.", run_bandwidth, nullptr},
    {"compute.integrity", FH_LEVEL_STANDARD, "Computes what has one right answer again and again, on each processor by itself.", run_integrity, nullptr},
};
// clang-format on

bool offered(const Test& test, const Package& package) {
  if (test.needs == nullptr) return true;
  for (const char* const* flag = test.needs; *flag != nullptr; ++flag) {
    if (package.flags.count(*flag) != 0) return true;
  }
  return false;
}

constexpr uint64_t kTimeNs = 1'000'000'000;  // where no budget is given

}  // namespace

void list_tests(Call& call, const Package& package) {
  for (const Test& each : kTests) {
    if (!offered(each, package)) continue;
    call.emit(
        test_record(each.name, each.level, FH_TEST_NEEDS_IDLE | FH_TEST_USES_BUDGET, each.help));
  }
}

void run_test(Bench bench) {
  for (const Test& each : kTests) {
    if (bench.run.name == each.name && offered(each, bench.package)) return each.run(bench);
  }
  fail(FH_E_INVALID, "%s has no test '%s'", bench.package.key.c_str(), bench.run.name.c_str());
}

std::vector<int32_t> usable_cpus(const Package& package, bool every_thread) {
  std::vector<int32_t> cpus = allowed_of(every_thread ? package.cpus : package.cores);
  // Where only second siblings are open to us, they are what there is.
  if (cpus.empty()) cpus = allowed_of(package.cpus);
  if (cpus.empty()) {
    fail(
        FH_E_UNSUPPORTED,
        "the plugin may run on none of the processors %s: see the service's CPUAffinity and cpuset",
        text_from(package.cpus).c_str());
  }
  return cpus;
}

void oversee(Bench& bench, Crew* crew, const char* doing) {
  const uint64_t start_ns = boottime_ns();
  const uint64_t budget_ns = bench.run.budget_ns != 0 ? bench.run.budget_ns : kTimeNs;
  // Something is left of the call for the last piece of work and the records.
  const uint64_t left_ns = bench.call.remaining_ns();
  const uint64_t time_ns = std::min(budget_ns, left_ns - left_ns / 10);
  int64_t shown_s = -1;
  while (!crew->wait_for(std::chrono::milliseconds(20))) {
    const uint64_t gone_ns = boottime_ns() - start_ns;
    if (bench.call.cancelled()) fail(FH_E_CANCELLED, "cancelled by the host");
    if (gone_ns >= time_ns) break;
    const auto second = static_cast<int64_t>(gone_ns / 1'000'000'000);
    if (second == shown_s) continue;
    shown_s = second;
    bench.call.emit(
        progress_record(100 * static_cast<double>(gone_ns) / static_cast<double>(time_ns), doing));
  }
  crew->stop();
  while (!crew->wait_for(std::chrono::milliseconds(20))) bench.call.check();
  crew->rethrow();
}

}  // namespace farmhand::cpu
