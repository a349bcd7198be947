// SPDX-License-Identifier: Apache-2.0
#include "coordinator/apply.hh"

#include "base/digest.hh"
#include "coordinator/effects.hh"
#include "coordinator/judge.hh"
#include "sync/convert.hh"

namespace farmhand::coordinator {
namespace {

// Job logs are kept as they are; every other lane holds Records.
constexpr uint8_t kLogLane = 3;

// One batch on its way into the store. Its members say how far it has come.
class Batch {
 public:
  Batch(Store& store, int64_t node, uint8_t lane) : store_(store), node_(node), lane_(lane) {}

  Result<Applied> run(wire::Segments& segments, int64_t now_ns);

 private:
  enum class Step { kGoOn, kStop };

  Result<Step> take(wire::Segment& segment);
  Result<Step> judge_next(const wire::Segment& segment, bool& known);
  bool read_records(wire::Segment& segment);
  void add_row(const LedgerRow& row);
  Result<void> settle();
  Result<Applied> refuse_unstorable(wire::Segments& segments, int64_t now_ns, const Error& why);
  Step refuse(std::string why);
  Step nack(uint64_t seq, std::string why);

  Store& store_;
  int64_t node_;
  uint8_t lane_;
  Applied out_;
  Effects effects_;
  std::optional<wire::Watermark> current_;
  int64_t epoch_row_ = 0;
  std::optional<LedgerRow> row_;  // grows as long as the next one merges
  std::vector<LedgerRow> ready_;
};

Batch::Step Batch::refuse(std::string why) {
  out_.refusal = std::move(why);
  return Step::kStop;
}

Batch::Step Batch::nack(uint64_t seq, std::string why) {
  out_.nack = wire::Nack{lane_, seq, std::move(why)};
  return Step::kStop;
}

Result<Applied> Batch::run(wire::Segments& segments, int64_t now_ns) {
  auto transaction = store_.begin();
  if (!transaction) return transaction.error();
  auto current = store_.lanes.find_current(node_, lane_);
  if (!current) return current.error();
  current_ = *current;
  const wire::Watermark before = current_.value_or(wire::Watermark{
      segments.segments.empty() ? wire::Epoch{} : segments.segments[0].epoch, lane_, 0, {}});
  for (wire::Segment& segment : segments.segments) {
    auto step = take(segment);
    if (!step) return step.error();
    if (*step == Step::kGoOn) continue;
    out_.watermark = before;  // all or nothing: the transaction rolls back
    out_.records = out_.gaps = 0;
    return std::move(out_);
  }
  out_.watermark = current_.value_or(before);
  if (epoch_row_ == 0) return std::move(out_);  // nothing new

  if (auto done = settle(); !done) return done.error();
  if (auto done = std::move(effects_).write(store_, node_, now_ns); !done) {
    if (done.error().code != Errc::kInvalid) return done.error();
    out_.watermark = before;
    return refuse_unstorable(segments, now_ns, done.error());
  }
  if (auto done = transaction->commit(); !done) return done.error();
  return std::move(out_);
}

// Some record can be read, and not be stored: it would fail for ever, and its lane with it. Which
// one is found by storing one after the other, for nothing: the transaction rolls back.
Result<Applied> Batch::refuse_unstorable(wire::Segments& segments, int64_t now_ns,
                                         const Error& why) {
  out_.records = out_.gaps = 0;
  const auto on_record = [&](uint64_t seq, std::string_view bytes) {
    auto record = wire::decode_record(bytes);
    if (out_.nack || !record) return;
    Effects one;
    one.add(segments.segments.front(), std::move(*record));
    auto done = std::move(one).write(store_, node_, now_ns);
    if (!done && done.error().code == Errc::kInvalid) nack(seq, done.error().message);
  };
  for (wire::Segment& segment : segments.segments)
    if (auto walked = walk_records(segment, {on_record, [](auto...) {}}); !walked)
      return walked.error();
  if (!out_.nack) return why;  // only all of them together
  return std::move(out_);
}

Result<Batch::Step> Batch::judge_next(const wire::Segment& s, bool& known) {
  if (s.lane != lane_)
    return refuse("a segment of lane " + std::to_string(s.lane) + " in a batch of lane " +
                  std::to_string(lane_));
  const bool same_epoch = current_ && current_->epoch == s.epoch;
  uint64_t applied = same_epoch ? current_->seq : 0;
  if (!same_epoch) {
    auto found = store_.lanes.applied_in(node_, s.epoch, lane_);
    if (!found) return found.error();
    applied = *found;
  }
  Judged judged = judge(s, current_, applied);
  known = judged.judgement == Judgement::kKnown;
  if (judged.judgement == Judgement::kOutOfPlace) return refuse(std::move(judged.why));
  if (!known && crc32c(s.bytes) != s.crc32c)
    return nack(s.from,
                "the bytes of segment " + std::to_string(s.from) + " do not match their checksum");
  return Step::kGoOn;
}

Result<Batch::Step> Batch::take(wire::Segment& s) {
  bool known = false;
  auto step = judge_next(s, known);
  if (!step || *step == Step::kStop) return step;
  if (known) {
    ++out_.known;
    return Step::kGoOn;
  }
  if (epoch_row_ == 0 || current_->epoch != s.epoch) {
    if (auto done = settle(); !done) return done.error();
    auto row = store_.lanes.epoch_row(node_, s.epoch);
    if (!row && row.error().code == Errc::kExists) return refuse(row.error().message);
    if (!row) return row.error();
    epoch_row_ = *row;
  }
  if (!read_records(s)) return Step::kStop;
  current_ = wire::Watermark{s.epoch, lane_, s.to, s.chain};
  if (auto done = store_.lanes.archive(epoch_row_, s); !done) return done.error();
  return Step::kGoOn;
}

// The bytes of what a gap lost are known per segment: the first gap row of it carries them.
bool Batch::read_records(wire::Segment& s) {
  uint64_t lost_bytes = s.gap_bytes;
  const auto on_record = [&](uint64_t seq, std::string_view bytes) {
    if (out_.nack) return;
    add_row({seq, seq, false, wire::GapReason::kNone, 0, s.chain});
    ++out_.records;
    if (lane_ == kLogLane) return;
    auto record = wire::decode_record(bytes);
    if (record)
      effects_.add(s, std::move(*record));
    else if (record.error().code != Errc::kUnsupported)  // a newer node's: kept, without effect
      nack(seq, record.error().message);
  };
  const auto on_gap = [&](uint64_t from, uint64_t to, wire::GapReason reason) {
    add_row({from, to, true, reason, std::exchange(lost_bytes, 0), s.chain});
    out_.gaps += to - from + 1;
  };
  if (s.kind == wire::SegmentKind::kGap) {
    on_gap(s.from, s.to, s.reason);
  } else if (auto walked = walk_records(s, {on_record, on_gap}); !walked && !out_.nack) {
    nack(s.from, walked.error().message);
  }
  return !out_.nack;
}

void Batch::add_row(const LedgerRow& row) {
  if (row_ && merges(*row_, row)) {
    row_->to = row.to;
    row_->lost_bytes += row.lost_bytes;
    row_->chain = row.chain;
    return;
  }
  if (row_) ready_.push_back(*row_);
  row_ = row;
}

// Ledger and watermark of the epoch so far.
Result<void> Batch::settle() {
  if (row_) ready_.push_back(*std::exchange(row_, std::nullopt));
  for (const LedgerRow& row : ready_)
    if (auto done = store_.lanes.append(epoch_row_, lane_, row); !done) return done;
  if (ready_.empty()) return {};
  ready_.clear();
  return store_.lanes.set_watermark(epoch_row_, *current_);
}

}  // namespace

Result<Applied> apply(Store& store, int64_t node, wire::Segments& batch, int64_t now_ns) {
  if (batch.lane >= wire::kLaneCount)
    return Error{Errc::kInvalid, "there is no lane " + std::to_string(batch.lane)};
  return Batch(store, node, batch.lane).run(batch, now_ns);
}

}  // namespace farmhand::coordinator
