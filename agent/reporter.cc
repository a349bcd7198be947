// SPDX-License-Identifier: Apache-2.0
#include "reporter.hh"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/log.hh"
#include "base/version.hh"

namespace farmhand {

namespace {

constexpr uint64_t kAgainMs = 5'000;  // after an inventory that was not stored

wire::DeviceState wire_state_of(Presence presence) {
  switch (presence) {
    case Presence::kManaged:
      return wire::DeviceState::kManaged;
    case Presence::kUnmanaged:
      return wire::DeviceState::kUnmanaged;
    case Presence::kNoPermission:
      return wire::DeviceState::kNoPermission;
    case Presence::kUnknown:
      return wire::DeviceState::kUnknown;
    case Presence::kMissing:
      return wire::DeviceState::kMissing;
  }
  return wire::DeviceState::kUnknown;
}

wire::PluginHealth wire_health_of(PluginState state) {
  switch (state) {
    case PluginState::kStarting:
      return wire::PluginHealth::kStarting;
    case PluginState::kRunning:
      return wire::PluginHealth::kRunning;
    case PluginState::kBackoff:
      return wire::PluginHealth::kBackingOff;
    case PluginState::kRefused:
      return wire::PluginHealth::kRefused;
    case PluginState::kStopped:
      return wire::PluginHealth::kStopped;
  }
  return wire::PluginHealth::kUnspecified;
}

wire::Device wire_device_from(const Device& device) {
  const DeviceInfo& info = device.info;
  wire::Device out;
  out.key = info.key;
  out.plugin = info.plugin;
  out.vendor = info.vendor;
  out.model = info.model;
  out.serial = info.serial;
  out.uuid = info.uuid;
  out.pci = info.pci;
  out.firmware = info.firmware;
  out.driver = info.driver;
  out.note = info.note;
  out.reason = device.reason;
  out.kind =
      info.kind == DeviceKind::kNode ? wire::DeviceKind::kNode : wire::DeviceKind::kAccelerator;
  out.state = wire_state_of(device.presence);
  out.quarantined = device.presence == Presence::kUnknown;
  out.since_boottime_ns = device.since_ns;
  out.numa_node = info.numa_node;
  out.index = info.index;
  out.memory_bytes = info.memory_bytes;
  for (const Peak& peak : info.peaks) out.peaks.push_back({peak.dtype, peak.tera_ops, peak.source});
  return out;
}

wire::PluginState wire_plugin_from(const PluginStatus& status) {
  wire::PluginState out;
  out.id = status.id;
  out.vendor = status.vendor;
  out.version = status.version;
  out.health = wire_health_of(status.state);
  out.sentence = status.last_error;
  out.restarts = static_cast<uint32_t>(status.restarts);
  out.parked_hosts = status.parked_hosts;
  return out;
}

wire::Severity severity_of(DeviceChange::Kind kind) {
  using Kind = DeviceChange::Kind;
  switch (kind) {
    case Kind::kMissing:
    case Kind::kUnknown:
      return wire::Severity::kError;
    case Kind::kConflict:
    case Kind::kRenumbered:
      return wire::Severity::kWarning;
    default:
      return wire::Severity::kInfo;
  }
}

// `81.5 W`, or what the source said.
std::string text_of(const Evidence& evidence) {
  if (!std::isfinite(evidence.value)) return evidence.text;
  char number[40];
  std::snprintf(number, sizeof number, "%g", evidence.value);
  std::string out(number);
  if (const auto unit = symbol_of(evidence.unit); !unit.empty()) out.append(" ").append(unit);
  return evidence.text.empty() ? out : out + " (" + evidence.text + ")";
}

wire::HoldKind wire_hold_of(HoldKind kind) {
  switch (kind) {
    case HoldKind::kCordoned:
      return wire::HoldKind::kCordoned;
    case HoldKind::kDraining:
      return wire::HoldKind::kDraining;
    case HoldKind::kDrained:
      return wire::HoldKind::kDrained;
    case HoldKind::kQuarantined:
      return wire::HoldKind::kQuarantined;
    case HoldKind::kQuiesced:
      return wire::HoldKind::kQuiesced;
  }
  return wire::HoldKind::kUnspecified;
}

}  // namespace

wire::Verdict wire_verdict_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return wire::Verdict::kOk;
    case Verdict::kWarn:
      return wire::Verdict::kWarn;
    case Verdict::kFail:
      return wire::Verdict::kFail;
    case Verdict::kUnknown:
      return wire::Verdict::kUnknown;
  }
  return wire::Verdict::kUnknown;
}

wire::Event wire_event_from(const PluginEvent& event, const std::string& plugin,
                            const std::string& device_key) {
  wire::Event out;
  out.uuid = Uuid::random();
  out.boottime_ns = event.boottime_ns;
  out.device_key = device_key;
  out.plugin = plugin;
  out.severity =
      event.severity <= 4 ? static_cast<wire::Severity>(event.severity) : wire::Severity::kCritical;
  out.reason = event.reason;
  out.sentence = event.sentence;
  if (event.lost > 0) out.attributes.emplace_back("lost", std::to_string(event.lost));
  if (event.vendor_code != 0) {
    out.attributes.emplace_back("vendor_code", std::to_string(event.vendor_code));
  }
  for (const Evidence& each : event.evidence) out.attributes.emplace_back(each.name, text_of(each));
  return out;
}

