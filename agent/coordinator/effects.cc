// SPDX-License-Identifier: Apache-2.0
#include "coordinator/effects.hh"

#include "coordinator/store.hh"

namespace farmhand::coordinator {
namespace {

// The wall clock of a moment that the node measured on its boot clock. The segment's pair may be a
// little older or newer than the record: both clocks run alike in between.
int64_t wall_of(const wire::Segment& segment, uint64_t boottime_ns) {
  return segment.realtime_ns + static_cast<int64_t>(boottime_ns - segment.boottime_ns);
}

}  // namespace

void Effects::add(const wire::Segment& segment, wire::Record record) {
  struct Visitor {
    Effects& to;
    const wire::Segment& segment;
    void operator()(wire::Inventory& r) { to.inventory_ = std::move(r); }
    void operator()(wire::MetricTable& r) { to.tables_.push_back(std::move(r)); }
    void operator()(wire::Telemetry& r) { to.add_telemetry(segment, r); }
    void operator()(wire::Event& r) { to.add_event(segment, std::move(r)); }
    void operator()(wire::CommandResult& r) {
      const int64_t wall = wall_of(segment, r.boottime_ns);
      to.results_.push_back({std::move(r), wall});
    }
    void operator()(wire::HealthTransition& r) {
      const int64_t wall = wall_of(segment, r.boottime_ns);
      to.transitions_.push_back({std::move(r), wall});
    }
    void operator()(wire::EpochStart& r) { to.epoch_starts_.push_back(std::move(r)); }
    void operator()(wire::Interruption& r) { to.interruptions_.push_back(r); }
    void operator()(wire::PluginState& r) { to.plugins_[r.id] = std::move(r); }
  };
  std::visit(Visitor{*this, segment}, record);
}

void Effects::add_telemetry(const wire::Segment& segment, const wire::Telemetry& telemetry) {
  auto& series = samples_[telemetry.table_id];
  for (const wire::Sample& s : telemetry.samples)
    series[s.series] = {s.status, s.value, wall_of(segment, s.boottime_ns)};
}

void Effects::add_event(const wire::Segment& segment, wire::Event event) {
  const int64_t wall = wall_of(segment, event.boottime_ns);
  LastEvent& last = events_[{event.plugin, event.device_key}];
  last = {std::move(event), wall, last.count + 1};
}

Result<void> Effects::write(Store& store, int64_t node, int64_t now_ns) && {
  if (auto done = write_inventory(store, node, now_ns); !done) return done;
  for (const auto& [id, plugin] : plugins_)
    if (auto done = store.devices.set_plugin(node, plugin); !done) return done;
  for (const wire::MetricTable& table : tables_)
    if (auto done = store.devices.add_table(node, table); !done) return done;
  if (auto done = write_samples(store, node); !done) return done;
  for (const auto& [device, last] : events_)
    if (auto done = store.devices.set_last_event(node, last.event, last.wall_ns, last.count); !done)
      return done;
  for (const auto& [transition, wall_ns] : transitions_)
    if (auto done = store.health.add(node, transition, wall_ns); !done) return done;
  if (!transitions_.empty())
    if (auto done = store.health.prune(); !done) return done;
  for (const Timed& timed : results_)
    if (auto done = store.commands.finish(node, timed.result, timed.wall_ns); !done) return done;
  for (const wire::EpochStart& start : epoch_starts_)
    if (auto done = store.lanes.end_epoch(node, start); !done) return done;
  for (const wire::Interruption& interruption : interruptions_)
    if (auto done = store.lanes.add_interruption(node, interruption); !done) return done;
  return {};
}

Result<void> Effects::write_inventory(Store& store, int64_t node, int64_t now_ns) {
  if (!inventory_) return {};
  auto row = store.nodes.find_by_id(node);
  if (!row) return row.error();
  if (!*row) return Error{Errc::kInternal, "the node is not in the store"};
  if (auto done = store.nodes.set_facts(node, inventory_->node); !done) return done;
  return store.devices.replace(node, (*row)->cloud, (*row)->vendors, *inventory_, now_ns);
}

Result<void> Effects::write_samples(Store& store, int64_t node) {
  for (const auto& [table, series] : samples_)
    if (auto done = store.devices.set_readings(node, table, series); !done) return done;
  return {};
}

}  // namespace farmhand::coordinator
