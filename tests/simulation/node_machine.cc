// SPDX-License-Identifier: Apache-2.0
#include "node_machine.hh"

#include <cstdio>
#include <cstdlib>

#include "sync/convert.hh"
#include "wire/record.hh"

namespace farmhand::simulation {
namespace {

// One for each start, so that no record is like another.
wire::MetricTable make_table(const std::string& name, Model::Id number) {
  return wire::make_metric_table(
      "npu0", "sim",
      {{.name = "power", .label = "start", .label_value = name + std::to_string(number)}});
}

std::string padded(std::string text, size_t bytes) {
  if (text.size() < bytes) text.resize(bytes, '.');
  return text;
}

}  // namespace

NodeMachine::NodeMachine(Loop& loop, Network& network, Model& model, Random& random,
                         const std::string& directory, Options options)
    : clock(loop),
      loop_(loop),
      network_(network),
      model_(model),
      random_(random),
      disk_(directory),
      options_(std::move(options)),
      boot_id_(new_boot_id(random)) {
  start();
}

NodeMachine::~NodeMachine() {
  stop();
}

void NodeMachine::start() {
  auto state = StateFile::open(disk_.file("state.db"));
  if (!state) {
    std::fprintf(stderr, "simulation: %s\n", state.error().message.c_str());
    std::abort();
  }
  process_ = std::make_unique<Process>(std::move(*state));
  Process& p = *process_;
  p.thread = std::make_unique<StoreThread>(loop_);
  set_boot_id(boot_id_);
  Outbox::Options outbox;
  outbox.path = disk_.file("queue.db");
  outbox.size_max = options_.size_max;
  outbox.epochs = &p.epochs;
  outbox.encoders = wire_encoders();
  p.outbox = std::make_unique<Outbox>(loop_, clock, *p.thread, std::move(outbox));
  Uplink::Options uplink;
  uplink.url = "wss://coordinator/v1/sync";
  uplink.credential = options_.secret;
  uplink.node = options_.uuid;
  uplink.boot_id = boot_id_;
  p.uplink =
      std::make_unique<Uplink>(loop_, clock, network_.context(), *p.outbox, std::move(uplink));
  p.uplink->start();
}

void NodeMachine::stop() {
  if (!process_) return;
  process_->uplink.reset();
  process_->outbox.reset();
  process_.reset();
  model_.stopped();
}

// What its parts still write when they end goes to the disk that is left behind.
void NodeMachine::crash() {
  const std::string left = disk_.copy();
  model_.crashed(now_ns(loop_));
  stop();
  disk_.become(left);
}

void NodeMachine::reboot() {
  boot_id_ = new_boot_id(random_);
  clock.reboot();
}

std::string NodeMachine::make_record(Lane lane, Model::Id id, size_t bytes) {
  const std::string number = padded(options_.name + " " + std::to_string(id), bytes);
  Uuid uuid;
  for (size_t i = 0; i < sizeof id; ++i) uuid.bytes[i] = static_cast<uint8_t>(id >> (8 * i));
  switch (lane) {
    case Lane::kResults:
      return wire::encode_record(wire::CommandResult{uuid, wire::CommandStatus::kOk, number,
                                                     clock.boottime_ns(), "output"});
    case Lane::kHealth: {
      wire::Event event;
      event.uuid = uuid;
      event.boottime_ns = clock.boottime_ns();
      event.plugin = "sim";
      event.device_key = "npu" + std::to_string(id % 3);
      event.reason = "test.event";
      event.sentence = number;
      return wire::encode_record(event);
    }
    case Lane::kInventory: {
      wire::PluginState plugin;
      plugin.id = "sim" + std::to_string(id % 3);
      plugin.sentence = number;
      return wire::encode_record(plugin);
    }
    case Lane::kLogs:
      return number;
    case Lane::kTelemetry:
      break;
  }
  wire::Telemetry telemetry;
  telemetry.table_id = process_->table_id;
  for (size_t i = 0; i <= bytes / 16; ++i)
    telemetry.samples.push_back({0, 0, static_cast<double>(id) + 0.1 * static_cast<double>(i + 1),
                                 clock.boottime_ns() + i});
  return wire::encode_record(telemetry);
}

void NodeMachine::produce(Lane lane, size_t bytes) {
  if (lane == Lane::kTelemetry && process_->table_id == 0) declare_table();
  const Model::Id id = model_.next_id();
  std::string record = make_record(lane, id, bytes);
  model_.hand_in(lane, record, lane == Lane::kTelemetry, now_ns(loop_));
  hand_in(lane, id, std::move(record));
}

void NodeMachine::declare_table() {
  const wire::MetricTable table = make_table(options_.name, model_.next_id());
  process_->table_id = table.table_id;
  const std::string record = wire::encode_record(table);
  hand_in(Lane::kTelemetry, model_.hand_in(Lane::kTelemetry, record, true, now_ns(loop_)), record);
}

// No record of any version: a wire type that does not exist.
void NodeMachine::produce_poison(Lane lane) {
  const std::string record =
      "\xff\xff poison of " + options_.name + " " + std::to_string(model_.next_id());
  const Model::Id id = model_.hand_in(lane, record, lane == Lane::kTelemetry, now_ns(loop_));
  model_.poisoned(id);
  hand_in(lane, id, record);
}

void NodeMachine::hand_in(Lane lane, Model::Id id, std::string record) {
  Outbox& outbox = *process_->outbox;
  if (lane == Lane::kTelemetry) {
    if (outbox.enqueue_relaxed(std::move(record)))
      model_.accepted(id);
    else
      model_.refused(id);
    return;
  }
  auto taken = outbox.enqueue_durable(lane, std::move(record), [this, id](Result<uint64_t> seq) {
    if (seq)
      model_.accepted_at(id, process_->outbox->stats().epoch, *seq);
    else
      model_.refused(id);
  });
  if (!taken) model_.refused(id);
}

bool NodeMachine::drained() const {
  if (!process_) return false;
  const OutboxStats stats = process_->outbox->stats();
  for (const LaneStats& lane : stats.lanes)
    if (lane.depth != 0) return false;
  return stats.pending_bytes == 0 && process_->uplink->status().state == UplinkState::kLive;
}

}  // namespace farmhand::simulation
