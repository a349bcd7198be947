// SPDX-License-Identifier: Apache-2.0
#include "wire/sync.hh"

#include <utility>

#include "farmhand/v1/sync.pb.h"
#include "wire/position_codec.hh"
#include "wire/text.hh"

namespace farmhand::wire {

namespace {

namespace v1 = ::farmhand::v1;

void put(v1::Segment& out, Segment segment) {
  put(*out.mutable_epoch(), segment.epoch);
  out.set_lane(segment.lane);
  out.set_from(segment.from);
  out.set_to(segment.to);
  out.set_chain(bytes_of(segment.chain));
  out.set_kind(static_cast<v1::SegmentKind>(segment.kind));
  out.set_reason(static_cast<v1::GapReason>(segment.reason));
  out.set_gap_count(segment.gap_count);
  out.set_gap_bytes(segment.gap_bytes);
  out.set_boottime_ns(segment.boottime_ns);
  out.set_realtime_ns(segment.realtime_ns);
  out.set_synchronised(segment.synchronised);
  out.set_encoding(static_cast<v1::SegmentEncoding>(segment.encoding));
  out.set_crc32c(segment.crc32c);
  out.set_bytes(std::move(segment.bytes));
}

// A kind or an encoding that we do not know is refused, not skipped: to apply it as another would
// lose what it holds.
bool take(Segment& out, v1::Segment& in) {
  if (in.kind() > v1::SEGMENT_KIND_MIXED || in.kind() < 0) return false;
  if (in.encoding() > v1::SEGMENT_ENCODING_ZSTD || in.encoding() < 0) return false;
  if (in.from() == 0 || in.to() < in.from()) return false;
  out.from = in.from();
  out.to = in.to();
  out.kind = static_cast<SegmentKind>(in.kind());
  out.reason = enum_from(in.reason(), GapReason::kTailExpired);
  out.gap_count = in.gap_count();
  out.gap_bytes = in.gap_bytes();
  out.boottime_ns = in.boottime_ns();
  out.realtime_ns = in.realtime_ns();
  out.synchronised = in.synchronised();
  out.encoding = static_cast<Encoding>(in.encoding());
  out.crc32c = in.crc32c();
  out.bytes = std::move(*in.mutable_bytes());
  return take(out.epoch, in.epoch()) && take_lane(out.lane, in.lane()) &&
         take_16(out.chain, in.chain());
}

void put(v1::NodeMessage& out, Hello&& hello) {
  v1::Hello& body = *out.mutable_hello();
  body.set_node_uuid(bytes_of(hello.node_uuid.bytes));
  put(*body.mutable_epoch(), hello.epoch);
  for (const LanePosition& lane : hello.lanes) {
    v1::LanePosition& to = *body.add_lanes();
    put(*to.mutable_last(), lane.last);
    if (lane.applied) put(*to.mutable_applied(), *lane.applied);
  }
  body.set_boot_id(utf8(hello.boot_id));
  body.set_agent_version(utf8(hello.agent_version));
  body.set_protocol_version(hello.protocol_version);
  body.set_hostname(utf8(hello.hostname));
}

void put(v1::NodeMessage& out, Segments&& segments) {
  v1::Segments& body = *out.mutable_segments();
  body.set_lane(segments.lane);
  for (Segment& segment : segments.segments) put(*body.add_segments(), std::move(segment));
}

void put(v1::NodeMessage& out, CommandAck&& ack) {
  out.mutable_command_ack()->set_command_uuid(bytes_of(ack.command_uuid.bytes));
}

void put(v1::NodeMessage& out, Ping&& ping) {
  out.mutable_ping()->set_number(ping.number);
}

void put(v1::CoordinatorMessage& out, Welcome&& welcome) {
  v1::Welcome& body = *out.mutable_welcome();
  for (const Watermark& mark : welcome.applied) put(*body.add_applied(), mark);
  body.set_protocol_version(welcome.protocol_version);
}

void put(v1::CoordinatorMessage& out, Applied&& applied) {
  put(*out.mutable_applied()->mutable_watermark(), applied.watermark);
}

void put(v1::CoordinatorMessage& out, Nack&& nack) {
  out.mutable_nack()->set_lane(nack.lane);
  out.mutable_nack()->set_seq(nack.seq);
  out.mutable_nack()->set_reason(utf8(nack.reason));
}

void put(v1::CoordinatorMessage& out, SignedCommand&& command) {
  v1::SignedCommand& body = *out.mutable_command();
  body.set_payload(std::move(command.payload));
  body.set_signature(std::move(command.signature));
  body.set_key_id(utf8(command.key_id));
}

void put(v1::CoordinatorMessage& out, Refused&& refused) {
  out.mutable_refused()->set_code(utf8(refused.code));
  out.mutable_refused()->set_sentence(utf8(refused.sentence));
}

void put(v1::CoordinatorMessage& out, Pong&& pong) {
  out.mutable_pong()->set_number(pong.number);
}

Result<NodeMessage> hello_from(const v1::Hello& in) {
  Hello hello;
  if (!take_uuid(hello.node_uuid, in.node_uuid())) {
    return corrupt("hello: the node's uuid is not 16 bytes");
  }
  if (!take(hello.epoch, in.epoch())) return corrupt("hello: the epoch makes no sense");
  if (in.lanes_size() > kLaneCount) return corrupt("hello: more positions than lanes");
  for (const v1::LanePosition& lane : in.lanes()) {
    LanePosition& to = hello.lanes.emplace_back();
    if (!take(to.last, lane.last())) return corrupt("hello: a position makes no sense");
    if (lane.has_applied() && !take(to.applied.emplace(), lane.applied())) {
      return corrupt("hello: an applied position makes no sense");
    }
  }
  hello.boot_id = in.boot_id();
  hello.agent_version = in.agent_version();
  hello.protocol_version = in.protocol_version();
  hello.hostname = in.hostname();
  return NodeMessage(std::move(hello));
}

Result<NodeMessage> segments_from(v1::Segments& in) {
  Segments segments;
  if (!take_lane(segments.lane, in.lane())) return corrupt("segments: no such lane");
  for (v1::Segment& segment : *in.mutable_segments()) {
    Segment& to = segments.segments.emplace_back();
    if (!take(to, segment) || to.lane != segments.lane) {
      return corrupt("segments: one of them makes no sense");
    }
  }
  return NodeMessage(std::move(segments));
}

Result<CoordinatorMessage> welcome_from(const v1::Welcome& in) {
  Welcome welcome{.applied = {}, .protocol_version = in.protocol_version()};
  if (in.applied_size() > kLaneCount) return corrupt("welcome: more watermarks than lanes");
  for (const v1::Watermark& mark : in.applied()) {
    if (!take(welcome.applied.emplace_back(), mark)) {
      return corrupt("welcome: a watermark makes no sense");
    }
  }
  return CoordinatorMessage(std::move(welcome));
}

template <typename Message>
bool parse(Message& message, std::string_view bytes) {
  return bytes.size() <= kMessageBytesMax &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

constexpr const char* kUnknown = "the message is of a kind that this version does not know";

}  // namespace

std::string encode_node_message(NodeMessage message) {
  v1::NodeMessage out;
  std::visit([&](auto& body) { put(out, std::move(body)); }, message);
  return out.SerializeAsString();
}

Result<NodeMessage> decode_node_message(std::string_view bytes) {
  v1::NodeMessage in;
  if (!parse(in, bytes)) return corrupt("these bytes are not a node's message");
  switch (in.body_case()) {
    case v1::NodeMessage::kHello:
      return hello_from(in.hello());
    case v1::NodeMessage::kSegments:
      return segments_from(*in.mutable_segments());
    case v1::NodeMessage::kCommandAck: {
      CommandAck ack;
      if (take_uuid(ack.command_uuid, in.command_ack().command_uuid())) return NodeMessage(ack);
      return corrupt("command ack: the uuid is not 16 bytes");
    }
    case v1::NodeMessage::kPing:
      return NodeMessage(Ping{.number = in.ping().number()});
    case v1::NodeMessage::BODY_NOT_SET:
      break;
  }
  return Error{Errc::kUnsupported, kUnknown};
}

std::string encode_coordinator_message(CoordinatorMessage message) {
  v1::CoordinatorMessage out;
  std::visit([&](auto& body) { put(out, std::move(body)); }, message);
  return out.SerializeAsString();
}

Result<CoordinatorMessage> decode_coordinator_message(std::string_view bytes) {
  v1::CoordinatorMessage in;
  if (!parse(in, bytes)) return corrupt("these bytes are not a coordinator's message");
  switch (in.body_case()) {
    case v1::CoordinatorMessage::kWelcome:
      return welcome_from(in.welcome());
    case v1::CoordinatorMessage::kApplied: {
      Applied applied;
      if (take(applied.watermark, in.applied().watermark())) return CoordinatorMessage(applied);
      return corrupt("applied: the watermark makes no sense");
    }
    case v1::CoordinatorMessage::kNack: {
      Nack nack{.lane = 0, .seq = in.nack().seq(), .reason = in.nack().reason()};
      if (take_lane(nack.lane, in.nack().lane())) return CoordinatorMessage(std::move(nack));
      return corrupt("nack: no such lane");
    }
    case v1::CoordinatorMessage::kCommand:
      return CoordinatorMessage(SignedCommand{.payload = in.command().payload(),
                                              .signature = in.command().signature(),
                                              .key_id = in.command().key_id()});
    case v1::CoordinatorMessage::kRefused:
      return CoordinatorMessage(
          Refused{.code = in.refused().code(), .sentence = in.refused().sentence()});
    case v1::CoordinatorMessage::kPong:
      return CoordinatorMessage(Pong{.number = in.pong().number()});
    case v1::CoordinatorMessage::BODY_NOT_SET:
      break;
  }
  return Error{Errc::kUnsupported, kUnknown};
}

}  // namespace farmhand::wire
