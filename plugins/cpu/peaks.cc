// SPDX-License-Identifier: Apache-2.0
#include "peaks.hh"

namespace farmhand::cpu {

namespace {

// Two units of fused multiply-add, 256 or 512 bits wide, give 2 x 2 x width / bits operations in a
// cycle (stackoverflow.com/questions/15655835, which lists them by microarchitecture). Family and
// model numbers: linux arch/x86/include/asm/intel-family.h, arch/x86/kernel/cpu/amd.c. Left out:
// the first scalable Xeons (model 0x55), which have one or two units depending on the part.
struct Known {
  const char* vendor;
  int32_t family, model_first, model_last;
  double fp64;  // per cycle and core; fp32 is twice that
};

// clang-format off
constexpr Known kKnown[] = {
    {"amd", 0x17, 0x30, 0xff, 16},    // Zen 2
    {"amd", 0x19, 0x00, 0xff, 16},    // Zen 3, Zen 4: 512 bits take two cycles
    {"amd", 0x1a, 0x00, 0x1f, 32},    // Zen 5 of servers
    {"intel", 6, 0x3f, 0x3f, 16},     // Haswell
    {"intel", 6, 0x4f, 0x4f, 16},     // Broadwell
    {"intel", 6, 0x6a, 0x6a, 32},     // Ice Lake
    {"intel", 6, 0x6c, 0x6c, 32},     // Ice Lake
    {"intel", 6, 0x8f, 0x8f, 32},     // Sapphire Rapids
    {"intel", 6, 0xcf, 0xcf, 32},     // Emerald Rapids
    {"intel", 6, 0xad, 0xad, 32},     // Granite Rapids
};
// clang-format on

constexpr const char* kTableSource = "stackoverflow.com/questions/15655835";

const Known* find_known(const Package& package) {
  for (const Known& each : kKnown) {
    if (package.vendor == each.vendor && package.family == each.family &&
        package.model_number >= each.model_first && package.model_number <= each.model_last) {
      return &each;
    }
  }
  return nullptr;
}

struct Clock {
  double mhz = 0;
  std::string source;
};

// linux Documentation/admin-guide/pm/intel_pstate.rst (kHz),
// Documentation/admin-guide/acpi/cppc_sysfs.rst (MHz)
Clock clock_of(const Root& root, const Package& package, int64_t clock_mhz) {
  if (clock_mhz > 0) return {static_cast<double>(clock_mhz), "setting clock_mhz"};
  const std::string folder =
      root / ("sys/devices/system/cpu/cpu" + std::to_string(package.cpus.front()));
  for (const auto& [file, factor] :
       {std::pair("/cpufreq/base_frequency", 1e-3), {"/acpi_cppc/nominal_freq", 1.0}}) {
    const Reading clock = within(read_number(folder + file, factor), 100, 1e4);
    if (clock.ok()) return {clock.value, std::string(file + 1)};
  }
  return {};
}

}  // namespace

std::vector<Peak> peaks_of(const Root& root, const Package& package, int64_t clock_mhz) {
  const Known* known = find_known(package);
  if (known == nullptr || package.flags.count("fma") == 0) return {};
  if (known->fp64 > 16 && package.flags.count("avx512f") == 0) return {};
  const Clock clock = clock_of(root, package, clock_mhz);
  if (clock.mhz == 0) return {};
  std::vector<Peak> peaks;
  for (const auto& [dtype, per_cycle] :
       {std::pair("fp64", known->fp64), {"fp32", 2 * known->fp64}}) {
    const auto cores = static_cast<double>(package.cores.size());
    char source[200];
    snprintf(source, sizeof source, "%g per cycle (%s) x %g cores x %g MHz (%s)", per_cycle,
             kTableSource, cores, clock.mhz, clock.source.c_str());
    peaks.push_back({dtype, per_cycle * cores * clock.mhz * 1e-6, source});
  }
  return peaks;
}

}  // namespace farmhand::cpu
