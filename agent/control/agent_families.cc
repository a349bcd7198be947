// SPDX-License-Identifier: Apache-2.0
// The families of fixed name: tables of what there is to say about the agent, its queue, its
// plugins and the state of its devices.
#include <array>

#include "control/open_metrics.hh"

namespace farmhand {

namespace {

constexpr auto kGauge = FamilyType::kGauge;
constexpr auto kCounter = FamilyType::kCounter;

template <typename Subject>
struct Fact {
  FamilyHead head;
  double (*value)(const Subject&);
};

template <typename Subject, size_t n, typename Label>
void write_facts(Exposition& page, const std::array<Fact<Subject>, n>& facts,
                 const std::vector<Subject>& subjects, const Label& label) {
  for (const Fact<Subject>& fact : facts) {
    page.family(fact.head);
    for (const Subject& subject : subjects) {
      label(page.sample(), subject);
      page.value(fact.value(subject));
    }
  }
}

double seconds(uint64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

using P = PluginStatus;
// clang-format off
const std::array<Fact<P>, 14> kPluginFacts{{
    {{"farmhand_plugin_up", "", "1 while the plugin's devices are being read.", kGauge},
     [](const P& p) { return p.state == PluginState::kRunning ? 1.0 : 0.0; }},
    {{"farmhand_plugin_devices", "", "Devices the plugin reports.", kGauge},
     [](const P& p) { return double(p.device_count); }},
    {{"farmhand_plugin_restarts", "", "Hosts started beyond the first.", kCounter},
     [](const P& p) { return double(p.restarts); }},
    {{"farmhand_plugin_crashes", "", "Hosts that ended by themselves.", kCounter},
     [](const P& p) { return double(p.crashes); }},
    {{"farmhand_plugin_overruns", "", "Calls that passed their deadline.", kCounter},
     [](const P& p) { return double(p.overruns); }},
    {{"farmhand_plugin_calls", "", "Calls into the plugin.", kCounter},
     [](const P& p) { return double(p.calls); }},
    {{"farmhand_plugin_calls_failed", "", "Calls that returned an error.", kCounter},
     [](const P& p) { return double(p.calls_failed); }},
    {{"farmhand_plugin_log_lines_dropped", "", "Log lines above the plugin's allowance.", kCounter},
     [](const P& p) { return double(p.log_lines_dropped); }},
    {{"farmhand_plugin_cpu_seconds", "seconds", "Processor time of all its hosts.", kCounter},
     [](const P& p) { return seconds(p.cpu_ns); }},
    {{"farmhand_plugin_resident_memory_bytes", "bytes", "Resident memory of its host.", kGauge},
     [](const P& p) { return double(p.rss_bytes); }},
    {{"farmhand_plugin_call_median_seconds", "seconds", "Median call time.", kGauge},
     [](const P& p) { return seconds(p.latency_p50_ns); }},
    {{"farmhand_plugin_call_p99_seconds", "seconds", "99th percentile of call times.", kGauge},
     [](const P& p) { return seconds(p.latency_p99_ns); }},
    {{"farmhand_plugin_parked_hosts", "", "Killed hosts that are stuck in the kernel.", kGauge},
     [](const P& p) { return double(p.parked_hosts); }},
    {{"farmhand_plugin_quarantined_devices", "", "Devices kept away from the plugin.", kGauge},
     [](const P& p) { return double(p.quarantined.size()); }},
}};

struct L {
  Lane lane;
  LaneStats stats;
};
const std::array<Fact<L>, 8> kLaneFacts{{
    {{"farmhand_queue_records", "", "Sequence numbers the coordinator has not applied.", kGauge},
     [](const L& l) { return double(l.stats.depth); }},
    {{"farmhand_queue_bytes", "bytes", "Bytes the lane occupies, its tail included.", kGauge},
     [](const L& l) { return double(l.stats.bytes); }},
    {{"farmhand_queue_tail_bytes", "bytes", "Of them applied and kept for a coordinator that lost them.", kGauge},
     [](const L& l) { return double(l.stats.tail_bytes); }},
    {{"farmhand_queue_quota_bytes", "bytes", "Bytes the lane may occupy.", kGauge},
     [](const L& l) { return double(l.stats.quota_bytes); }},
    {{"farmhand_queue_oldest_age_seconds", "seconds", "Age of the oldest record that waits; 0: none.", kGauge},
     [](const L& l) { return seconds(l.stats.oldest_age_ns); }},
    {{"farmhand_queue_last_sequence", "", "Sequence number of the last record in this epoch.", kGauge},
     [](const L& l) { return double(l.stats.last_seq); }},
    {{"farmhand_queue_dropped_records", "", "Records that gaps stand for, since the file began.", kCounter},
     [](const L& l) { return double(l.stats.gap_records); }},
    {{"farmhand_queue_dropped_bytes", "bytes", "Bytes of the records that gaps stand for.", kCounter},
     [](const L& l) { return double(l.stats.gap_bytes); }},
}};

using U = UplinkStatus;
const std::array<Fact<U>, 5> kUplinkFacts{{
    {{"farmhand_agent_uplink_up", "", "1 while the session with the coordinator is live.", kGauge},
     [](const U& u) { return u.state == UplinkState::kLive ? 1.0 : 0.0; }},
    {{"farmhand_agent_uplink_sessions", "", "Sessions the coordinator welcomed.", kCounter},
     [](const U& u) { return double(u.sessions); }},
    {{"farmhand_agent_uplink_sent_bytes", "bytes", "Bytes sent to the coordinator.", kCounter},
     [](const U& u) { return double(u.bytes_sent); }},
    {{"farmhand_agent_uplink_sent_segments", "", "Segments sent to the coordinator.", kCounter},
     [](const U& u) { return double(u.segments_sent); }},
    {{"farmhand_agent_uplink_nacks", "", "Segments the coordinator refused.", kCounter},
     [](const U& u) { return double(u.nacks); }},
}};
// clang-format on

void single(Exposition& page, const FamilyHead& head, double value) {
  page.family(head);
  page.sample().value(value);
}

}  // namespace

void write_plugins(Exposition& page, const std::vector<PluginStatus>& plugins) {
  write_facts(page, kPluginFacts, plugins,
              [](Exposition& sample, const P& plugin) { sample.label("plugin", plugin.id); });
}

void write_queue(Exposition& page, const OutboxStats& queue) {
  std::vector<L> lanes;
  for (const Lane lane : kLanes) lanes.push_back({lane, queue.lanes[index_of(lane)]});
  write_facts(page, kLaneFacts, lanes,
              [](Exposition& sample, const L& lane) { sample.label("lane", name_of(lane.lane)); });
  page.family({"farmhand_queue_gap_records", "", "Records that gaps stand for, by what made them.",
               kCounter});
  for (const L& lane : lanes) {
    for (size_t i = 1; i < lane.stats.gaps.size(); ++i) {
      page.sample().label("lane", name_of(lane.lane));
      page.label("reason", name_of(static_cast<GapReason>(i)));
      page.value(static_cast<double>(lane.stats.gaps[i]));
    }
  }
  const auto file = static_cast<double>(queue.file_bytes);
  single(page, {"farmhand_queue_file_bytes", "bytes", "Size of the queue's files.", kGauge}, file);
  single(page, {"farmhand_queue_size_max_bytes", "bytes", "What they may grow to.", kGauge},
         static_cast<double>(queue.size_max));
  single(page, {"farmhand_queue_writable", "", "0 while records cannot be stored.", kGauge},
         queue.writable ? 1 : 0);
  single(page, {"farmhand_queue_disk_full", "", "1 until there is room on its disk again.", kGauge},
         queue.disk_full ? 1 : 0);
  single(page,
         {"farmhand_queue_ballast_held", "", "1 while the space for a full disk is kept.", kGauge},
         queue.ballast == BallastState::kHeld ? 1 : 0);
  single(page, {"farmhand_queue_epoch", "", "How many lives the queue has had.", kGauge},
         static_cast<double>(queue.epoch.counter));
  single(page,
         {"farmhand_queue_interruptions", "", "Times that telemetry may have been lost.", kCounter},
         static_cast<double>(queue.interruptions));
  single(page, {"farmhand_queue_pending_bytes", "bytes", "Handed in and not on disk yet.", kGauge},
         static_cast<double>(queue.pending_bytes));
}

void write_agent(Exposition& page, const StatusView& view, const CoordinatorView& coordinator) {
  page.family({"farmhand_agent", "", "Who this agent is.", FamilyType::kInfo});
  page.sample().label("version", view.facts.version).label("node_id", view.facts.node.text());
  page.label("node", view.facts.node_name).value(1);
  single(page, {"farmhand_agent_uptime_seconds", "seconds", "Time since the start.", kGauge},
         seconds(view.clock.boottime_ns() - view.facts.started_ns));
  if (const auto cost = view.self_cost()) {
    single(
        page,
        {"farmhand_agent_cpu_seconds", "seconds", "Processor time, hosts not counted.", kCounter},
        seconds(cost->cpu_ns));
    single(page, {"farmhand_agent_resident_memory_bytes", "bytes", "Resident memory.", kGauge},
           static_cast<double>(cost->rss_bytes));
  }
  if (view.turns != nullptr) {
    single(page,
           {"farmhand_agent_loop_turn_max_seconds", "seconds",
            "Longest turn of the event loop in the last minute or two.", kGauge},
           seconds(view.turns->longest_ns()));
    single(page, {"farmhand_agent_loop_long_turns", "", "Turns above 100 ms.", kCounter},
           static_cast<double>(view.turns->long_turns()));
  }
  const Telemetry::Counts counts = view.telemetry.counts();
  single(page, {"farmhand_agent_samples", "", "Samples taken from plugins.", kCounter},
         static_cast<double>(counts.samples));
  single(page, {"farmhand_agent_series", "", "Series kept in memory.", kGauge},
         static_cast<double>(counts.series));
  single(page, {"farmhand_agent_clock_synchronised", "", "1 when the kernel says so.", kGauge},
         wall_clock_synchronised() ? 1 : 0);
  if (!coordinator.uplink) return;
  write_facts(page, kUplinkFacts, std::vector<U>{*coordinator.uplink},
              [](Exposition&, const U&) {});
}

}  // namespace farmhand
