// SPDX-License-Identifier: Apache-2.0
// What plugins/cpu measures against a direct run of the same library in a process of its own:
// threads that call it and nothing else, all their products over the time by the clock on the wall.
// Rounds alternate, the best of each counts: whoever else is on the machine slows both. Exits with
// 1 where they differ by more than a tenth. `taskset -c 0 gemm_bench` compares on one processor.
#define DOCTEST_CONFIG_IMPLEMENT
#include <dlfcn.h>
#include <doctest.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <farmhand/command.hh>
#include <string>
#include <thread>
#include <vector>

#include "../unit/fake_host.hh"
#include "machine.hh"
#include "matrices.hh"

namespace {

using farmhand::cpu::Dtype;
using farmhand::cpu::Matrices;

constexpr int kRounds = 12;
constexpr size_t kSize = 1024;
constexpr double kSeconds = 0.4;
constexpr const char* kNames[] = {"fp64", "fp32", "bf16", "int8"};

using Dgemm = void(int, int, int, int, int, int, double, const double*, int, const double*, int,
                   double, double*, int);
using Sgemm = void(int, int, int, int, int, int, float, const float*, int, const float*, int, float,
                   float*, int);
using Igemm = int(char, char, char, int64_t, int64_t, int64_t, float, const uint8_t*, int64_t,
                  uint8_t, const int8_t*, int64_t, int8_t, float, int32_t*, int64_t,
                  const int32_t*);

template <class Function>
Function* symbol(const char* library, const char* name) {
  void* handle = dlopen(library, RTLD_NOW);
  void* found = handle == nullptr ? nullptr : dlsym(handle, name);
  if (found == nullptr) {
    fprintf(stderr, "%s has no %s\n", library, name);
    exit(2);
  }
  return reinterpret_cast<Function*>(found);
}

void multiply(Dtype dtype, const Matrices& matrices, void* c) {
  const int n = static_cast<int>(kSize);
  const int32_t offset = 0;
  const void* a = matrices.a();
  const void* b = matrices.b();
  if (dtype == Dtype::kFp64) {
    static Dgemm* const gemm = symbol<Dgemm>("libopenblas.so.0", "cblas_dgemm");
    gemm(101, 111, 111, n, n, n, 1, static_cast<const double*>(a), n, static_cast<const double*>(b),
         n, 0, static_cast<double*>(c), n);
  } else if (dtype == Dtype::kFp32) {
    static Sgemm* const gemm = symbol<Sgemm>("libopenblas.so.0", "cblas_sgemm");
    gemm(101, 111, 111, n, n, n, 1, static_cast<const float*>(a), n, static_cast<const float*>(b),
         n, 0, static_cast<float*>(c), n);
  } else {
    static Igemm* const gemm = symbol<Igemm>("libdnnl.so.2", "dnnl_gemm_u8s8s32");
    gemm('N', 'N', 'F', n, n, n, 1, static_cast<const uint8_t*>(a), n, 0,
         static_cast<const int8_t*>(b), n, 0, 0, static_cast<int32_t*>(c), n, &offset);
  }
}

// The libraries would bring threads of their own.
void use_one_thread(Dtype dtype) {
  if (dtype == Dtype::kInt8) return symbol<void(int)>("libgomp.so.1", "omp_set_num_threads")(1);
  symbol<void(int)>("libopenblas.so.0", "openblas_set_num_threads")(1);
}

// `gemm_bench direct fp64`: prints operations per second.
int run_direct(const std::string& name) {
  const auto at = std::find(std::begin(kNames), std::end(kNames), name) - std::begin(kNames);
  const auto dtype = static_cast<Dtype>(at);
  const Matrices matrices(dtype, kSize, 1);
  std::atomic<uint64_t> products{0};
  std::atomic<uint64_t> start_ns{UINT64_MAX};
  std::vector<std::thread> threads;
  const unsigned count = std::thread::hardware_concurrency();
  std::atomic<unsigned> warm{0};
  for (unsigned each = 0; each < count; ++each) {
    threads.emplace_back([&] {
      std::vector<unsigned char> product(matrices.product_bytes());
      use_one_thread(dtype);
      multiply(dtype, matrices, product.data());
      if (++warm == count) start_ns = farmhand::boottime_ns();
      while (warm < count) std::this_thread::yield();
      while (start_ns == UINT64_MAX) std::this_thread::yield();
      const auto end_ns = start_ns + static_cast<uint64_t>(kSeconds * 1e9);
      while (farmhand::boottime_ns() < end_ns) {
        multiply(dtype, matrices, product.data());
        ++products;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  const double seconds = static_cast<double>(farmhand::boottime_ns() - start_ns) * 1e-9;
  printf("%.0f\n", matrices.operations() * static_cast<double>(products) / seconds);
  return 0;
}

double direct(const char* self, const char* dtype) {
  fh_host raw = farmhand::made<fh_host>();
  fh_call given = farmhand::made<fh_call>();
  given.deadline_boottime_ns = farmhand::boottime_ns() + 60'000'000'000;
  const farmhand::Host host(&raw);
  const farmhand::Call call(host, &given);
  farmhand::CommandLimits limits;
  limits.time_ns = 60'000'000'000;
  const auto done = farmhand::run_command(call, {self, "direct", dtype}, limits);
  return farmhand::only_number_in(done.output).value_or(0);
}

double by_plugin(FakeHost* host, const std::string& dtype) {
  host->progress = 0;
  const std::string test = "compute." + dtype;
  const int32_t status = host->run_test(0, test, static_cast<uint64_t>(kSeconds * 1000));
  if (status != FH_OK) fprintf(stderr, "%s: %s\n", test.c_str(), host->err.text);
  return status == FH_OK ? host->verdicts[test].evidence[test].value : 0;
}

// True if the two agree, or only one can be had.
bool compare(FakeHost* host, const char* self, const char* dtype) {
  const bool has_peer = std::string(dtype) != "bf16";
  double ours = 0, theirs = 0;
  for (int round = 0; round < kRounds; ++round) {
    ours = std::max(ours, by_plugin(host, dtype));
    if (has_peer) theirs = std::max(theirs, direct(self, dtype));
  }
  if (theirs == 0) {
    printf("%-6s %12.1f %12s\n", dtype, ours * 1e-9, "-");
    return ours > 0 || !has_peer;
  }
  printf("%-6s %12.1f %12.1f %11.1f %%\n", dtype, ours * 1e-9, theirs * 1e-9,
         100 * (ours / theirs - 1));
  return std::abs(ours / theirs - 1) <= 0.1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "direct") return run_direct(argv[2]);
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  FakeHost host;
  host.deadline_ms = 60'000;
  if (host.open({}) != FH_OK || host.enumerate() != FH_OK || host.list_tests(0) != FH_OK) {
    fprintf(stderr, "%s\n", host.err.text);
    return 2;
  }
  farmhand::print_machine("/tmp");
  printf("%-6s %12s %12s %13s   Gop/s, best of %d\n", "", "plugins/cpu", "direct", "difference",
         kRounds);
  bool agree = true;
  for (const char* dtype : kNames) {
    if (host.tests.count(std::string("compute.") + dtype) == 0) continue;
    agree = compare(&host, argv[0], dtype) && agree;
  }
  host.progress = 0;
  if (host.run_test(0, "memory.bandwidth", 1000) == FH_OK) {
    printf("memory %12.1f GB/s\n",
           host.verdicts["memory.bandwidth"].evidence["memory.bandwidth"].value * 1e-9);
  }
  return agree ? 0 : 1;
}
