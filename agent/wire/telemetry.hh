// SPDX-License-Identifier: Apache-2.0
// Samples as they travel: a table declares the series of one device, and Telemetry needs only
// numbers after that. A series' number is its position in the table. The packing is described in
// record.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace farmhand::wire {

// More samples than this in one record are refused, by either side: run lengths let a few bytes
// claim any number of them.
inline constexpr size_t kSamplesMax = 100'000;
inline constexpr size_t kMetricsMax = 65'536;  // in one table

struct Metric {
  std::string name;
  std::string label;  // empty: the only series of its name
  std::string label_value;
  uint32_t kind = 1;  // FH_METRIC_*
  uint32_t unit = 0;  // FH_UNIT_*
  bool operator==(const Metric&) const = default;
};

// Make one with `make_metric_table`: the id follows from the content, so that one id never stands
// for two contents, also across restarts, and a reader may keep a table for as long as it likes.
struct MetricTable {
  uint64_t table_id = 0;
  std::string device_key;
  std::string plugin;
  std::vector<Metric> metrics;
  bool operator==(const MetricTable&) const = default;
};

MetricTable make_metric_table(std::string device_key, std::string plugin,
                              std::vector<Metric> metrics);

struct Sample {
  uint32_t series = 0;  // position in the table
  uint8_t status = 0;   // FH_SAMPLE_*; the value counts for OK (0) and STALE (3) only, else it is 0
  double value = 0;
  uint64_t boottime_ns = 0;
  bool operator==(const Sample&) const = default;
};

// Any order is allowed; it is smallest when the samples of one reading stand together, series
// ascending.
struct Telemetry {
  uint64_t table_id = 0;
  std::vector<Sample> samples;
  bool operator==(const Telemetry&) const = default;
};

}  // namespace farmhand::wire
