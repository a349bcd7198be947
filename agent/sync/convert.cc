// SPDX-License-Identifier: Apache-2.0
#include "sync/convert.hh"

#include "wire/record.hh"

namespace farmhand {
namespace {

// Both sides state their own numbers, on disk and in sync.proto; they are meant to stay equal.
static_assert(static_cast<int>(GapReason::kTailExpired) ==
              static_cast<int>(wire::GapReason::kTailExpired));
static_assert(static_cast<int>(GapReason::kPoison) == static_cast<int>(wire::GapReason::kPoison));
static_assert(static_cast<int>(SegmentKind::kMixed) == static_cast<int>(wire::SegmentKind::kMixed));
static_assert(kLaneCount == wire::kLaneCount && kRecordBytesMax == wire::kRecordBytesMax);

wire::GapReason wire_reason_from(GapReason reason) {
  return static_cast<wire::GapReason>(reason);
}

}  // namespace

wire::Epoch wire_epoch_from(const Epoch& epoch) {
  return {epoch.counter, epoch.random};
}

wire::Watermark wire_watermark_from(const Watermark& w) {
  return {wire_epoch_from(w.epoch), static_cast<uint8_t>(w.lane), w.seq, w.chain};
}

wire::Segment wire_segment_from(Segment s) {
  wire::Segment out;
  out.epoch = wire_epoch_from(s.epoch);
  out.lane = static_cast<uint8_t>(s.lane);
  out.from = s.from;
  out.to = s.to;
  out.chain = s.chain;
  out.kind = static_cast<wire::SegmentKind>(s.kind);
  out.reason = wire_reason_from(s.reason);
  out.gap_count = s.gap_count;
  out.gap_bytes = s.gap_bytes;
  out.boottime_ns = s.boottime_ns;
  out.realtime_ns = s.realtime_ns;
  out.synchronised = s.synchronised;
  out.encoding = static_cast<wire::Encoding>(s.encoding);
  out.crc32c = s.crc32c;
  out.bytes = std::move(s.bytes);
  return out;
}

wire::LanePosition wire_position_from(const Position& p) {
  wire::LanePosition out;
  out.last = {wire_epoch_from(p.epoch), static_cast<uint8_t>(p.lane), p.last_seq, p.last_chain};
  if (p.applied) out.applied = wire_watermark_from(*p.applied);
  return out;
}

Result<void> walk_records(wire::Segment& segment, const RecordVisitor& visitor) {
  if (segment.encoding != wire::Encoding::kPlain)
    return Error{Errc::kUnsupported, "segments of this encoding are not read here"};
  Segment stored;
  stored.lane = static_cast<Lane>(segment.lane);
  stored.from = segment.from;
  stored.to = segment.to;
  stored.kind = static_cast<SegmentKind>(segment.kind);
  stored.bytes.swap(segment.bytes);  // borrowed for the walk
  auto walked =
      walk_segment(stored, {visitor.on_record, [&](uint64_t from, uint64_t to, GapReason r) {
                              visitor.on_gap(from, to, wire_reason_from(r));
                            }});
  stored.bytes.swap(segment.bytes);
  return walked;
}

OutboxEncoders wire_encoders() {
  OutboxEncoders encoders;
  encoders.epoch_start = [](const std::vector<Position>& old) {
    wire::EpochStart start;
    if (!old.empty()) start.old_epoch = wire_epoch_from(old[0].epoch);
    for (const Position& p : old) start.last.push_back(wire_position_from(p).last);
    return wire::encode_record(start);
  };
  encoders.interruption = [](Lane lane, int64_t from_ns, int64_t to_ns) {
    return wire::encode_record(wire::Interruption{static_cast<uint8_t>(lane), from_ns, to_ns});
  };
  return encoders;
}

Result<Watermark> watermark_from(const wire::Watermark& w) {
  if (w.lane >= kLaneCount)
    return Error{Errc::kCorrupt, "the coordinator speaks of lane " + std::to_string(w.lane)};
  return Watermark{{w.epoch.counter, w.epoch.random}, static_cast<Lane>(w.lane), w.seq, w.chain};
}

}  // namespace farmhand
