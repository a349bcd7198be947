// SPDX-License-Identifier: Apache-2.0
#include "wire/record.hh"

#include "farmhand/v1/record.pb.h"
#include "wire/health_codec.hh"
#include "wire/inventory_codec.hh"
#include "wire/position_codec.hh"
#include "wire/telemetry_codec.hh"
#include "wire/text.hh"

namespace farmhand::wire {

namespace {

namespace v1 = ::farmhand::v1;

void put(v1::Record& out, const Inventory& inventory) {
  pack(*out.mutable_inventory(), inventory);
}

void put(v1::Record& out, const MetricTable& table) {
  pack(*out.mutable_metric_table(), table);
}

void put(v1::Record& out, const Telemetry& telemetry) {
  pack(*out.mutable_telemetry(), telemetry);
}

void put(v1::Record& out, const PluginState& plugin) {
  pack(*out.mutable_plugin_state(), plugin);
}

void put(v1::Record& out, const HealthTransition& transition) {
  pack(*out.mutable_health_transition(), transition);
}

void put(v1::Record& out, const Event& event) {
  v1::Event& body = *out.mutable_event();
  body.set_uuid(bytes_of(event.uuid.bytes));
  body.set_boottime_ns(event.boottime_ns);
  body.set_device_key(utf8(event.device_key));
  body.set_plugin(utf8(event.plugin));
  body.set_severity(static_cast<v1::Severity>(event.severity));
  body.set_reason(utf8(event.reason));
  body.set_sentence(utf8(event.sentence));
  for (const auto& [key, value] : event.attributes) {
    v1::Attribute& attribute = *body.add_attributes();
    attribute.set_key(utf8(key));
    attribute.set_value(utf8(value));
  }
}

void put(v1::Record& out, const CommandResult& result) {
  v1::CommandResult& body = *out.mutable_command_result();
  body.set_command_uuid(bytes_of(result.command_uuid.bytes));
  body.set_status(static_cast<v1::CommandStatus>(result.status));
  body.set_sentence(utf8(result.sentence));
  body.set_boottime_ns(result.boottime_ns);
  body.set_output(result.output);
}

void put(v1::Record& out, const EpochStart& start) {
  v1::EpochStart& body = *out.mutable_epoch_start();
  if (start.old_epoch) put(*body.mutable_old_epoch(), *start.old_epoch);
  for (const Watermark& mark : start.last) put(*body.add_last(), mark);
  body.set_reason(utf8(start.reason));
}

void put(v1::Record& out, const Interruption& interruption) {
  v1::Interruption& body = *out.mutable_interruption();
  body.set_lane(interruption.lane);
  body.set_from_realtime_ns(interruption.from_realtime_ns);
  body.set_to_realtime_ns(interruption.to_realtime_ns);
}

Result<Record> event_from(const v1::Event& in) {
  Event event;
  if (!take_uuid(event.uuid, in.uuid())) return corrupt("event: the uuid is not 16 bytes");
  event.boottime_ns = in.boottime_ns();
  event.device_key = in.device_key();
  event.plugin = in.plugin();
  event.severity = enum_from(in.severity(), Severity::kCritical);
  event.reason = in.reason();
  event.sentence = in.sentence();
  for (const v1::Attribute& attribute : in.attributes()) {
    event.attributes.emplace_back(attribute.key(), attribute.value());
  }
  return Record(std::move(event));
}

Result<Record> command_result_from(const v1::CommandResult& in) {
  CommandResult result;
  if (!take_uuid(result.command_uuid, in.command_uuid())) {
    return corrupt("command result: the uuid is not 16 bytes");
  }
  result.status = enum_from(in.status(), CommandStatus::kUnsupported);
  result.sentence = in.sentence();
  result.boottime_ns = in.boottime_ns();
  result.output = in.output();
  return Record(std::move(result));
}

Result<Record> epoch_start_from(const v1::EpochStart& in) {
  EpochStart start;
  if (in.has_old_epoch() && !take(start.old_epoch.emplace(), in.old_epoch())) {
    return corrupt("epoch start: the old epoch makes no sense");
  }
  // Rows may have moved on out of several epochs: there may be more positions than lanes.
  for (const v1::Watermark& mark : in.last()) {
    if (!take(start.last.emplace_back(), mark)) {
      return corrupt("epoch start: a position makes no sense");
    }
  }
  start.reason = in.reason();
  return Record(std::move(start));
}

Result<Record> interruption_from(const v1::Interruption& in) {
  Interruption interruption{.from_realtime_ns = in.from_realtime_ns(),
                            .to_realtime_ns = in.to_realtime_ns()};
  if (!take_lane(interruption.lane, in.lane())) return corrupt("interruption: no such lane");
  return Record(interruption);
}

template <typename Body>
Result<Record> record_from(Result<Body> body) {
  if (!body) return body.error();
  return Record(*std::move(body));
}

}  // namespace

std::string encode_record(const Record& record) {
  v1::Record out;
  std::visit([&](const auto& body) { put(out, body); }, record);
  return out.SerializeAsString();
}

Result<Record> decode_record(std::string_view bytes) {
  if (bytes.size() > kRecordBytesMax) return corrupt("a record is larger than 1 MiB");
  v1::Record in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return corrupt("these bytes are not a record");
  }
  switch (in.body_case()) {
    case v1::Record::kInventory:
      return record_from(unpack(in.inventory()));
    case v1::Record::kMetricTable:
      return record_from(unpack(in.metric_table()));
    case v1::Record::kTelemetry:
      return record_from(unpack(in.telemetry()));
    case v1::Record::kEvent:
      return event_from(in.event());
    case v1::Record::kCommandResult:
      return command_result_from(in.command_result());
    case v1::Record::kEpochStart:
      return epoch_start_from(in.epoch_start());
    case v1::Record::kInterruption:
      return interruption_from(in.interruption());
    case v1::Record::kPluginState:
      return record_from(unpack(in.plugin_state()));
    case v1::Record::kHealthTransition:
      return record_from(unpack(in.health_transition()));
    case v1::Record::BODY_NOT_SET:
      return Error{Errc::kUnsupported, "the record is of a kind that this version does not know"};
  }
  return corrupt("these bytes are not a record");
}

}  // namespace farmhand::wire
