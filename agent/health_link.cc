// SPDX-License-Identifier: Apache-2.0
#include "health_link.hh"

#include <algorithm>
#include <cmath>

#include "base/log.hh"
#include "farmhand/abi.h"
#include "farmhand/reasons.h"
#include "health/subject.hh"
#include "reporter.hh"
#include "wire/record.hh"

namespace farmhand {

namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kAskEveryNs = 10'000 * kMs;

// Devices are few: the first answers should not take a minute.
constexpr CheckSchedule::Limits kLimits{
    .running_max = 8, .pause_max_ns = 100 * kMs, .first_ns = 5'000 * kMs, .jitter_permille = 20};

uint64_t seed_from(const Uuid& node) {
  uint64_t seed = 0;
  for (const uint8_t byte : node.bytes) seed = seed * 131 + byte;
  return seed;
}

HealthRules rules_from(const AgentConfig& config) {
  HealthRules rules;
  rules.quarantine_max_percent = config.health.quarantine_max_percent;
  rules.reentry_ok_for_ns = static_cast<uint64_t>(config.health.reentry_ok_for.count()) * kMs;
  rules.expected = config.health.expected;
  return rules;
}

wire::HealthEvidence wire_evidence_from(const Evidence& one) {
  wire::HealthEvidence out;
  out.name = one.name;
  out.unit = static_cast<uint32_t>(one.unit);
  if (!std::isnan(one.value)) out.value = one.value;
  out.least = one.least;
  out.most = one.most;
  out.text = one.text;
  return out;
}

wire::HealthTransition wire_transition_from(const Transition& one) {
  wire::HealthTransition out;
  out.uuid = one.uuid;
  out.device_key = one.subject;
  out.check = one.check;
  out.source = one.source;
  out.from = wire_verdict_of(one.from);
  out.to = wire_verdict_of(one.to);
  out.reason = one.reason;
  out.sentence = one.sentence;
  out.action = one.action;
  for (const Evidence& piece : one.evidence) {
    if (out.evidence.size() < wire::kEvidenceMax) out.evidence.push_back(wire_evidence_from(piece));
  }
  out.count = one.count;
  out.boottime_ns = one.boottime_ns;
  out.realtime_ns = one.realtime_ns;
  return out;
}

// Driver and library are a source of their own: both sets are whole.
std::string source_of(const std::string& plugin, const std::string& key) {
  return (key.empty() ? "driver " : "plugin ") + plugin;
}

std::string name_of_call(const std::string& plugin, const std::string& key) {
  return plugin + '/' + key;
}

}  // namespace

HealthLink::HealthLink(Parts parts, const AgentConfig& config, const Uuid& node, HealthPast past)
    : parts_(parts),
      health_(parts.clock, parts.store, parts.state, parts.inventory, rules_from(config), doors(),
              std::move(past)),
      rules_([this](const std::string& device, const std::string& source,
                    std::span<const Finding> findings) { health_.take(device, source, findings); }),
      commands_(parts.loop, parts.clock, seed_from(node), *this),
      schedule_(seed_from(node), kLimits),
      due_(parts.loop),
      tick_(parts.loop) {}

Health::Doors HealthLink::doors() {
  Health::Doors doors;
  doors.report = [this](const Transition& one, Outbox::Done stored) {
    auto queued = parts_.outbox.enqueue_durable(
        Lane::kHealth, wire::encode_record(wire_transition_from(one)), std::move(stored));
    if (!queued) {
      log::error("a change of health is queued at the next start",
                 {{"why", queued.error().message}});
    }
  };
  doors.let_go = [this](const std::string& key, const std::string& why) -> Result<void> {
    if (supervisor_ != nullptr) return supervisor_->let_go(key, "quiesced: " + why);
    return Error{Errc::kUnavailable, "the plugins are not started yet; try again"};
  };
  doors.take_up = [this](const std::string& key) {
    if (supervisor_ != nullptr) supervisor_->take_up(key);
  };
  return doors;
}

void HealthLink::start(Supervisor& supervisor) {
  supervisor_ = &supervisor;
  health_.report_again();
  tick_.every(1000, [this] { tick(); });
}

void HealthLink::apply(const AgentConfig& config) {
  interval_ns_ = static_cast<uint64_t>(config.telemetry.interval.count()) * kMs;
  health_.set_rules(rules_from(config));
  CheckDefinitions checks = load_checks(config.paths.check_dirs);
  for (const RefusedCheck& one : checks.refused) {
    log::warn("a check is not used", {{"check", one.name}, {"why", one.sentence()}});
  }
  health_.set_refused(std::move(checks.refused));
  commands_.set(std::move(checks.commands));
  for (const std::string& gone : rules_.set(std::move(checks.rules), parts_.clock.boottime_ns())) {
    health_.drop_source(gone);
  }
}

void HealthLink::stop() {
  due_.stop();
  tick_.stop();
  commands_.set({});
}

void HealthLink::tick() {
  rules_.tick(parts_.clock.boottime_ns());
  health_.tick();
}

void HealthLink::on_devices() {
  std::vector<DeviceInfo> there;
  std::map<std::string, Asked, std::less<>> wanted;
  for (const auto& [key, device] : parts_.inventory.devices()) {
    if (device.presence == Presence::kMissing) continue;
    there.push_back(device.info);
    const std::string& plugin = device.info.plugin;
    wanted[name_of_call(plugin, key)] = {plugin, key};
    wanted[name_of_call(plugin, "")] = {plugin, ""};
  }
  commands_.set_devices(there);
  for (const auto& [name, asked] : asked_) {
    if (!wanted.contains(name)) schedule_.remove(name);
  }
  asked_ = std::move(wanted);
  for (const auto& [name, asked] : asked_) {
    schedule_.put(name, kAskEveryNs, parts_.clock.boottime_ns());
  }
  wait();
}

void HealthLink::wait() {
  const uint64_t due = schedule_.next_due_ns();
  if (due == CheckSchedule::kNever) return due_.stop();
  const uint64_t now = parts_.clock.boottime_ns();
  due_.once(due > now ? (due - now) / kMs + 1 : 0, [this] { ask_due(); });
}

void HealthLink::ask_due() {
  while (const auto name = schedule_.take_due(parts_.clock.boottime_ns())) ask(std::string(*name));
  wait();
}

void HealthLink::ask(const std::string& name) {
  const auto at = asked_.find(name);
  if (at == asked_.end() || supervisor_ == nullptr) return schedule_.ended(name);
  const Asked asked = at->second;
  auto sent = supervisor_->check(asked.plugin, asked.key);
  if (sent) return;
  schedule_.ended(name);
  if (!supervisor_->has_checks(asked.plugin)) return;
  health_.take_failure(asked.key, source_of(asked.plugin, asked.key), FH_REASON_READING_FAILED,
                       sent.error().message);
}

void HealthLink::on_metrics(const DeviceInfo& device, const std::vector<MetricInfo>& metrics) {
  rules_.declare(device, metrics, interval_ns_);
}

void HealthLink::on_samples(const std::string& key, std::span<const Sample> samples) {
  rules_.on_samples(key, samples);
}

void HealthLink::on_device_change(const DeviceChange& change) {
  if (change.kind == DeviceChange::Kind::kMissing) rules_.remove(change.key);
  health_.on_device_change(change);
}

void HealthLink::on_findings(const std::string& plugin, const std::string& key,
                             std::span<const Finding> findings) {
  schedule_.ended(name_of_call(plugin, key));
  health_.take(key, source_of(plugin, key), findings);
  wait();
}

// As health.h has it: a lost device has failed, whatever else kept the answer away is not known.
// Where only the host was replaced meanwhile nothing was learned; the next turn asks again.
void HealthLink::on_check_failed(const std::string& plugin, const std::string& key, int32_t status,
                                 const std::string& sentence) {
  schedule_.ended(name_of_call(plugin, key));
  wait();
  if (status == FH_E_AGAIN) return;
  const std::string source = source_of(plugin, key);
  if (status != FH_E_DEVICE_LOST) {
    return health_.take_failure(key, source, FH_REASON_READING_FAILED, sentence);
  }
  Finding lost;
  lost.check = kCallCheck;
  lost.verdict = Verdict::kFail;
  lost.reason = FH_REASON_DEVICE_LOST;
  lost.sentence = sentence;
  lost.boottime_ns = parts_.clock.boottime_ns();
  health_.take(key, source, std::span(&lost, 1));
}

void HealthLink::on_event(const std::string& plugin, const PluginEvent& event) {
  health_.on_event(plugin, event);
}

void HealthLink::on_finding(const std::string& subject, const std::string& source,
                            const Finding& finding) {
  health_.take(subject, source, std::span(&finding, 1));
}

void HealthLink::on_source_gone(const std::string& source) {
  health_.drop_source(source);
}

}  // namespace farmhand
