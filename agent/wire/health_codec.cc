// SPDX-License-Identifier: Apache-2.0
#include "wire/health_codec.hh"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/text.hh"

namespace farmhand::wire {

namespace {

namespace v1 = ::farmhand::v1;

void pack(v1::HealthEvidence& out, const HealthEvidence& evidence) {
  out.set_name(utf8(evidence.name));
  out.set_unit(evidence.unit);
  if (evidence.value) out.set_value(*evidence.value);
  if (evidence.least) out.set_least(*evidence.least);
  if (evidence.most) out.set_most(*evidence.most);
  out.set_text(utf8(evidence.text));
}

HealthEvidence evidence_from(const v1::HealthEvidence& in) {
  HealthEvidence evidence;
  evidence.name = in.name();
  evidence.unit = in.unit();
  if (in.has_value()) evidence.value = in.value();
  if (in.has_least()) evidence.least = in.least();
  if (in.has_most()) evidence.most = in.most();
  evidence.text = in.text();
  return evidence;
}

}  // namespace

void pack(v1::HealthTransition& out, const HealthTransition& t) {
  out.set_uuid(bytes_of(t.uuid.bytes));
  out.set_device_key(utf8(t.device_key));
  out.set_check(utf8(t.check));
  out.set_source(utf8(t.source));
  out.set_from(static_cast<v1::Verdict>(t.from));
  out.set_to(static_cast<v1::Verdict>(t.to));
  out.set_reason(utf8(t.reason));
  out.set_sentence(utf8(t.sentence));
  out.set_action(utf8(t.action));
  const size_t kept = std::min(t.evidence.size(), kEvidenceMax);
  for (size_t i = 0; i < kept; ++i) pack(*out.add_evidence(), t.evidence[i]);
  out.set_count(t.count);
  out.set_boottime_ns(t.boottime_ns);
  out.set_realtime_ns(t.realtime_ns);
}

Result<HealthTransition> unpack(const v1::HealthTransition& in) {
  HealthTransition t;
  if (!take_uuid(t.uuid, in.uuid())) {
    return corrupt("health transition: the uuid is not 16 bytes");
  }
  if (in.check().empty()) return corrupt("health transition: it names no check");
  if (static_cast<size_t>(in.evidence_size()) > kEvidenceMax) {
    return corrupt("health transition: more than 32 pieces of evidence");
  }
  t.device_key = in.device_key();
  t.check = in.check();
  t.source = in.source();
  t.from = enum_from(in.from(), Verdict::kUnknown);
  t.to = enum_from(in.to(), Verdict::kUnknown);
  if (t.to == Verdict::kUnspecified) t.to = Verdict::kUnknown;
  t.reason = in.reason();
  t.sentence = in.sentence();
  t.action = in.action();
  for (const v1::HealthEvidence& evidence : in.evidence()) {
    t.evidence.push_back(evidence_from(evidence));
  }
  t.count = std::max(in.count(), 1u);
  t.boottime_ns = in.boottime_ns();
  t.realtime_ns = in.realtime_ns();
  return t;
}

Verdict worse(Verdict one, Verdict other) {
  // By the enum's numbers: unspecified, ok, warn, fail, unknown.
  constexpr std::array<int, 5> kRank = {2, 0, 1, 3, 2};
  return kRank[static_cast<size_t>(other)] > kRank[static_cast<size_t>(one)] ? other : one;
}

}  // namespace farmhand::wire
