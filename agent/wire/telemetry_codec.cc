// SPDX-License-Identifier: Apache-2.0
#include "wire/telemetry_codec.hh"

#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "wire/text.hh"

namespace farmhand::wire {

namespace {

constexpr uint64_t kScaled1024 = 4;
constexpr uint64_t kChange = 5;
constexpr uint64_t kFloat = 6;
constexpr uint64_t kDouble = 7;
constexpr std::array<double, 4> kDivisors = {1, 10, 100, 1000};

// Up to here every integer is a double and a code fits 64 bits.
constexpr double kMantissaMax = 9007199254740992.0;  // 2^53

bool has_value(uint8_t status) {
  return status == 0 || status == 3;
}

uint64_t zigzag(int64_t m) {
  return static_cast<uint64_t>(m) << 1 ^ static_cast<uint64_t>(m >> 63);
}

int64_t unzigzag(uint64_t z) {
  return static_cast<int64_t>(z >> 1 ^ (~(z & 1) + 1));
}

// m and how to read it: a value as a short decimal.
struct Decimal {
  int64_t m = 0;
  uint64_t scale = 0;  // 0 to 4
};

double value_of(const Decimal& decimal) {
  const auto m = static_cast<double>(decimal.m);
  return decimal.scale == kScaled1024 ? m * 1024 : m / kDivisors[decimal.scale];
}

// The decimal that gives back the very same double at this scale, if there is one.
std::optional<Decimal> decimal_at(double value, uint64_t scale) {
  const double scaled = scale == kScaled1024 ? value / 1024 : value * kDivisors[scale];
  if (!(std::fabs(scaled) < kMantissaMax)) return std::nullopt;  // also not-a-number
  const Decimal decimal{.m = std::llround(scaled), .scale = scale};
  const bool same = std::bit_cast<uint64_t>(value_of(decimal)) == std::bit_cast<uint64_t>(value);
  return same ? std::optional(decimal) : std::nullopt;
}

std::optional<Decimal> shortest_decimal(double value) {
  if (std::fabs(value) >= 1 << 20) {
    if (const auto found = decimal_at(value, kScaled1024)) return found;
  }
  for (uint64_t scale = 0; scale < kDivisors.size(); ++scale) {
    if (const auto found = decimal_at(value, scale)) return found;
  }
  return std::nullopt;
}

using LastOfSeries = std::unordered_map<uint32_t, Decimal>;

class ValuePacker {
 public:
  explicit ValuePacker(::farmhand::v1::Telemetry& out) : out_(out) {}

  void add(uint32_t series, double value) {
    const auto before = last_.find(series);
    if (before != last_.end() && add_change(before->second, value)) return;
    if (const auto decimal = shortest_decimal(value)) {
      out_.add_values(zigzag(decimal->m) << 3 | decimal->scale);
      last_[series] = *decimal;
    } else if (static_cast<double>(static_cast<float>(value)) == value) {
      out_.add_values(kFloat);
      out_.add_floats(static_cast<float>(value));
    } else {
      out_.add_values(kDouble);
      out_.add_doubles(value);
    }
  }

 private:
  bool add_change(Decimal& before, double value) {
    const auto now = decimal_at(value, before.scale);
    if (!now) return false;
    out_.add_values(zigzag(now->m - before.m) << 3 | kChange);
    before = *now;
    return true;
  }

  ::farmhand::v1::Telemetry& out_;
  LastOfSeries last_;
};

// The value columns read in order. Nothing when they end early or cannot be right.
class ValueReader {
 public:
  explicit ValueReader(const ::farmhand::v1::Telemetry& in) : in_(in) {}

  std::optional<double> next(uint32_t series) {
    if (code_ == in_.values_size()) return std::nullopt;
    const uint64_t code = in_.values(code_++);
    const uint64_t how = code & 7;
    if (how == kFloat) return take(in_.floats(), float_);
    if (how == kDouble) return take(in_.doubles(), double_);
    Decimal decimal{.m = unzigzag(code >> 3), .scale = how};
    if (how == kChange) {
      const auto before = last_.find(series);
      if (before == last_.end()) return std::nullopt;
      decimal = {.m = before->second.m + decimal.m, .scale = before->second.scale};
    }
    if (std::fabs(static_cast<double>(decimal.m)) > kMantissaMax) return std::nullopt;
    last_[series] = decimal;
    return value_of(decimal);
  }

  bool at_end() const {
    return code_ == in_.values_size() && float_ == in_.floats_size() &&
           double_ == in_.doubles_size();
  }

 private:
  template <typename Column>
  static std::optional<double> take(const Column& column, int& at) {
    if (at == column.size()) return std::nullopt;
    return static_cast<double>(column.Get(at++));
  }

