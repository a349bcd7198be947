// SPDX-License-Identifier: Apache-2.0
#include "load.hh"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <farmhand/failure.hh>
#include <numbers>

#include "noise.hh"

namespace farmhand::sim {

namespace {

enum Stream : uint64_t { kIsJob = 1, kIntensity, kFootprint, kRipple, kFlicker };

constexpr double kJobSeconds = 30;
constexpr double kWaveSeconds = 60;

// One slot in four is idle; a job keeps its intensity and its memory to the end of its slot, with a
// slow ripple (batches) and a fast flicker (single requests) on top.
Demand jobs_at(uint64_t seed, double seconds) {
  const auto slot = static_cast<uint64_t>(seconds / kJobSeconds);
  if (uniform(seed, kIsJob, slot) < 0.25) return {0, 0.02};
  const double ripple = 0.16 * (walk(seed, kRipple, seconds) - 0.5);
  const double flicker = 0.08 * (walk(seed, kFlicker, seconds * 8) - 0.5);
  const double intensity = 0.5 + 0.5 * uniform(seed, kIntensity, slot);
  return {std::clamp(intensity + ripple + flicker, 0.0, 1.0),
          0.3 + 0.6 * uniform(seed, kFootprint, slot)};
}

Demand wave_at(uint64_t seed, double seconds) {
  const double phase = uniform(seed, kIntensity, 0);
  const double turn = 2 * std::numbers::pi * (seconds / kWaveSeconds + phase);
  const double compute = 0.5 - 0.5 * std::cos(turn);
  return {compute, 0.2 + 0.6 * compute};
}

}  // namespace

Load::Load(std::string_view profile) {
  if (profile == "jobs") return;
  if (profile == "wave") {
    profile_ = Profile::kWave;
    return;
  }
  profile_ = Profile::kConstant;
  if (profile == "idle") return;
  int percent = profile == "full" ? 100 : -1;
  const char* end = profile.data() + profile.size();
  const auto [stop, error] = std::from_chars(profile.data(), end, percent);
  const bool is_number = error == std::errc() && stop == end && percent >= 0 && percent <= 100;
  if (profile != "full" && !is_number) {
    fail(FH_E_INVALID, "setting 'load' is '%.*s': write jobs, wave, idle, full or 0 to 100",
         static_cast<int>(profile.size()), profile.data());
  }
  constant_ = percent / 100.0;
}

Demand Load::at(uint64_t seed, double seconds) const {
  switch (profile_) {
    case Profile::kJobs:
      return jobs_at(seed, seconds);
    case Profile::kWave:
      return wave_at(seed, seconds);
    case Profile::kConstant:
      break;
  }
  return {constant_, 0.02 + 0.8 * constant_};
}

}  // namespace farmhand::sim
