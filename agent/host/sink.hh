// SPDX-License-Identifier: Apache-2.0
// Takes what one call emits, checks it and keeps it in the form it travels in. One per worker, used
// for one call after the other.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"
#include "plugin/frame.hh"

namespace farmhand::host {

class Sink {
 public:
  Sink();

  // `ids`: the metrics asked for, in kSample. `excluded`: keys that are passed over in kEnumerate.
  // Both are borrowed until `close`.
  void open(frame::Operation operation, std::span<const uint32_t> ids,
            std::span<const std::string> excluded);
  void close();  // what is emitted from now on is refused

  // FH_OK, FH_E_INVALID or FH_E_AGAIN. From any thread.
  int32_t take(const fh_record* record);

  // After close.
  std::string_view records() const { return records_; }
  uint32_t count() const { return count_; }
  bool overflown() const { return overflown_; }
  // Why a record was refused, for the first one of the call; empty: none was.
  std::string_view complaint() const { return complaint_; }
  // True once after something was emitted between two calls.
  bool take_late();
  // One reading per id that was asked for, those not emitted as unknown.
  std::string_view readings();

 private:
  int32_t refuse(std::string_view why);
  int32_t keep(std::string_view head, std::span<const fh_str> texts);
  int32_t take_device(const fh_record* record);
  int32_t take_peak(const fh_record* record);
  int32_t take_metric(const fh_record* record);
  int32_t take_sample(const fh_record* record);
  int32_t take_verdict(const fh_record* record);
  int32_t take_event(const fh_record* record);
  int32_t take_evidence(const fh_record* record);
  size_t find_id(uint32_t id);

  std::mutex mutex_;
  frame::Operation operation_ = frame::Operation::kNone;
  std::span<const uint32_t> ids_;
  std::span<const std::string> excluded_;
  std::string records_;
  std::vector<frame::Reading> readings_;
  std::vector<std::string> keys_;         // of the devices of this call, or the checks' names
  std::vector<std::string> peaks_;        // `handle dtype`
  std::vector<std::string> evidence_;     // names of the last verdict's or event's
  bool concluded_ = false;                // there is a verdict or event that evidence can follow
  std::vector<uint32_t> handles_;         // of the devices, or the metrics' ids
  std::vector<uint32_t> passed_handles_;  // of excluded devices
  size_t next_id_ = 0;                    // where the next sample's id is looked for first
  uint32_t count_ = 0;
  bool overflown_ = false;
  bool late_ = false;
  std::string complaint_;
};

}  // namespace farmhand::host
