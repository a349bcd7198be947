// SPDX-License-Identifier: Apache-2.0
#include "outbox/queue_file.hh"

#include <algorithm>

#include "base/file.hh"
#include "base/log.hh"
#include "outbox/watermarks.hh"

namespace farmhand {

namespace {

constexpr uint64_t kVacuumPages = 64;  // a few pages per idle tick

std::string sibling(const std::string& path, std::string_view suffix) {
  const std::string stem = path.ends_with(".db") ? path.substr(0, path.size() - 3) : path;
  return stem + std::string(suffix);
}

// The caller's mistake, not the file's.
bool is_of_the_caller(Errc code) {
  return code == Errc::kNotFound || code == Errc::kInvalid;
}

}  // namespace

QueueFile::QueueFile(Options options)
    : options_(std::move(options)),
      ballast_(sibling(options_.path, ".ballast"), options_.budget.ballast_bytes),
      evidence_(sibling(options_.path, ".refused"), options_.budget.evidence_bytes) {
  stats_.size_max = options_.budget.size_max;
  stats_.room_bytes = ballast_.room_bytes();
  stats_.directory = directory_of(options_.path);
  for (const Lane lane : kLanes) {
    stats_.lanes[index_of(lane)].quota_bytes = options_.budget.lane_bytes[index_of(lane)];
  }
}

QueueFile::~QueueFile() = default;

// Opens the file if need be. After an error it is dropped; damage is cured at once and the work
// done again, on what was saved.
template <typename T>
Result<T> QueueFile::guarded(const Stamp& now, const std::function<Result<T>()>& work) {
  if (auto opened = ensure_open(now); !opened) return opened.error();
  Result<T> done = work();
  if (!done && !is_of_the_caller(done.error().code)) {
    drop(done.error());
    if (!damaged_) return done;
    if (auto opened = ensure_open(now); !opened) return opened.error();
    done = work();
    if (!done && !is_of_the_caller(done.error().code)) {
      drop(done.error());
      return done;
    }
  }
  refresh_stats();
  return done;
}

Result<std::vector<Segment>> QueueFile::read_after(Lane lane, const std::optional<Watermark>& after,
                                                   size_t bytes_max, const Stamp& now) {
  return guarded<std::vector<Segment>>(now, [&] { return read(lane, after, bytes_max); });
}

void QueueFile::release(Lane lane) {
  in_flight_[index_of(lane)] = {};
  if (tables_ != nullptr) tables_->in_flight[index_of(lane)] = {};
}

Result<bool> QueueFile::nack(Lane lane, uint64_t seq, const std::string& reason, const Stamp& now) {
  return guarded<bool>(now, [&] { return count_nack(lane, seq, reason); });
}

Result<std::vector<Position>> QueueFile::positions(const Stamp& now) {
  return guarded<std::vector<Position>>(
      now, [&] { return Result<std::vector<Position>>(lives(now).positions()); });
}

Result<Standing> QueueFile::applied(const Watermark& watermark, const Stamp& now) {
  return guarded<Standing>(now, [&]() -> Result<Standing> {
    const Lane lane = watermark.lane;
    auto found = Watermarks(*tables_).judge(lane, watermark);
    if (!found) return found.error();
    const Place before = tables_->registers.lane(lane).applied;
    if (found->ours && found->place <= before) return Standing::kApplied;  // an old answer
    if (found->place >= tables_->in_flight[index_of(lane)]) release(lane);
    return adopt({{lane, watermark}}, now);
  });
}

Result<Standing> QueueFile::rewind(const std::array<std::optional<Watermark>, kLaneCount>& theirs,
                                   const Stamp& now) {
  return guarded<Standing>(now, [&] {
    tables_->in_flight = {};
    Claims claims;
    for (const Lane lane : kLanes) claims.emplace_back(lane, theirs[index_of(lane)]);
    return adopt(claims, now);
  });
}

// All lanes together: those that agree keep their place, and those that do not move to one new
// epoch.
Result<Standing> QueueFile::adopt(const Claims& claims, const Stamp& now) {
  Watermarks watermarks(*tables_);
  Lives::Moves moves;
  uint64_t counter_min = 0;
  bool rewound = false;
  std::vector<std::pair<Lane, WatermarkStanding>> agreed;
  bool writes = false;
  for (const auto& [lane, theirs] : claims) {
    auto found = watermarks.judge(lane, theirs);
    if (!found) return found.error();
    const Place applied = tables_->registers.lane(lane).applied;
    if (!found->ours) {
      counter_min = std::max(counter_min, theirs->epoch.counter);
      moves.emplace_back(lane, std::min(applied, found->place));
      if (found->place >= applied) continue;
    } else {
      rewound = rewound || found->place < applied;
    }
    writes = writes || watermarks.writes(lane, *found);
    agreed.emplace_back(lane, std::move(*found));
  }
  if (auto done = move_applied(agreed, writes); !done) return done.error();
  if (moves.empty()) return rewound ? Standing::kRewound : Standing::kApplied;
  log::warn(
      "outbox: the coordinator has what this file never had: the disk went back or was copied; a "
      "new epoch begins");
  tables_->in_flight = {};
  if (auto begun = lives(now).begin(counter_min, moves); !begun) return begun.error();
  return Standing::kNewEpoch;
}

// Without rows to change, the places are saved by the next commit: to forget them is harmless, the
// coordinator says them again.
Result<void> QueueFile::move_applied(
    const std::vector<std::pair<Lane, WatermarkStanding>>& findings, bool writes) {
  std::optional<sqlite::Transaction> transaction;
  if (writes) {
    auto begun = sqlite::Transaction::begin(tables_->db);
    if (!begun) return begun.error();
    transaction.emplace(std::move(*begun));
  }
  for (const auto& [lane, finding] : findings) {
    if (auto done = Watermarks(*tables_).apply(lane, finding); !done) return done;
    const Epoch* epoch = tables_->registers.find_epoch(finding.place.epoch);
    auto& heard = heard_[index_of(lane)];
    heard.reset();
    if (epoch != nullptr) heard = Watermark{*epoch, lane, finding.place.seq, finding.chain};
  }
  if (!transaction) return {};
  if (auto saved = tables_->registers.save_lanes(); !saved) return saved;
  return transaction->commit();
}

bool QueueFile::wal_is_long() const {
  return tables_ != nullptr && tables_->db.wal_bytes() > options_.budget.checkpoint_bytes;
}

Result<bool> QueueFile::write_wal_back() {
  if (!wal_is_long()) return true;
  auto written = tables_->db.checkpoint(sqlite::Database::Checkpoint::kPassive);
  if (!written) return written.error();
  return true;
}

void QueueFile::make_way(const Stamp& now) {
  (void)guarded<bool>(now, [&] { return write_wal_back(); });  // the next commit meets the error
}

Result<bool> QueueFile::maintain(const Stamp& now) {
  return guarded<bool>(now, [&]() -> Result<bool> {
    Tables& t = *tables_;
    ballast_.hold(now.boottime_ns);
    if (ballast_.state() != BallastState::kReleased) disk_full_ = false;
    if (!t.registers.lanes_saved()) {
      auto transaction = sqlite::Transaction::begin(t.db);
      if (!transaction) return transaction.error();
      Shedder shedder(t, options_.budget, now);
      if (auto trimmed = shedder.trim_tails(false); !trimmed) return trimmed.error();
      if (auto saved = t.registers.save_lanes(); !saved) return saved.error();
      if (auto committed = transaction->commit(); !committed) return committed.error();
    }
    auto pages = t.pages();
    if (!pages) return pages.error();
    const bool airy =
        pages->free * kPageBytes > options_.budget.vacuum_bytes && pages->free > pages->used / 2;
    if (airy) {
      const std::string vacuum = "PRAGMA incremental_vacuum(" + std::to_string(kVacuumPages) + ")";
      if (auto done = t.db.exec(vacuum.c_str()); !done) return done.error();
    }
    if (auto written = write_wal_back(); !written) return written.error();
    Result<bool> short_wal = false;
    if (!disk_full_) short_wal = t.db.lengthen_wal(options_.budget.wal_bytes_kept);
    if (!short_wal) return short_wal.error();
    return airy || *short_wal || ballast_.state() == BallastState::kReleased;
  });
}

void QueueFile::close(bool clean) {
  if (tables_ == nullptr) return;
  const auto note_end = [&]() -> Result<void> {
    auto transaction = sqlite::Transaction::begin(tables_->db);
    if (!transaction) return transaction.error();
    if (auto saved = tables_->registers.save_lanes(); !saved) return saved;
    if (auto set = tables_->registers.set_meta("clean", clean && !lost_since_ns_); !set) return set;
    return transaction->commit();
  };
  if (auto noted = note_end(); !noted) {
    log::warn("outbox: closed without noting it", {{"why", noted.error().message}});
    tables_->db.abandon();
  }
  tables_.reset();
  stats_.writable = false;
}

void QueueFile::refresh_stats() {
  if (tables_ == nullptr) return;
  const Epoch* epoch = tables_->registers.find_epoch(tables_->registers.current());
  if (epoch != nullptr) stats_.epoch = *epoch;
  for (const Lane lane : kLanes) {
    const size_t i = index_of(lane);
    const LaneState& state = tables_->registers.lane(lane);
    LaneStats& s = stats_.lanes[i];
    s.last_seq = state.last_seq;
    s.depth = state.depth;
    s.bytes = state.bytes;
    s.tail_bytes = state.tail_bytes;
    s.gap_records = state.gap_records;
    s.gap_bytes = state.gap_bytes;
    s.gaps = tables_->registers.tally.dropped[i];
    s.gap_end = tables_->registers.gap_end(lane);
    const LaneState& as_of = oldest_as_of_[i];
    const bool same = as_of.applied == state.applied && as_of.gap_records == state.gap_records &&
                      as_of.depth > 0 && state.depth > 0;
    if (same) continue;
    oldest_as_of_[i] = state;
    oldest_ns_[i] = 0;
    if (state.depth == 0) continue;
    auto row = tables_->rows.find_first(lane, state.applied);
    if (row && *row && (*row)->boot == tables_->boot) oldest_ns_[i] = (*row)->segment.boottime_ns;
  }
  stats_.interruptions = tables_->registers.tally.interruptions;
  stats_.ballast = ballast_.state();
  stats_.disk_full = disk_full_;
  if (auto pages = tables_->pages()) {
    stats_.file_bytes = (pages->used + pages->free) * kPageBytes + tables_->db.wal_bytes();
  }
}

}  // namespace farmhand
