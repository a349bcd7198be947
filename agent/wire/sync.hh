// SPDX-License-Identifier: Apache-2.0
// The messages of a session between node and coordinator. One message is one WebSocket message.
// Decoding takes any bytes up to kMessageBytesMax: what is not a message is kCorrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hh"
#include "base/result.hh"
#include "wire/command.hh"
#include "wire/position.hh"

namespace farmhand::wire {

enum class SegmentKind : uint8_t { kRecords = 0, kGap = 1, kMixed = 2 };

enum class GapReason : uint8_t {
  kNone = 0,
  kQuota = 1,
  kPoison = 2,
  kCorruption = 3,
  kDownsample = 4,
  kOversize = 5,
  kTailExpired = 6,
};

enum class Encoding : uint8_t { kPlain = 0, kZstd = 1 };

struct Segment {
  Epoch epoch;
  uint8_t lane = 0;
  uint64_t from = 0;
  uint64_t to = 0;
  Chain chain{};
  SegmentKind kind = SegmentKind::kRecords;
  GapReason reason = GapReason::kNone;
  uint64_t gap_count = 0;
  uint64_t gap_bytes = 0;
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
  bool synchronised = false;
  Encoding encoding = Encoding::kPlain;
  uint32_t crc32c = 0;
  std::string bytes;
  bool operator==(const Segment&) const = default;
};

struct LanePosition {
  Watermark last;                    // the newest record
  std::optional<Watermark> applied;  // what the node believes applied
  bool operator==(const LanePosition&) const = default;
};

struct Hello {
  Uuid node_uuid;
  Epoch epoch;
  std::vector<LanePosition> lanes;
  std::string boot_id;
  std::string agent_version;
  uint32_t protocol_version = kProtocolVersion;
  std::string hostname;
  bool operator==(const Hello&) const = default;
};

// Of one lane, in order.
struct Segments {
  uint8_t lane = 0;
  std::vector<Segment> segments;
  bool operator==(const Segments&) const = default;
};

struct CommandAck {
  Uuid command_uuid;
  bool operator==(const CommandAck&) const = default;
};

struct Ping {
  uint64_t number = 0;
  bool operator==(const Ping&) const = default;
};

struct Welcome {
  std::vector<Watermark> applied;  // a lane that is not named has nothing applied
  uint32_t protocol_version = kProtocolVersion;
  bool operator==(const Welcome&) const = default;
};

struct Applied {
  Watermark watermark;
  bool operator==(const Applied&) const = default;
};

struct Nack {
  uint8_t lane = 0;
  uint64_t seq = 0;
  std::string reason;
  bool operator==(const Nack&) const = default;
};

struct Refused {
  std::string code;  // `duplicate_node`, `not_enrolled`, `wrong_node`, `malformed`, …
  std::string sentence;
  bool operator==(const Refused&) const = default;
};

struct Pong {
  uint64_t number = 0;
  bool operator==(const Pong&) const = default;
};

using NodeMessage = std::variant<Hello, Segments, CommandAck, Ping>;
using CoordinatorMessage = std::variant<Welcome, Applied, Nack, SignedCommand, Refused, Pong>;

// By value: segment bytes are moved, not copied.
std::string encode_node_message(NodeMessage message);
Result<NodeMessage> decode_node_message(std::string_view bytes);
std::string encode_coordinator_message(CoordinatorMessage message);
Result<CoordinatorMessage> decode_coordinator_message(std::string_view bytes);

}  // namespace farmhand::wire
