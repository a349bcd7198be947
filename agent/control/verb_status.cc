// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>

#include "control/health_json.hh"

namespace farmhand {

namespace {

void write_agent(Json& json, const StatusView& view) {
  const AgentFacts& facts = view.facts;
  json.key("agent").object();
  json.member("version", facts.version).member("pid", ::getpid());
  json.member("node_id", facts.node.text()).member("node_name", facts.node_name);
  json.member("boot_id", facts.boot_id);
  write_moment(json, "started", view.clock, facts.started_ns);
  json.member("uptime_s", seconds_from_ns(view.clock.boottime_ns() - facts.started_ns));
  json.member("state_dir", facts.state_dir).member("runtime_dir", facts.runtime_dir);
  json.member("config", facts.config_path);
  write_text(json, "metrics_address", facts.metrics_address);
  json.end();
}

void write_self(Json& json, const StatusView& view) {
  const auto cost = view.self_cost();
  json.key("self");
  if (!cost) {
    json.null();
    return;
  }
  json.object().member("cpu_s", seconds_from_ns(cost->cpu_ns));
  json.member("rss_bytes", cost->rss_bytes).member("rss_max_bytes", cost->rss_max_bytes);
  const Telemetry::Counts counts = view.telemetry.counts();
  json.member("series", counts.series).member("samples", counts.samples).end();
}

// What a person reads first: stand_alone, not_enrolled, or how the session is.
std::string_view word_for(const CoordinatorView& coordinator) {
  if (coordinator.uplink) return name_of(coordinator.uplink->state);
  if (coordinator.url.empty()) return "stand_alone";
  return coordinator.enrolled ? "stopped" : "not_enrolled";
}

std::string reason_of(const CoordinatorView& coordinator) {
  if (!coordinator.problem.empty()) return coordinator.problem;
  if (coordinator.uplink) return coordinator.uplink->last_error;
  if (word_for(coordinator) == "not_enrolled") return "run 'farmhand enroll' with a join token";
  return {};
}

void write_coordinator(Json& json, const StatusView& view, const CoordinatorView& coordinator) {
  json.key("coordinator").object();
  json.member("status", word_for(coordinator));
  write_text(json, "url", coordinator.url);
  write_text(json, "reason", reason_of(coordinator));
  write_text(json, "cloud", coordinator.cloud);
  json.key("partitions").array();
  for (const std::string& partition : coordinator.partitions) json.value(partition);
  json.end();
  if (const auto& uplink = coordinator.uplink) {
    write_moment(json, "since", view.clock, uplink->since_ns);
    write_moment(json, "next_try", view.clock, uplink->next_try_ns);
    json.member("sessions", uplink->sessions).member("bytes_sent", uplink->bytes_sent);
    json.member("segments_sent", uplink->segments_sent).member("nacks", uplink->nacks);
    json.key("round_trip_ns");
    uplink->round_trip_ns == 0 ? json.null() : json.value(uplink->round_trip_ns);
  }
  json.end();
}

void write_device_counts(Json& json, const StatusView& view) {
  std::array<uint32_t, 5> by_presence{};
  uint32_t accelerators = 0;
  for (const auto& [key, device] : view.inventory.devices()) {
    ++by_presence[static_cast<size_t>(device.presence)];
    accelerators += device.info.kind == DeviceKind::kAccelerator ? 1 : 0;
  }
  json.key("devices").object();
  json.member("total", view.inventory.devices().size()).member("accelerators", accelerators);
  for (size_t i = 0; i < by_presence.size(); ++i) {
    json.member(name_of(static_cast<Presence>(i)), by_presence[i]);
  }
  json.end();
}

void write_plugin_counts(Json& json, const std::vector<PluginStatus>& plugins) {
  std::array<uint32_t, 5> by_state{};
  for (const PluginStatus& plugin : plugins) ++by_state[static_cast<size_t>(plugin.state)];
  json.key("plugins").object().member("total", plugins.size());
  for (size_t i = 0; i < by_state.size(); ++i) {
    json.member(name_of(static_cast<PluginState>(i)), by_state[i]);
  }
  json.end();
}

void write_queue(Json& json, const OutboxStats& queue) {
  uint64_t records = 0, dropped = 0, oldest_ns = 0;
  for (const LaneStats& lane : queue.lanes) {
    records += lane.depth;
    dropped += lane.gap_records;
    oldest_ns = std::max(oldest_ns, lane.oldest_age_ns);
  }
  json.key("queue").object().member("records", records).member("dropped_records", dropped);
  json.member("oldest_age_s", seconds_from_ns(oldest_ns)).member("file_bytes", queue.file_bytes);
  json.member("size_max_bytes", queue.size_max).member("writable", queue.writable).end();
}

// Null while nothing judges.
void write_health(Json& json, const StatusView& view) {
  json.key("health");
  if (!view.health.subjects) {
    json.null();
    return;
  }
  const auto subjects = view.health.subjects();
  std::array<uint32_t, 4> by_verdict{};
  uint32_t held = 0;
  for (const SubjectHealth& subject : subjects) {
    held += subject.hold ? 1 : 0;
    if (!subject.key.empty()) ++by_verdict[static_cast<size_t>(subject.verdict)];
  }
  json.object().member("verdict", name_of(overall_of(subjects))).key("devices").object();
  for (size_t i = 0; i < by_verdict.size(); ++i)
    json.member(name_of(static_cast<Verdict>(i)), by_verdict[i]);
  json.end().member("held", held);
  json.member("checks_refused", view.health.refused ? view.health.refused().size() : 0).end();
}

void write_problem(Json& json, std::string_view subject, std::string_view name,
                   std::string_view status, std::string_view reason) {
  json.object().member("subject", subject).member("name", name).member("status", status);
  write_text(json, "reason", reason);
  json.end();
}

void write_problems(Json& json, const StatusView& view, const std::vector<PluginStatus>& plugins,
                    const CoordinatorView& coordinator, const OutboxStats* queue) {
  json.key("problems").array();
  for (const auto& [key, device] : view.inventory.devices()) {
    if (device.presence == Presence::kManaged) continue;
    write_problem(json, "device", key, name_of(device.presence), device.reason);
  }
  for (const SubjectHealth& subject :
       view.health.subjects ? view.health.subjects() : std::vector<SubjectHealth>()) {
    const Device* device = view.inventory.find(subject.key);
    const bool said = device != nullptr && device->presence != Presence::kManaged;
    const CheckStatus* deciding = subject.deciding();
    if (subject.verdict == Verdict::kOk || said || deciding == nullptr) continue;
    write_problem(json, subject.key.empty() ? "node" : "device", subject.key,
                  name_of(subject.verdict), deciding->sentence);
  }
  for (const DeviceConflict& conflict : view.inventory.conflicts()) {
    write_problem(
        json, "device", conflict.key, "conflict",
        "plugin '" + conflict.refused + "' reports it too; '" + conflict.owner + "' keeps it");
  }
  for (const PluginStatus& plugin : plugins) {
    const bool well =
        plugin.state == PluginState::kRunning || plugin.state == PluginState::kStarting;
    if (!well) write_problem(json, "plugin", plugin.id, name_of(plugin.state), plugin.last_error);
  }
  const std::string reason = reason_of(coordinator);
  if (!reason.empty()) {
    write_problem(json, "coordinator", coordinator.url, word_for(coordinator), reason);
  }
  const std::string trouble = queue != nullptr ? trouble_of(*queue) : "";
  if (!trouble.empty()) {
    const char* status = queue->writable ? "disk_full" : "not_writable";
    write_problem(json, "queue", "queue.db", status, trouble);
  }
  json.end();
}

}  // namespace

void verb_status(const StatusView& view, const Request&, const Reply& reply) {
  const auto plugins = view.plugins ? view.plugins() : std::vector<PluginStatus>();
  const auto coordinator = view.coordinator ? view.coordinator() : CoordinatorView();
  const auto queue = view.queue ? std::optional(view.queue()) : std::nullopt;
  Json json;
  json.object();
  write_moment(json, "now", view.clock, view.clock.boottime_ns());
  json.member("clock_synchronised", wall_clock_synchronised());
  write_agent(json, view);
  write_self(json, view);
  write_coordinator(json, view, coordinator);
  write_device_counts(json, view);
  write_health(json, view);
  write_plugin_counts(json, plugins);
  if (queue) write_queue(json, *queue);
  write_problems(json, view, plugins, coordinator, queue ? &*queue : nullptr);
  json.end();
  reply(json.take());
}

}  // namespace farmhand
