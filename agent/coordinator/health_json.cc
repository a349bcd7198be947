// SPDX-License-Identifier: Apache-2.0
#include "coordinator/health_json.hh"

#include <array>
#include <tuple>
#include <utility>

#include "base/clock.hh"
#include "base/json.hh"

namespace farmhand::coordinator {
namespace {

using wire::Verdict;
using Name = std::pair<int64_t, std::string>;  // node, device key

// One device, or the node itself, with what decided.
struct Subject {
  const NodeRow* node = nullptr;
  const DeviceRow* device = nullptr;  // none: the node
  Verdict verdict = Verdict::kUnspecified;
  Verdict last_verdict = Verdict::kUnspecified;  // when the node was last heard of
  const CheckRow* decided = nullptr;
  std::string sentence = {};

  bool held() const {
    return device != nullptr && device->device.hold != wire::HoldKind::kUnspecified;
  }
};

struct Counts {
  std::array<uint64_t, 5> by_verdict{};
  uint64_t held = 0;

  void add(const Subject& subject) {
    ++by_verdict[static_cast<size_t>(subject.verdict)];
    if (subject.held()) ++held;
  }
  void write(Json& json) const {
    json.key("devices").object();
    for (const Verdict verdict : {Verdict::kOk, Verdict::kWarn, Verdict::kFail, Verdict::kUnknown})
      json.member(wire::name_of(verdict), by_verdict[static_cast<size_t>(verdict)]);
    json.end().member("held", held);
  }
};

void text(Json& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

void time(Json& json, std::string_view name, int64_t wall_ns) {
  if (wall_ns > 0) json.member(name, rfc3339_from_realtime(wall_ns));
}

// The first of the worst checks decides.
void take(Subject& subject, const CheckRow& check) {
  const bool first = subject.verdict == Verdict::kUnspecified;
  const bool worse = wire::worse(subject.verdict, check.verdict) != subject.verdict;
  const bool same = subject.verdict == check.verdict && subject.decided == nullptr;
  if (!first && !worse && !same) return;
  subject.verdict = check.verdict;
  subject.decided = &check;
}

// The node's own word about the device as a whole counts beside its checks; they come in different
// lanes and may be of different moments, so the worse of them holds.
void judge(Subject& subject, const std::vector<const CheckRow*>& checks, bool live) {
  if (subject.device != nullptr) subject.verdict = subject.device->device.verdict;
  for (const CheckRow* check : checks) take(subject, *check);
  if (subject.verdict == Verdict::kUnspecified) {
    subject.verdict = Verdict::kUnknown;
    subject.sentence = "no check has spoken of it yet";
  }
  if (subject.device != nullptr && subject.device->device.state != wire::DeviceState::kManaged &&
      wire::worse(Verdict::kUnknown, subject.verdict) == Verdict::kUnknown) {
    subject.verdict = Verdict::kUnknown;
    if (subject.decided == nullptr || subject.decided->verdict != Verdict::kUnknown)
      subject.sentence = subject.device->device.reason;
  }
  if (live) return;
  subject.last_verdict = subject.verdict;
  subject.verdict = Verdict::kUnknown;
  subject.sentence = "the node is not connected";
}

class Picture {
 public:
  explicit Picture(const FleetHealth& fleet) : fleet_(fleet) {
    for (const CheckRow& check : fleet.checks)
      checks_[{check.node_id, check.device}].push_back(&check);
    std::map<int64_t, const NodeRow*> nodes;
    for (const NodeRow& node : fleet.nodes) nodes[node.id] = &node;
    for (const NodeRow& node : fleet.nodes) add({.node = &node});
    for (const DeviceRow& row : fleet.devices) {
      const auto node = nodes.find(row.node_id);
      if (node == nodes.end() || row.device.kind == wire::DeviceKind::kNode) continue;
      if (row.present || still_bad(row)) add({.node = node->second, .device = &row});
    }
  }

  std::string json() const;

 private:
  // What the node no longer names is gone, unless its checks still say what is wrong with it.
  bool still_bad(const DeviceRow& row) const {
    const auto at = checks_.find({row.node_id, row.device.key});
    if (at == checks_.end()) return false;
    for (const CheckRow* check : at->second)
      if (check->verdict != Verdict::kOk) return true;
    return false;
  }

  void add(Subject subject) {
    const bool live = fleet_.live.contains(subject.node->id);
    const auto at = checks_.find(
        {subject.node->id, subject.device == nullptr ? "" : subject.device->device.key});
    judge(subject, at == checks_.end() ? std::vector<const CheckRow*>() : at->second, live);
    if (subject.device != nullptr) {
      by_node_[subject.node->id].add(subject);
      by_partition_[subject.device->partition].add(subject);
      total_.add(subject);
    }
    subjects_.push_back(std::move(subject));
  }

  void write_subject(Json& json, const Subject& subject) const;
  void write_nodes(Json& json) const;

  const FleetHealth& fleet_;
  std::map<Name, std::vector<const CheckRow*>> checks_;
  std::vector<Subject> subjects_;
  std::map<int64_t, Counts> by_node_;
  std::map<std::string, Counts> by_partition_;
  Counts total_;
};

void write_hold(Json& json, const wire::Device& d) {
  json.key("hold").object().member("kind", wire::name_of(d.hold));
  text(json, "why", d.hold_why);
  text(json, "who", d.hold_by);
  time(json, "since", d.hold_since_realtime_ns);
  json.end();
}

void Picture::write_subject(Json& json, const Subject& subject) const {
  json.object().member("node", subject.node->uuid.text());
  text(json, "hostname", subject.node->hostname);
  if (subject.device != nullptr) {
    const wire::Device& d = subject.device->device;
    json.member("device", d.key);
    text(json, "partition", subject.device->partition);
    json.member("vendor", d.vendor).member("model", d.model);
  }
  json.member("verdict", wire::name_of(subject.verdict));
  if (subject.last_verdict != Verdict::kUnspecified)
    json.member("last_verdict", wire::name_of(subject.last_verdict));
  if (const CheckRow* check = subject.decided; check != nullptr) {
    json.member("check", check->check).member("source", check->source);
    text(json, "reason", check->reason);
    text(json, "action", check->action);
    time(json, "since", check->since_ns);
    json.key("evidence").raw(check->evidence);
  }
  text(json, "sentence",
       subject.sentence.empty() && subject.decided != nullptr ? subject.decided->sentence
                                                              : subject.sentence);
  if (subject.held()) write_hold(json, subject.device->device);
  json.end();
}

void Picture::write_nodes(Json& json) const {
  json.key("nodes").array();
  for (const Subject& subject : subjects_) {
    if (subject.device != nullptr) continue;
    json.object().member("node", subject.node->uuid.text());
    text(json, "hostname", subject.node->hostname);
    json.member("live", fleet_.live.contains(subject.node->id));
    time(json, "last_seen", subject.node->last_seen_ns);
    json.member("verdict", wire::name_of(subject.verdict));
    const auto counts = by_node_.find(subject.node->id);
    (counts == by_node_.end() ? Counts() : counts->second).write(json);
    json.end();
  }
  json.end();
}

std::string Picture::json() const {
  Verdict worst = Verdict::kOk;
  for (const Subject& subject : subjects_) worst = wire::worse(worst, subject.verdict);
  if (subjects_.empty()) worst = Verdict::kUnknown;
  Json json;
  json.object().member("verdict", wire::name_of(worst));
  total_.write(json);
  json.key("partitions").array();
  for (const auto& [partition, counts] : by_partition_) {
    json.object().member("partition", partition);
    counts.write(json);
    json.end();
  }
  json.end();
  write_nodes(json);
  json.key("attention").array();
  for (const Subject& subject : subjects_)
    if (subject.verdict != Verdict::kOk || subject.held()) write_subject(json, subject);
  json.end().member("offenders_window_s", fleet_.offenders_window_ns / 1'000'000'000);
  json.key("offenders").array();
  for (const OffenderRow& row : fleet_.offenders) {
    json.object().member("node", row.node.text());
    text(json, "hostname", row.hostname);
    text(json, "device", row.device);
    text(json, "partition", row.partition);
    json.member("reason", row.reason).member("failures", row.failures);
    time(json, "last", row.last_ns);
    json.end();
  }
  json.end();
  write_events(json, fleet_.last_events, fleet_.devices, fleet_.live);
  return json.end().take();
}

}  // namespace

std::string json_of_fleet_health(const FleetHealth& fleet) {
  return Picture(fleet).json();
}

std::string json_of_history(const std::vector<TransitionRow>& transitions) {
  Json json;
  json.object().key("transitions").array();
  for (const TransitionRow& row : transitions) {
    json.object().member("uuid", row.uuid.text()).member("node", row.node.text());
    text(json, "hostname", row.hostname);
    text(json, "device", row.check.device);
    text(json, "partition", row.partition);
    json.member("check", row.check.check).member("source", row.check.source);
    json.key("from");
    row.from == Verdict::kUnspecified ? json.null() : json.value(wire::name_of(row.from));
    json.member("to", wire::name_of(row.check.verdict));
    text(json, "reason", row.check.reason);
    text(json, "sentence", row.check.sentence);
    text(json, "action", row.check.action);
    json.key("evidence").raw(row.check.evidence);
    json.member("count", row.count);
    time(json, "time", row.check.since_ns);
    json.end();
  }
  return json.end().end().take();
}

}  // namespace farmhand::coordinator
