// SPDX-License-Identifier: Apache-2.0
#include "outbox/segment.hh"

#include <algorithm>

#include "base/bytes.hh"
#include "base/digest.hh"
#include "outbox/codec.hh"

namespace farmhand {

std::string_view name_of(GapReason reason) {
  // clang-format off
  switch (reason) {
    case GapReason::kNone: return "none";
    case GapReason::kQuota: return "quota";
    case GapReason::kPoison: return "poison";
    case GapReason::kCorruption: return "corruption";
    case GapReason::kDownsample: return "downsample";
    case GapReason::kOversize: return "oversize";
    case GapReason::kTailExpired: return "tail_expired";
  }
  // clang-format on
  return "unknown";
}

Chain next_chain(const Chain& before, std::string_view bytes) {
  Sha256Hasher hasher;
  hasher.add({reinterpret_cast<const char*>(before.data()), before.size()});
  hasher.add(bytes);
  const Sha256 digest = hasher.finish();
  Chain chain;
  std::copy_n(digest.begin(), chain.size(), chain.begin());
  return chain;
}

void append_record(std::string& bytes, std::string_view record) {
  append_varint(bytes, record.size());
  bytes += record;
}

namespace {

// Reads `bytes` front to back, keeping the sequence number that comes next.
class Walk {
 public:
  Walk(const Segment& segment, const SegmentVisitor& visitor)
      : visitor_(visitor), rest_(segment.bytes), next_(segment.from), to_(segment.to) {}

  bool records(uint64_t count) {
    for (; count > 0; --count) {
      const auto size = take_varint(rest_);
      const auto record = size ? take_bytes(rest_, *size) : std::nullopt;
      if (!record || next_ > to_) return false;
      if (visitor_.on_record) visitor_.on_record(next_, *record);
      ++next_;
    }
    return true;
  }

  bool gap(uint64_t count, GapReason reason) {
    if (count == 0) return true;
    if (next_ > to_ || count > to_ - next_ + 1) return false;
    if (visitor_.on_gap) visitor_.on_gap(next_, next_ + count - 1, reason);
    next_ += count;
    return true;
  }

  // One "kept, records, dropped, reason" of a mixed segment.
  bool range() {
    const auto kept = take_varint(rest_);
    if (!kept || *kept > left() || !records(*kept)) return false;
    const auto dropped = take_varint(rest_);
    if (!dropped) return false;
    if (*dropped == 0) return true;
    const auto reason = take_le<uint8_t>(rest_);
    return reason && gap(*dropped, static_cast<GapReason>(*reason));
  }

  uint64_t left() const { return to_ + 1 - next_; }
  bool more() const { return !rest_.empty(); }
  bool complete() const { return rest_.empty() && next_ == to_ + 1; }

 private:
  const SegmentVisitor& visitor_;
  std::string_view rest_;
  uint64_t next_;
  uint64_t to_;
};

Error corrupt(const Segment& s) {
  return {Errc::kCorrupt, "segment " + std::to_string(s.from) + "…" + std::to_string(s.to) +
                              " of lane " + std::string(name_of(s.lane)) +
                              ": its bytes do not say its range"};
}

// Writes mixed bytes: ranges are closed when a record follows a gap, or a gap has another reason.
class MixedWriter {
 public:
  void record(std::string_view record) {
    if (dropped_ > 0) close();
    append_record(records_, record);
    ++kept_;
  }
  void gap(uint64_t count, GapReason reason) {
    if (dropped_ > 0 && reason != reason_) close();
    reason_ = reason;
    dropped_ += count;
  }
  std::string take() {
    if (kept_ + dropped_ > 0) close();
    return std::move(out_);
  }

 private:
  void close() {
    append_varint(out_, kept_);
    out_ += records_;
    append_varint(out_, dropped_);
    if (dropped_ > 0) out_ += static_cast<char>(reason_);
    records_.clear();
    kept_ = dropped_ = 0;
  }

  std::string out_, records_;
  uint64_t kept_ = 0, dropped_ = 0;
  GapReason reason_ = GapReason::kNone;
};

}  // namespace

Result<void> walk_segment(const Segment& segment, const SegmentVisitor& visitor) {
  if (segment.from > segment.to || segment.encoding != 0) return corrupt(segment);
  Walk walk(segment, visitor);
  bool sound = true;
  switch (segment.kind) {
    case SegmentKind::kRecords:
      sound = walk.records(walk.left());
      break;
    case SegmentKind::kGap:
      sound = walk.gap(walk.left(), segment.reason);
      break;
    case SegmentKind::kMixed:
      while (sound && walk.more()) sound = walk.range();
      break;
  }
  if (!sound || !walk.complete()) return corrupt(segment);
  return {};
}

Result<bool> thin_segment(Segment& segment, GapReason reason,
                          const std::function<bool(uint64_t seq)>& drop) {
  MixedWriter writer;
  uint64_t kept = 0, dropped = 0, dropped_bytes = 0;
  const auto on_record = [&](uint64_t seq, std::string_view record) {
    if (!drop(seq)) {
      writer.record(record);
      ++kept;
      return;
    }
    writer.gap(1, reason);
    ++dropped;
    dropped_bytes += record.size();
  };
  const auto on_gap = [&](uint64_t from, uint64_t to, GapReason why) {
    writer.gap(to - from + 1, why);
  };
  if (auto walked = walk_segment(segment, {on_record, on_gap}); !walked) return walked.error();
  if (dropped == 0) return false;
  segment.bytes = kept > 0 ? writer.take() : std::string();
  segment.kind = kept > 0 ? SegmentKind::kMixed : SegmentKind::kGap;
  segment.reason = reason;
  segment.gap_count += dropped;
  segment.gap_bytes += dropped_bytes;
  return true;
}

namespace {

// One half of a segment that is being cut in two.
struct Half {
  MixedWriter writer;
  uint64_t kept = 0, gaps = 0;

  void record(std::string_view record) {
    writer.record(record);
    ++kept;
  }
  void gap(uint64_t count, GapReason reason) {
    writer.gap(count, reason);
    gaps += count;
  }
  void finish(Segment& segment) {
    segment.bytes = kept > 0 ? writer.take() : std::string();
    segment.kind = kept > 0 ? SegmentKind::kMixed : SegmentKind::kGap;
    segment.gap_count = gaps;
  }
};

// How the dropped bytes were spread over the range is not known: in proportion.
uint64_t share_of(uint64_t bytes, uint64_t part, uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(bytes) * static_cast<double>(part) /
                               static_cast<double>(whole));
}

}  // namespace

Result<Segment> split_segment(Segment& segment, uint64_t seq) {
  Half front, back;
  const auto on_record = [&](uint64_t at, std::string_view record) {
    (at <= seq ? front : back).record(record);
  };
  const auto on_gap = [&](uint64_t from, uint64_t to, GapReason why) {
    if (from <= seq) front.gap(std::min(to, seq) - from + 1, why);
    if (to > seq) back.gap(to - std::max(from, seq + 1) + 1, why);
  };
  if (auto walked = walk_segment(segment, {on_record, on_gap}); !walked) return walked.error();
  Segment head = segment;
  front.finish(head);
  head.to = seq;
  head.gap_bytes = share_of(segment.gap_bytes, front.gaps, segment.gap_count);
  back.finish(segment);
  segment.from = seq + 1;
  segment.gap_bytes -= head.gap_bytes;
  return head;
}

}  // namespace farmhand
