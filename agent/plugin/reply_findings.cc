// SPDX-License-Identifier: Apache-2.0
// Verdicts, events and their evidence as a host sends them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "farmhand/events.h"
#include "farmhand/telemetry.h"
#include "farmhand/verdict.h"
#include "plugin/frame_bytes.hh"
#include "plugin/reply.hh"
#include "plugin/text.hh"

namespace farmhand {

namespace {

bool take_texts(std::string_view& in, std::initializer_list<std::string*> texts) {
  return std::all_of(texts.begin(), texts.end(), [&](std::string* text) {
    return frame::take_string(in, *text) && is_clean_text(*text);
  });
}

std::optional<double> bound_of(const frame::EvidenceRecord& head, uint32_t which, double bound) {
  if ((head.bounds & which) == 0 || !std::isfinite(bound)) return std::nullopt;
  return bound;
}

bool take_evidence(std::string_view& in, std::vector<Evidence>& all) {
  frame::EvidenceRecord head;
  Evidence evidence;
  if (!frame::take(in, head) || !take_texts(in, {&evidence.name, &evidence.text})) return false;
  const bool unit_known = head.unit >= FH_UNIT_NONE && head.unit <= FH_UNIT_OPERATION_PER_SECOND;
  evidence.unit = unit_known ? static_cast<Unit>(head.unit) : Unit::kNone;
  evidence.value =
      std::isfinite(head.value) ? head.value : std::numeric_limits<double>::quiet_NaN();
  evidence.least = bound_of(head, FH_BOUND_LEAST, head.least);
  evidence.most = bound_of(head, FH_BOUND_MOST, head.most);
  all.push_back(std::move(evidence));
  return true;
}

uint32_t kind_of(std::string_view in) {
  return take_le<uint32_t>(in).value_or(0);
}

Verdict verdict_from(int32_t number) {
  const bool known = number >= FH_VERDICT_OK && number <= FH_VERDICT_UNKNOWN;
  return known ? static_cast<Verdict>(number) : Verdict::kUnknown;
}

}  // namespace

std::optional<std::vector<Finding>> take_findings(std::string_view records, uint64_t now_ns) {
  std::vector<Finding> all;
  while (!records.empty()) {
    if (kind_of(records) == FH_RECORD_EVIDENCE && !all.empty()) {
      if (!take_evidence(records, all.back().evidence)) return std::nullopt;
      continue;
    }
    frame::VerdictRecord head;
    Finding finding;
    if (kind_of(records) != FH_RECORD_VERDICT || !frame::take(records, head) ||
        !take_texts(records,
                    {&finding.check, &finding.reason, &finding.sentence, &finding.action})) {
      return std::nullopt;
    }
    finding.verdict = verdict_from(head.verdict);
    finding.boottime_ns = std::min(head.boottime_ns, now_ns);
    all.push_back(std::move(finding));
  }
  return all;
}

std::optional<std::vector<std::pair<uint32_t, PluginEvent>>> take_events(std::string_view records,
                                                                         uint64_t now_ns) {
  std::vector<std::pair<uint32_t, PluginEvent>> all;
  while (!records.empty()) {
    if (kind_of(records) == FH_RECORD_EVIDENCE && !all.empty()) {
      if (!take_evidence(records, all.back().second.evidence)) return std::nullopt;
      continue;
    }
    frame::EventRecord head;
    PluginEvent event;
    if (kind_of(records) != FH_RECORD_EVENT || !frame::take(records, head) ||
        !take_texts(records, {&event.reason, &event.sentence})) {
      return std::nullopt;
    }
    event.severity =
        static_cast<uint8_t>(std::clamp(head.severity, FH_SEVERITY_INFO, FH_SEVERITY_CRITICAL));
    event.vendor_code = head.vendor_code;
    event.lost = head.lost;
    event.boottime_ns = std::min(head.boottime_ns, now_ns);
    all.emplace_back(head.handle, std::move(event));
  }
  return all;
}

}  // namespace farmhand
