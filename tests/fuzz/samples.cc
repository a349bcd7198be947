// SPDX-License-Identifier: Apache-2.0
#include "samples.hh"

#include <cmath>

#include "base/digest.hh"
#include "outbox/segment.hh"

namespace farmhand::fuzz {
namespace {

wire::Epoch epoch() {
  wire::Epoch epoch{.counter = 7, .random = {}};
  for (uint8_t i = 0; i < 16; ++i) epoch.random[i] = i;
  return epoch;
}

wire::Watermark watermark(uint8_t lane) {
  return {.epoch = epoch(), .lane = lane, .seq = 40u + lane, .chain = {1, 2, 3}};
}

Uuid uuid() {
  return Uuid{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
}

wire::Inventory inventory() {
  wire::Inventory inventory;
  inventory.boottime_ns = 5;
  inventory.node = {"node-1", "Debian", "6.1", "x86_64", "some CPU", 64, 1ull << 38, "0.1.0"};
  for (const char* key : {"RNGD0001", "RNGD0002"}) {
    wire::Device& device = inventory.devices.emplace_back();
    device.key = key;
    device.plugin = "furiosa";
    device.vendor = "furiosa";
    device.pci = "0000:03:00.0";
    device.memory_bytes = 48ull << 30;
    device.peaks = {{.dtype = "fp8", .tera_ops = 512, .source = "data sheet"}};
  }
  wire::PluginState& plugin = inventory.plugins.emplace_back();
  plugin.id = "furiosa";
  plugin.sentence = "the host crashed";
  return inventory;
}

wire::Telemetry telemetry() {
  wire::Telemetry telemetry{.table_id = 9, .samples = {}};
  for (uint32_t second = 0; second < 4; ++second)
    for (uint32_t series = 0; series < 8; ++series)
      telemetry.samples.push_back({.series = series,
                                   .status = static_cast<uint8_t>(series == 7 ? 5 : 0),
                                   .value = series == 7 ? 0 : 40 + series * 1.25 + second / 3.0,
                                   .boottime_ns = 77 + second * 1'000'003'117ull});
  return telemetry;
}

wire::Event event() {
  wire::Event event;
  event.uuid = uuid();
  event.boottime_ns = 99;
  event.device_key = "RNGD0001";
  event.plugin = "furiosa";
  event.severity = wire::Severity::kWarning;
  event.reason = "device.missing";
  event.sentence = "the card does not answer";
  event.attributes = {{"pci", "0000:03:00.0"}};
  return event;
}

wire::HealthTransition transition() {
  wire::HealthTransition transition;
  transition.uuid = uuid();
  transition.device_key = "RNGD0001";
  transition.check = "memory.ecc";
  transition.source = "plugin furiosa";
  transition.from = wire::Verdict::kOk;
  transition.to = wire::Verdict::kFail;
  transition.reason = "memory.uncorrected";
  transition.sentence = "2 uncorrectable errors";
  transition.evidence = {{"errors", 0, 2.0, {}, 0.0, "2"}};
  transition.count = 3;
  return transition;
}

wire::CommandResult result() {
  return {uuid(), wire::CommandStatus::kFailed, "exit status 3", 1234, "output"};
}

wire::EpochStart epoch_start() {
  return {epoch(), {watermark(0), watermark(4)}, "the disk went back"};
}

}  // namespace

std::vector<wire::Record> sample_records() {
  wire::MetricTable table = wire::make_metric_table(
      "RNGD0001", "furiosa", {{"temperature", "sensor", "core", 1, 1}, {"energy", "", "", 2, 3}});
  return {inventory(),
          table,
          telemetry(),
          event(),
          result(),
          epoch_start(),
          wire::Interruption{4, 1'000, 2'000},
          inventory().plugins[0],
          transition()};
}

wire::Segment sample_segment() {
  wire::Segment segment;
  segment.epoch = epoch();
  segment.lane = 1;
  segment.from = 3;
  for (const wire::Record& record : sample_records())
    append_record(segment.bytes, wire::encode_record(record));
  segment.to = segment.from + sample_records().size() - 1;
  segment.crc32c = crc32c(segment.bytes);
  return segment;
}

std::vector<wire::NodeMessage> sample_node_messages() {
  wire::Hello hello;
  hello.node_uuid = uuid();
  hello.epoch = epoch();
  for (uint8_t lane = 0; lane < wire::kLaneCount; ++lane)
    hello.lanes.push_back({watermark(lane), watermark(lane)});
  hello.boot_id = "7c4e6f4e-9f4a-4b39-9d60-5b6dd6a2f9a1";
  hello.hostname = "node-1";
  return {hello, wire::Segments{1, {sample_segment(), sample_segment()}}, wire::CommandAck{uuid()},
          wire::Ping{300}};
}

std::vector<wire::CoordinatorMessage> sample_coordinator_messages() {
  return {wire::Welcome{{watermark(0), watermark(4)}, 1},
          wire::Applied{watermark(4)},
          wire::Nack{2, 70'000, "this is no record"},
          wire::SignedCommand{"payload", std::string(64, 's'), "SHA256:abc"},
          wire::Refused{"duplicate_node", "another session is live"},
          wire::Pong{300}};
}

}  // namespace farmhand::fuzz
