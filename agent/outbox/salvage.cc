// SPDX-License-Identifier: Apache-2.0
#include "outbox/salvage.hh"

#include <algorithm>
#include <chrono>

#include "outbox/first_page.hh"

namespace farmhand {

namespace {

constexpr size_t kPieceBytes = 1 << 20;  // per transaction: the WAL is bounded

class Salvage {
 public:
  Salvage(Rows& old_rows, Registers& old_registers, const Registers::LanesKnown& lanes_known,
          Tables& fresh)
      : rows_(old_rows), registers_(old_registers), known_(lanes_known), t_(fresh) {}

  Result<uint64_t> run() {
    if (auto copied = copy_registers(); !copied) return copied.error();
    for (const Lane lane : kLanes) {
      if (auto saved = save_lane(lane); !saved) return saved.error();
    }
    return saved_;
  }

 private:
  Result<void> copy_registers();
  Result<void> save_lane(Lane lane);
  Result<void> save_rows(Lane lane, Place after);
  Result<void> keep(Row& row);
  Result<void> flush();
  Result<void> fill_holes(Lane lane, Place after);
  Result<void> fill(Lane lane, uint32_t epoch, uint64_t from, uint64_t to, const Chain& chain);
  bool out_of_time() const { return std::chrono::steady_clock::now() > end_; }

  Rows& rows_;
  Registers& registers_;
  const Registers::LanesKnown known_;
  Tables& t_;
  std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kSalvageMs);
  std::vector<Row> piece_;
  size_t piece_bytes_ = 0;
  uint64_t saved_ = 0;
  Place last_kept_;
};

Result<void> Salvage::copy_registers() {
  auto transaction = sqlite::Transaction::begin(t_.db);
  if (!transaction) return transaction.error();
  for (const auto& known : registers_.epochs()) {
    for (const Lane lane : kLanes) {
      auto end = registers_.find_end(known.id, lane);
      if (!end || !*end) continue;  // a hole at the end stays unknown
      if (auto put = t_.registers.put_end(known.id, lane, **end); !put) return put;
    }
    if (auto added = t_.registers.add_epoch(known.id, known.epoch); !added) return added;
  }
  for (const Lane lane : kLanes) {
    const LaneState& was = registers_.lane(lane);
    LaneState& state = t_.registers.lane(lane);
    state.last_seq = was.last_seq;
    state.last_chain = was.last_chain;
    state.applied = state.floor = was.applied;  // the tail is not saved
    state.applied_chain = state.floor_chain = was.applied_chain;
    state.thinned = was.thinned;
    state.gap_records = was.gap_records;
    state.gap_bytes = was.gap_bytes;
  }
  t_.registers.tally = registers_.tally;
  if (auto saved = t_.registers.save_lanes(); !saved) return saved;
  return transaction->commit();
}

Result<void> Salvage::save_lane(Lane lane) {
  const Place after = registers_.lane(lane).applied;
  if (auto saved = save_rows(lane, after); !saved) return saved;
  return fill_holes(lane, after);
}

// Forwards as far as it goes, then from the end back to there.
Result<void> Salvage::save_rows(Lane lane, Place after) {
  Result<void> kept;
  last_kept_ = after;
  const auto use = [&](Row& row) {
    if (row.sound && registers_.find_epoch(row.epoch) != nullptr) kept = keep(row);
    return kept.ok() && !out_of_time();
  };
  const auto forwards = rows_.whole(lane, after, use);
  if (kept) kept = flush();
  if (!kept || forwards || out_of_time()) return kept;
  const Place reached = last_kept_;
  (void)rows_.whole_backwards(lane, reached, use);  // ends where the damage begins
  return kept ? flush() : kept;
}

Result<void> Salvage::keep(Row& row) {
  auto boot = t_.registers.boot_number(registers_.boot_id(row.boot));
  if (!boot) return boot.error();
  row.boot = *boot;
  last_kept_ = std::max(last_kept_, row.from());
  piece_bytes_ += row.size + 256;
  piece_.push_back(std::move(row));
  return piece_bytes_ >= kPieceBytes ? flush() : Result<void>();
}

Result<void> Salvage::flush() {
  auto transaction = sqlite::Transaction::begin(t_.db);
  if (!transaction) return transaction.error();
  for (const Row& row : piece_) {
    if (auto added = t_.add(row); !added) return added;
  }
  saved_ += piece_.size();
  piece_.clear();
  piece_bytes_ = 0;
  if (auto saved = t_.registers.save_lanes(); !saved) return saved;
  if (auto committed = transaction->commit(); !committed) return committed;
  return t_.db.checkpoint(sqlite::Database::Checkpoint::kPassive);
}

// Every number from the applied place to the last known end is a record or a gap.
Result<void> Salvage::fill_holes(Lane lane, Place after) {
  std::vector<Row> have;
  auto read = t_.rows.heads(lane, after, [&](Row& row) {
    have.push_back(row);
    return true;
  });
  if (!read) return read;
  auto transaction = sqlite::Transaction::begin(t_.db);
  if (!transaction) return transaction.error();
  auto next = have.begin();
  for (const auto& known : registers_.epochs()) {
    if (known.id < after.epoch) continue;
    uint64_t expected = known.id == after.epoch ? after.seq + 1 : 1;
    for (; next != have.end() && next->epoch == known.id; ++next) {
      auto put = fill(lane, known.id, expected, next->segment.from - 1, next->before);
      if (!put) return put;
      expected = next->segment.to + 1;
    }
    auto end = registers_.find_end(known.id, lane);
    if (!end || !*end) continue;
    if (auto put = fill(lane, known.id, expected, (*end)->seq, (*end)->chain); !put) return put;
  }
  if (!known_[index_of(lane)] && !have.empty()) {
    // The register is lost: the lane reaches as far as its last row.
    LaneState& state = t_.registers.lane(lane);
    const Row& last = have.back();
    if (last.epoch == t_.registers.current()) {
      state.last_seq = last.segment.to;
      state.last_chain = last.segment.chain;
    }
  }
  if (auto saved = t_.registers.save_lanes(); !saved) return saved;
  return transaction->commit();
}

Result<void> Salvage::fill(Lane lane, uint32_t epoch, uint64_t from, uint64_t to,
                           const Chain& chain) {
  if (from > to) return {};
  Row gap;
  gap.epoch = epoch;
  gap.boot = t_.boot;
  Segment& s = gap.segment;
  s.lane = lane;
  s.from = from;
  s.to = to;
  s.chain = chain;
  s.kind = SegmentKind::kGap;
  s.reason = GapReason::kCorruption;
  s.gap_count = gap.count();
  t_.registers.note_gap(lane, gap.end(), s.reason, gap.count(), 0);
  return t_.add(gap);
}

}  // namespace

Result<uint64_t> salvage(const std::string& damaged_path, const std::string& vfs, Tables& fresh) {
  const FirstPage first_page(damaged_path, fresh);  // outlives the connection
  auto old = sqlite::Database::open(
      damaged_path, {.cache_kib = 256, .bytes_max = 0, .checkpoint_self = true, .vfs = vfs});
  if (!old) return uint64_t{0};
  auto rows = Rows::prepare(*old);
  if (!rows) return uint64_t{0};
  Registers::LanesKnown lanes_known{};
  Registers registers = Registers::load_readable(*old, lanes_known);
  if (registers.epochs().empty()) return uint64_t{0};  // no row can be told whose it was
  auto saved = Salvage(*rows, registers, lanes_known, fresh).run();
  old->abandon();  // evidence: left as it is
  return saved;
}

}  // namespace farmhand
