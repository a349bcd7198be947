// SPDX-License-Identifier: Apache-2.0
// The part of the sink that takes verdicts, events and what they rest on.
#include <cmath>

#include "farmhand/events.h"
#include "farmhand/verdict.h"
#include "host/now.hh"
#include "host/outbound.hh"
#include "host/record.hh"
#include "host/sink.hh"

namespace farmhand::host {

namespace {

constexpr uint32_t kEventsMax = 1000;  // events.h
constexpr size_t kEvidenceMax = 32;    // verdict.h

// A bound or value that JSON and Prometheus have a word for.
bool is_bounded(const fh_evidence& evidence) {
  const bool least = (evidence.bounds & FH_BOUND_LEAST) == 0 || std::isfinite(evidence.least);
  const bool most = (evidence.bounds & FH_BOUND_MOST) == 0 || std::isfinite(evidence.most);
  return least && most && !std::isinf(evidence.value);
}

}  // namespace

int32_t Sink::take_verdict(const fh_record* record) {
  concluded_ = false;
  if (operation_ != frame::Operation::kCheck) return refuse("a verdict outside check");
  const auto verdict = copy_of<fh_verdict>(record);
  const std::string_view check = view_of(verdict.check);
  if (!is_dotted_name(check)) return refuse("a check whose name is not dotted lower case");
  if (contains(keys_, check)) return refuse("a second verdict of one check");
  const bool known = verdict.verdict >= FH_VERDICT_OK && verdict.verdict <= FH_VERDICT_UNKNOWN;
  if (view_of(verdict.reason).empty() && verdict.verdict != FH_VERDICT_OK) {
    return refuse("a verdict that is not ok and has no reason");
  }
  const frame::VerdictRecord head{
      .kind = FH_RECORD_VERDICT,
      .verdict = known ? verdict.verdict : FH_VERDICT_UNKNOWN,
      .boottime_ns = verdict.boottime_ns == 0 ? boottime_ns() : verdict.boottime_ns};
  const fh_str texts[] = {verdict.check, verdict.reason, verdict.sentence, verdict.action};
  const int32_t status = keep(bytes_of(head), texts);
  if (status != FH_OK) return status;
  keys_.emplace_back(check);
  evidence_.clear();
  concluded_ = true;
  return FH_OK;
}

int32_t Sink::take_event(const fh_record* record) {
  concluded_ = false;
  if (operation_ != frame::Operation::kWait) return refuse("an event outside wait");
  const auto event = copy_of<fh_event>(record);
  if (view_of(event.reason).empty() || view_of(event.sentence).empty()) {
    return refuse("an event without a reason or a sentence");
  }
  if (next_id_ >= kEventsMax) return refuse("more than 1000 events in one call");
  const bool known = event.severity >= FH_SEVERITY_INFO && event.severity <= FH_SEVERITY_CRITICAL;
  const frame::EventRecord head{
      .kind = FH_RECORD_EVENT,
      .handle = event.device,
      .severity = known ? event.severity : FH_SEVERITY_WARNING,
      .lost = event.lost,
      .vendor_code = event.vendor_code,
      .boottime_ns = event.boottime_ns == 0 ? boottime_ns() : event.boottime_ns};
  const fh_str texts[] = {event.reason, event.sentence};
  const int32_t status = keep(bytes_of(head), texts);
  if (status != FH_OK) return status;
  ++next_id_;
  evidence_.clear();
  concluded_ = true;
  return FH_OK;
}

int32_t Sink::take_evidence(const fh_record* record) {
  if (!concluded_) return refuse("evidence that follows no verdict or event");
  const auto evidence = copy_of<fh_evidence>(record);
  const std::string_view name = view_of(evidence.name);
  if (!is_dotted_name(name)) return refuse("evidence whose name is not dotted lower case");
  if (contains(evidence_, name)) return refuse("evidence that was emitted twice");
  if (evidence_.size() >= kEvidenceMax) return refuse("more than 32 pieces of evidence");
  if (!is_bounded(evidence)) return refuse("evidence whose value or bound is infinite");
  const bool unit_known =
      evidence.unit >= FH_UNIT_NONE && evidence.unit <= FH_UNIT_OPERATION_PER_SECOND;
  const frame::EvidenceRecord head{.kind = FH_RECORD_EVIDENCE,
                                   .unit = unit_known ? evidence.unit : FH_UNIT_NONE,
                                   .bounds = evidence.bounds,
                                   .reserved0 = 0,
                                   .value = evidence.value,
                                   .least = evidence.least,
                                   .most = evidence.most};
  const fh_str texts[] = {evidence.name, evidence.text};
  const int32_t status = keep(bytes_of(head), texts);
  if (status == FH_OK) evidence_.emplace_back(name);
  return status;
}

}  // namespace farmhand::host
