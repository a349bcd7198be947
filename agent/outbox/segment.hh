// SPDX-License-Identifier: Apache-2.0
// A segment is what the outbox stores, sends, acknowledges and deletes as one: many records of one
// lane, or the gap that stands in their place. FORMAT.md describes its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "outbox/epoch.hh"
#include "outbox/lane.hh"

namespace farmhand {

constexpr size_t kSegmentBytes = 64 << 10;   // a segment is closed here; a larger record is alone
constexpr size_t kRecordBytesMax = 1 << 20;  // a larger record is refused at enqueue

// SHA-256(chain of the segment before | bytes), cut to 16 bytes; zeros before an epoch's first.
using Chain = std::array<uint8_t, 16>;

enum class SegmentKind : uint8_t {
  kRecords = 0,
  kGap = 1,    // nothing left; `chain` is that of what it replaced
  kMixed = 2,  // some records left, the others are gaps; `chain` is that of the whole segment
};

enum class GapReason : uint8_t {
  kNone = 0,
  kQuota = 1,        // the lane was full
  kPoison = 2,       // refused by the coordinator again and again
  kCorruption = 3,   // the stored bytes were damaged
  kDownsample = 4,   // thinned: one record in kThinKeepOneOf is left
  kOversize = 5,     // never written: an oversize record is refused before it has a number
  kTailExpired = 6,  // applied, deleted, and asked for once more
};
constexpr size_t kGapReasonCount = 7;
constexpr uint64_t kThinKeepOneOf = 4;

std::string_view name_of(GapReason reason);

// How far the coordinator has applied a lane. Falls on a segment's end.
struct Watermark {
  Epoch epoch;
  Lane lane = Lane::kResults;
  uint64_t seq = 0;
  Chain chain{};
  bool operator==(const Watermark&) const = default;
};

// A moment on both clocks. Wall time is for the coordinator to derive, never for order.
struct Stamp {
  std::array<uint8_t, 16> boot_id{};
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
  bool synchronised = false;
};

struct Segment {
  Epoch epoch;
  Lane lane = Lane::kResults;
  uint64_t from = 0, to = 0;  // sequence numbers, both included
  Chain chain{};
  SegmentKind kind = SegmentKind::kRecords;
  GapReason reason = GapReason::kNone;  // of the latest alteration
  uint64_t gap_count = 0;               // records dropped from this range
  uint64_t gap_bytes = 0;               // and their size
  std::array<uint8_t, 16> boot_id{};    // with the next three: when it was committed
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
  bool synchronised = false;
  uint8_t encoding = 0;  // of `bytes`: 0 plain, 1 zstd (not written yet)
  uint32_t crc32c = 0;   // of `bytes`
  std::string bytes;

  Watermark end() const { return {epoch, lane, to, chain}; }
};

Chain next_chain(const Chain& before, std::string_view bytes);

// Appends one record in the layout of kRecords.
void append_record(std::string& bytes, std::string_view record);

// Calls for every record and every gap of a segment, ascending. kCorrupt when the bytes do not say
// exactly from…to.
struct SegmentVisitor {
  std::function<void(uint64_t seq, std::string_view record)> on_record;
  std::function<void(uint64_t from, uint64_t to, GapReason reason)> on_gap;
};
Result<void> walk_segment(const Segment& segment, const SegmentVisitor& visitor);

// Drops every record for which `drop` is true: the segment becomes mixed, or a gap when nothing is
// left. False when nothing was dropped. The chain stays.
Result<bool> thin_segment(Segment& segment, GapReason reason,
                          const std::function<bool(uint64_t seq)>& drop);

// Cuts a gap or mixed segment after `seq`, which lies within it and is not its end: the front is
// returned, the rest stays. Both keep the chain; what it was after `seq` is not known any more.
Result<Segment> split_segment(Segment& segment, uint64_t seq);

}  // namespace farmhand
