// SPDX-License-Identifier: Apache-2.0
// The outbox's values and the wire's are different things that happen to say the same: a stored row
// may change without the protocol, and the other way round. Here they meet.
#pragma once

#include <functional>

#include "outbox/outbox.hh"
#include "wire/sync.hh"

namespace farmhand {

wire::Epoch wire_epoch_from(const Epoch& epoch);
wire::Watermark wire_watermark_from(const Watermark& watermark);
wire::Segment wire_segment_from(Segment segment);

wire::LanePosition wire_position_from(const Position& position);

// Every record and every gap range of a segment as it came over the wire, ascending.
struct RecordVisitor {
  std::function<void(uint64_t seq, std::string_view record)> on_record;
  std::function<void(uint64_t from, uint64_t to, wire::GapReason reason)> on_gap;
};
Result<void> walk_records(wire::Segment& segment, const RecordVisitor& visitor);

// The records that the outbox itself writes.
OutboxEncoders wire_encoders();

// A lane number that is none of ours is kCorrupt.
Result<Watermark> watermark_from(const wire::Watermark& watermark);

}  // namespace farmhand