  const ::farmhand::v1::Telemetry& in_;
  int code_ = 0;
  int float_ = 0;
  int double_ = 0;
  LastOfSeries last_;
};

// Calls `emit(first, last)` for each longest range of samples whose neighbours `belong` together.
template <typename Belong, typename Emit>
void for_runs(const std::vector<Sample>& samples, Belong belong, Emit emit) {
  size_t first = 0;
  for (size_t i = 1; i <= samples.size(); ++i) {
    if (i < samples.size() && belong(samples[i - 1], samples[i])) continue;
    emit(samples[first], i - first);
    first = i;
  }
}

void pack_times(::farmhand::v1::Telemetry& out, const std::vector<Sample>& samples) {
  uint64_t now = out.boottime_ns();
  const auto same = [](const Sample& a, const Sample& b) { return a.boottime_ns == b.boottime_ns; };
  for_runs(samples, same, [&](const Sample& first, size_t count) {
    out.add_time_runs(static_cast<int64_t>(first.boottime_ns - now));
    out.add_time_runs(static_cast<int64_t>(count));
    now = first.boottime_ns;
  });
  if (out.time_runs_size() == 2) out.clear_time_runs();  // all at once
}

void pack_statuses(::farmhand::v1::Telemetry& out, const std::vector<Sample>& samples) {
  const auto same = [](const Sample& a, const Sample& b) { return a.status == b.status; };
  for_runs(samples, same, [&](const Sample& first, size_t count) {
    out.add_status_runs(first.status);
    out.add_status_runs(static_cast<uint32_t>(count));
  });
  if (out.status_runs_size() == 2 && out.status_runs(0) == 0) out.clear_status_runs();
}

bool unpack_series(std::vector<Sample>& samples, const ::farmhand::v1::Telemetry& in) {
  if (in.series_runs_size() % 2 != 0) return false;
  for (int i = 0; i < in.series_runs_size(); i += 2) {
    const uint32_t first = in.series_runs(i);
    const uint32_t count = in.series_runs(i + 1);
    if (count == 0 || count > kSamplesMax - samples.size()) return false;
    if (first >= kMetricsMax || count > kMetricsMax - first) return false;
    for (uint32_t k = 0; k < count; ++k) samples.push_back({.series = first + k});
  }
  return true;
}

bool unpack_times(std::vector<Sample>& samples, const ::farmhand::v1::Telemetry& in) {
  uint64_t now = in.boottime_ns();
  if (in.time_runs_size() == 0) {
    for (Sample& sample : samples) sample.boottime_ns = now;
    return true;
  }
  if (in.time_runs_size() % 2 != 0) return false;
  size_t at = 0;
  for (int i = 0; i < in.time_runs_size(); i += 2) {
    now += static_cast<uint64_t>(in.time_runs(i));
    const int64_t count = in.time_runs(i + 1);
    if (count <= 0 || static_cast<uint64_t>(count) > samples.size() - at) return false;
    for (int64_t k = 0; k < count; ++k) samples[at++].boottime_ns = now;
  }
  return at == samples.size();
}

bool unpack_statuses(std::vector<Sample>& samples, const ::farmhand::v1::Telemetry& in) {
  if (in.status_runs_size() == 0) return true;
  if (in.status_runs_size() % 2 != 0) return false;
  size_t at = 0;
  for (int i = 0; i < in.status_runs_size(); i += 2) {
    const uint32_t status = in.status_runs(i);
    const uint32_t count = in.status_runs(i + 1);
    if (status > UINT8_MAX || count == 0 || count > samples.size() - at) return false;
    for (uint32_t k = 0; k < count; ++k) samples[at++].status = static_cast<uint8_t>(status);
  }
  return at == samples.size();
}

}  // namespace

void pack(::farmhand::v1::Telemetry& out, const Telemetry& telemetry) {
  const auto& samples = telemetry.samples;
  out.set_table_id(telemetry.table_id);
  if (samples.empty()) return;
  out.set_boottime_ns(samples.front().boottime_ns);
  const auto next = [](const Sample& a, const Sample& b) { return a.series + 1 == b.series; };
  for_runs(samples, next, [&](const Sample& first, size_t count) {
    out.add_series_runs(first.series);
    out.add_series_runs(static_cast<uint32_t>(count));
  });
  pack_times(out, samples);
  pack_statuses(out, samples);
  ValuePacker values(out);
  for (const Sample& sample : samples) {
    if (has_value(sample.status)) values.add(sample.series, sample.value);
  }
}

Result<Telemetry> unpack(const ::farmhand::v1::Telemetry& in) {
  Telemetry telemetry{.table_id = in.table_id(), .samples = {}};
  auto& samples = telemetry.samples;
  if (!unpack_series(samples, in)) return corrupt("telemetry: the runs of series make no sense");
  if (!unpack_times(samples, in)) return corrupt("telemetry: the times do not fit the series");
  if (!unpack_statuses(samples, in))
    return corrupt("telemetry: the statuses do not fit the series");
  ValueReader values(in);
  for (Sample& sample : samples) {
    if (!has_value(sample.status)) continue;
    const auto value = values.next(sample.series);
    if (!value) return corrupt("telemetry: the values do not fit the series");
    sample.value = *value;
  }
  if (!values.at_end()) return corrupt("telemetry: more values than samples");
  return telemetry;
}

}  // namespace farmhand::wire
