// SPDX-License-Identifier: Apache-2.0
// What one call gave, read as strictly as the headers are written.
#pragma once

#include <farmhand/abi.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "findings.hh"

namespace farmhand::check {

enum class Op {
  kEnumerate,
  kMetrics,
  kSample,
  kCheck,
  kWait,
  kPrepare,
  kRelease,
  kTests,
  kRun,
  kKinds,
  kReset,
  kSlices,
  kProfiles,
  kApply
};
const char* name_of(Op op);

struct SeenDevice {
  uint32_t handle;
  int32_t device_kind;
  std::string key;
  bool operator==(const SeenDevice&) const = default;
};

struct SeenMetric {
  uint32_t id;
  int32_t kind;
  int32_t unit;
  std::string name, label_value;
};

struct SeenSample {
  uint32_t id;
  int32_t status;
  double value;
};

// One call's sink. It outlives the call, so that an emit that comes too late is told from a crash.
class Sink {
 public:
  Sink(Op op, uint32_t device, Findings& findings) : op_(op), device_(device), found_(findings) {}

  int32_t take(const fh_record* record);
  void close() { closed_ = true; }
  bool closed() const { return closed_; }
  Op op() const { return op_; }

  std::vector<SeenDevice> devices;
  std::vector<SeenMetric> metrics;
  std::vector<SeenSample> samples;
  std::vector<uint32_t> wanted;      // ids asked for, in sample
  std::vector<std::string> names;    // checks, tests, slices, profiles, variables; unique in a call
  std::vector<int32_t> reset_kinds;  // as declared
  std::vector<std::string> wholes;   // the record's main text, by order of arrival

 private:
  int32_t refuse(const char* format, ...) __attribute__((format(printf, 2, 3)));
  bool check_texts(const fh_record* record, const struct RecordSpec& spec);
  int32_t look(const fh_record* record);
  int32_t unique_name(const char* what, fh_str text);
  int32_t look_device(const fh_record* record);
  int32_t look_peak(const fh_record* record);
  int32_t look_metric(const fh_record* record);
  int32_t look_sample(const fh_record* record);
  int32_t look_verdict(const fh_record* record);
  int32_t look_other(const fh_record* record);

  Op op_;
  uint32_t device_;
  Findings& found_;
  std::mutex mutex_;
  std::atomic<bool> closed_{false};
  uint64_t bytes_ = 0;
  uint32_t count_ = 0;
  double progress_ = 0;
};

}  // namespace farmhand::check
