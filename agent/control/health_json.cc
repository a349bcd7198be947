// SPDX-License-Identifier: Apache-2.0
#include "control/health_json.hh"

#include <cmath>

namespace farmhand {

namespace {

// Of this boot it is derived from the boot clock, which cannot jump; from before it is as noted.
void write_since(Json& json, const Clock& clock, uint64_t boottime_ns, int64_t realtime_ns) {
  if (boottime_ns != 0 || realtime_ns == 0) return write_moment(json, "since", clock, boottime_ns);
  json.key("since").object().member("time", rfc3339_from_realtime(realtime_ns));
  json.key("boottime_ns").null().end();
}

void write_finding(Json& json, const std::string& reason, const std::string& sentence,
                   const std::string& action) {
  write_text(json, "reason", reason);
  write_text(json, "sentence", sentence);
  write_text(json, "action", action);
}

}  // namespace

void write_wall(Json& json, std::string_view name, int64_t realtime_ns) {
  json.key(name);
  realtime_ns == 0 ? json.null() : json.value(rfc3339_from_realtime(realtime_ns));
}

void write_evidence(Json& json, const std::vector<Evidence>& evidence) {
  json.key("evidence").array();
  for (const Evidence& e : evidence) {
    json.object().member("name", e.name).member("value", e.value);
    json.member("unit", symbol_of(e.unit));
    json.key("least");
    e.least ? json.value(*e.least) : json.null();
    json.key("most");
    e.most ? json.value(*e.most) : json.null();
    write_text(json, "text", e.text);
    json.end();
  }
  json.end();
}

void write_check(Json& json, const Clock& clock, const CheckStatus& check) {
  json.object().member("check", check.check).member("source", check.source);
  json.member("verdict", name_of(check.verdict));
  write_finding(json, check.reason, check.sentence, check.action);
  write_since(json, clock, check.since_ns, check.since_realtime_ns);
  write_moment(json, "last", clock, check.last_ns);
  json.member("changes", check.changes).member("flapping", check.flapping);
  write_evidence(json, check.evidence);
  json.end();
}

void write_hold(Json& json, const std::optional<Hold>& hold) {
  json.key("hold");
  if (!hold) {
    json.null();
    return;
  }
  json.object().member("kind", name_of(hold->kind));
  write_text(json, "why", hold->why);
  write_text(json, "who", hold->who);
  write_wall(json, "since", hold->since_realtime_ns);
  write_text(json, "until", hold->until);
  json.end();
}

void write_offences(Json& json, const std::vector<Offence>& offences) {
  json.key("offences").array();
  for (const Offence& offence : offences) {
    json.object().member("reason", offence.reason).member("count", offence.count);
    json.member("window_s", seconds_from_ns(offence.window_ns));
    write_wall(json, "last", offence.last_realtime_ns);
    json.end();
  }
  json.end();
}

void write_subject(Json& json, const Clock& clock, const SubjectHealth& subject) {
  json.object().member("subject", subject.key.empty() ? "node" : "device");
  write_text(json, "key", subject.key);
  json.member("verdict", name_of(subject.verdict));
  const CheckStatus* deciding = subject.deciding();
  write_text(json, "deciding_check", subject.deciding_check);
  const CheckStatus none;
  const CheckStatus& shown = deciding == nullptr ? none : *deciding;
  write_finding(json, shown.reason, shown.sentence, shown.action);
  write_since(json, clock, subject.since_ns, shown.since_realtime_ns);
  write_text(json, "note", subject.note);
  write_hold(json, subject.hold);
  write_offences(json, subject.offences);
  json.key("checks").array();
  for (const CheckStatus& check : subject.checks) write_check(json, clock, check);
  json.end().end();
}

void write_transition(Json& json, const Transition& t) {
  json.object().member("uuid", t.uuid.text());
  write_wall(json, "time", t.realtime_ns);
  write_text(json, "device", t.subject);
  json.member("check", t.check).member("source", t.source);
  json.member("from", name_of(t.from)).member("to", name_of(t.to));
  write_finding(json, t.reason, t.sentence, t.action);
  json.member("count", t.count);
  write_evidence(json, t.evidence);
  json.end();
}

Verdict overall_of(const std::vector<SubjectHealth>& subjects) {
  if (subjects.empty()) return Verdict::kUnknown;
  Verdict worst = Verdict::kOk;
  for (const SubjectHealth& subject : subjects)
    if (is_worse(subject.verdict, worst)) worst = subject.verdict;
  return worst;
}

std::optional<SubjectHealth> find_subject(const StatusView& view, std::string_view key) {
  if (!view.health.subjects) return std::nullopt;
  for (SubjectHealth& subject : view.health.subjects())
    if (subject.key == key) return std::move(subject);
  return std::nullopt;
}

}  // namespace farmhand
