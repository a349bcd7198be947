// SPDX-License-Identifier: Apache-2.0
// Random lives of a farm, each compared with the reference model.
//
//   simulation --seeds 200 --from 1     so many, one after the other
//   SEED=17 simulation [--log]          this one, with its story, and with what the product logs
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/log.hh"
#include "random_run.hh"

using namespace farmhand::simulation;

namespace {

uint64_t number_after(int argc, char** argv, const std::string& name, uint64_t fallback) {
  for (int i = 1; i + 1 < argc; ++i)
    if (argv[i] == name) return std::strtoull(argv[i + 1], nullptr, 10);
  return fallback;
}

void print_story(const RunReport& report) {
  for (const std::string& line : report.story) std::printf("  %s\n", line.c_str());
}

void print_findings(const RunReport& report, const char* program) {
  std::printf("seed %llu broke a promise:\n", static_cast<unsigned long long>(report.seed));
  size_t shown = 0;
  for (const std::string& finding : report.findings)
    if (++shown <= 12) std::printf("  %s\n", finding.c_str());
  if (shown > 12) std::printf("  and %zu more\n", shown - 12);
  std::printf("again: SEED=%llu %s\n", static_cast<unsigned long long>(report.seed), program);
}

int run_one(uint64_t seed, const char* program) {
  const RunReport report = run_seed(seed);
  print_story(report);
  std::printf("seed %llu: %zu records handed in, %zu accepted, %llu s of virtual time, state %s\n",
              static_cast<unsigned long long>(seed), report.handed_in, report.accepted,
              static_cast<unsigned long long>(report.virtual_s), report.state_hash.c_str());
  if (report.findings.empty()) return 0;
  print_findings(report, program);
  return 1;
}

int run_many(uint64_t from, uint64_t seeds, const char* program) {
  size_t records = 0, failed = 0;
  uint64_t virtual_s = 0;
  const auto began = std::chrono::steady_clock::now();
  for (uint64_t seed = from; seed < from + seeds; ++seed) {
    const RunReport report = run_seed(seed);
    records += report.accepted;
    virtual_s += report.virtual_s;
    if (report.findings.empty()) continue;
    ++failed;
    print_findings(report, program);
    std::fflush(stdout);
  }
  const double took_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf(
      "%llu seeds from %llu: %zu broke a promise; %zu records accepted, %.1f days of virtual time "
      "in %.0f s\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(from), failed,
      records, static_cast<double>(virtual_s) / 86'400, took_s);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool logs = argc > 1 && std::string(argv[argc - 1]) == "--log";
  farmhand::log::set_level(logs ? farmhand::log::Level::kDebug : farmhand::log::Level::kError);
  if (const char* seed = std::getenv("SEED"))
    return run_one(std::strtoull(seed, nullptr, 10), argv[0]);
  const bool slow = std::getenv("FARMHAND_SLOW") != nullptr;
  return run_many(number_after(argc, argv, "--from", 1),
                  number_after(argc, argv, "--seeds", slow ? 6 : 100), argv[0]);
}