Reporter::Reporter(Loop& loop, const Clock& clock, Outbox& outbox, const Inventory& inventory,
                   std::function<std::vector<PluginStatus>()> plugins, std::string node_name)
    : clock_(clock),
      outbox_(outbox),
      inventory_(inventory),
      plugins_(std::move(plugins)),
      facts_(read_node_facts()),
      soon_(loop) {
  if (!node_name.empty()) facts_.hostname = std::move(node_name);
}

void Reporter::on_change(const DeviceChange& change) {
  wire::Event event;
  event.uuid = Uuid::random();
  event.boottime_ns = clock_.boottime_ns();
  event.device_key = change.key;
  if (const Device* device = inventory_.find(change.key)) event.plugin = device->info.plugin;
  event.severity = severity_of(change.kind);
  event.reason = "device." + std::string(name_of(change.kind));
  event.sentence = change.sentence;
  const auto level =
      event.severity == wire::Severity::kInfo ? log::Level::kInfo : log::Level::kWarn;
  log::write(level, change.sentence, {{"device", change.key}, {"reason", event.reason}});
  put_event(std::move(event));
  soon();
}

void Reporter::put_event(wire::Event event) {
  auto queued = outbox_.enqueue_durable(Lane::kHealth, wire::encode_record(std::move(event)));
  if (!queued) log::error("an event could not be queued", {{"why", queued.error().message}});
}

void Reporter::on_queue_change(const OutboxStats& now) {
  if (now.epoch.counter == 0) return;  // never opened yet
  const bool anew = epoch_.counter != 0 && epoch_ != now.epoch;
  const uint64_t gap_end = now.lanes[index_of(Lane::kInventory)].gap_end;
  epoch_ = now.epoch;
  if (anew || (inventory_seq_ != 0 && gap_end >= inventory_seq_)) {
    inventory_seq_ = 0;
    owed_ = true;
  }
  tell_of_trouble(now);
  // A full disk would drop it at once, again and again.
  if (trouble_.empty() && std::exchange(owed_, false)) soon();
}

// Lane 1 has a place in memory while nothing can be written, so that this too is told one day.
void Reporter::tell_of_trouble(const OutboxStats& now) {
  const std::string trouble = trouble_of(now);
  if (trouble.empty() == trouble_.empty()) return;
  wire::Event event;
  event.uuid = Uuid::random();
  event.boottime_ns = clock_.boottime_ns();
  if (trouble.empty()) {
    event.severity = wire::Severity::kInfo;
    event.reason = "queue.recovered";
    event.sentence = "the queue takes records as it should again; before, " + trouble_;
  } else {
    event.severity = wire::Severity::kError;
    event.reason = now.writable ? "queue.disk_full" : "queue.not_writable";
    event.sentence = trouble;
  }
  trouble_ = trouble;
  put_event(std::move(event));
}

void Reporter::add_event(wire::Event event, Outbox::Done done) {
  const OutboxStats queue = outbox_.stats();
  if (!queue.writable) {
    return done(Error{Errc::kNoSpace, "the event is not stored: " + queue.error});
  }
  auto queued = outbox_.enqueue_durable(Lane::kHealth, wire::encode_record(std::move(event)), done);
  if (!queued) done(queued.error());
}

// An event of the device that stands for the node is the node's.
void Reporter::on_plugin_event(const std::string& plugin, const PluginEvent& event) {
  const Device* device = inventory_.find(event.device_key);
  const bool of_node = device != nullptr && device->info.kind == DeviceKind::kNode;
  put_event(wire_event_from(event, plugin, of_node ? std::string() : event.device_key));
}

void Reporter::on_plugin_state() {
  soon();
}

void Reporter::soon(uint64_t delay_ms) {
  if (!soon_.active()) soon_.once(delay_ms, [this] { report_inventory(); });
}

void Reporter::report_inventory(Outbox::Done done) {
  const Outbox::Done both = [this, done = std::move(done)](Result<uint64_t> seq) {
    on_reported(seq);
    if (done) done(std::move(seq));
  };
  auto queued = outbox_.enqueue_coalesced(Lane::kInventory, "inventory",
                                          wire::encode_record(snapshot()), both);
  if (!queued) both(queued.error());
}

void Reporter::on_reported(const Result<uint64_t>& seq) {
  if (seq) {
    inventory_seq_ = *seq;
    return;
  }
  log::warn("the inventory was not stored, it is reported again", {{"why", seq.error().message}});
  soon(kAgainMs);
}

void Reporter::add_health(wire::Device& device) const {
  const auto health = health_ ? health_(device.key) : std::nullopt;
  if (!health) return;
  device.verdict = wire_verdict_of(health->verdict);
  if (!health->hold) return;
  device.hold = wire_hold_of(health->hold->kind);
  device.hold_why = health->hold->why;
  device.hold_by = health->hold->who;
  device.hold_since_realtime_ns = health->hold->since_realtime_ns;
}

wire::Inventory Reporter::snapshot() const {
  wire::Inventory out;
  out.boottime_ns = clock_.boottime_ns();
  out.node = {.hostname = facts_.hostname,
              .os = facts_.os,
              .kernel = facts_.kernel,
              .architecture = facts_.architecture,
              .cpu_model = facts_.cpu_model,
              .cpu_count = facts_.cpu_count,
              .memory_bytes = facts_.memory_bytes,
              .agent_version = kVersion};
  for (const auto& [key, device] : inventory_.devices()) {
    out.devices.push_back(wire_device_from(device));
    add_health(out.devices.back());
  }
  for (const PluginStatus& status : plugins_()) out.plugins.push_back(wire_plugin_from(status));
  return out;
}

}  // namespace farmhand
