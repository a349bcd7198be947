// SPDX-License-Identifier: Apache-2.0
// The registers as they are read: of a sound file, of one to be sealed, of a damaged one.
#include <map>
#include <sstream>

#include "base/bytes.hh"
#include "outbox/registers.hh"
#include "outbox/seals.hh"

namespace farmhand {

using sqlite::Query;
using sqlite::run_once;

namespace {

const Error kDamagedRegister = {Errc::kCorrupt, "what the queue file says of itself is damaged"};

uint64_t unsigned_at(const Query& q, int column) {
  return static_cast<uint64_t>(q.integer(column));
}

Place place_at(const Query& q, int column) {
  return {static_cast<uint32_t>(q.integer(column)), unsigned_at(q, column + 1)};
}

}  // namespace

Result<Registers> Registers::load(sqlite::Database& db, bool unsealed) {
  Registers r(db);
  r.unsealed_ = unsealed;
  if (auto loaded = r.load_lanes(); !loaded) return loaded.error();
  if (auto loaded = r.load_epochs(); !loaded) return loaded.error();
  if (auto loaded = r.load_boots(); !loaded) return loaded.error();
  if (auto loaded = r.load_tally(); !loaded) return loaded.error();
  auto save = sqlite::Statement::prepare(
      db, "INSERT OR REPLACE INTO lane VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!save) return save.error();
  r.save_lane_ = std::move(*save);
  return r;
}

Registers Registers::load_readable(sqlite::Database& db, LanesKnown& lanes_known) {
  Registers r(db);
  r.lenient_ = true;
  const auto version = r.meta("version");
  r.unsealed_ = version && *version == "1";
  (void)r.load_lanes();
  lanes_known = r.lanes_sound_;
  (void)r.load_epochs();
  (void)r.load_copies();
  for (const Lane lane : kLanes) {
    if (lanes_known[index_of(lane)]) continue;
    r.lane(lane) = {};
    r.lane(lane).applied = r.applied_once_[index_of(lane)].first;
    r.lane(lane).applied_chain = r.applied_once_[index_of(lane)].second;
  }
  (void)r.load_boots();
  (void)r.load_tally();
  return r;
}

Result<void> Registers::load_lanes() {
  auto done = run_once(
      *db_,
      "SELECT lane, last_seq, last_chain, applied_epoch, applied_seq, applied_chain, floor_epoch,"
      " floor_seq, floor_chain, thinned_epoch, thinned_seq, bytes, tail_bytes, depth, gap_records,"
      " gap_bytes, crc FROM lane",
      nullptr, [&](const Query& q) {
        const auto index = unsigned_at(q, 0);
        if (index >= lanes.size()) return;
        lanes[index] = {unsigned_at(q, 1),  array_from<16>(q.blob(2)),
                        place_at(q, 3),     array_from<16>(q.blob(5)),
                        place_at(q, 6),     array_from<16>(q.blob(8)),
                        place_at(q, 9),     unsigned_at(q, 11),
                        unsigned_at(q, 12), unsigned_at(q, 13),
                        unsigned_at(q, 14), unsigned_at(q, 15)};
        lanes_sound_[index] = sum_is(q, 16, sum_of(index, lanes[index]), unsealed_);
      });
  if (!done) return done;
  for (const bool sound : lanes_sound_) {
    if (!sound) return kDamagedRegister;
  }
  saved_ = lanes;
  return {};
}

Result<void> Registers::load_epochs() {
  bool sound = true;
  auto done = run_once(*db_, "SELECT id, counter, random, crc FROM epoch ORDER BY id", nullptr,
                       [&](const Query& q) {
                         const KnownEpoch known{static_cast<uint32_t>(q.integer(0)),
                                                {unsigned_at(q, 1), array_from<16>(q.blob(2))}};
                         if (sum_is(q, 3, sum_of(known.id, known.epoch), unsealed_)) {
                           epochs_.push_back(known);
                         } else {
                           sound = false;
                         }
                       });
  if (done && !sound && !lenient_) return kDamagedRegister;
  return done;
}

Result<void> Registers::seal(sqlite::Database& db) {
  auto r = load(db, true);
  if (!r) return r.error();
  const auto epochs = std::exchange(r->epochs_, {});
  for (const auto& known : epochs) {
    for (const Lane lane : kLanes) {
      auto end = r->find_end(known.id, lane);
      if (!end) return end.error();
      if (!*end) continue;
      if (auto put = r->put_end(known.id, lane, **end); !put) return put;
    }
    if (auto put = r->add_epoch(known.id, known.epoch); !put) return put;
  }
  r->saved_ = {};
  for (LaneState& state : r->saved_) state.last_seq = ~uint64_t{0};
  return r->save_lanes();
}

// For a damaged file: what the tables epoch and epoch_end do not say any more.
Result<void> Registers::load_copies() {
  std::map<uint32_t, Epoch> all;
  for (const auto& known : epochs_) all.emplace(known.id, known.epoch);
  uint32_t latest = 0;
  auto done =
      run_once(*db_, "SELECT value FROM meta WHERE key GLOB 'end.*'", nullptr, [&](const Query& q) {
        const auto copy = end_copy_from(q.blob(0));
        if (copy) end_copies_[{copy->epoch, copy->lane}] = copy->end;
      });
  auto epochs = run_once(*db_, "SELECT value FROM meta WHERE key GLOB 'epoch.*'", nullptr,
                         [&](const Query& q) {
                           const auto copy = epoch_copy_from(q.blob(0));
                           if (!copy) return;
                           all.emplace(copy->id, copy->epoch);
                           if (copy->id < latest) return;
                           latest = copy->id;
                           applied_once_ = copy->applied;
                         });
  epochs_.clear();
  for (const auto& [id, epoch] : all) epochs_.push_back({id, epoch});
  return done ? epochs : done;
}

Result<void> Registers::load_boots() {
  return run_once(*db_, "SELECT id, uuid FROM boot", nullptr, [&](const Query& q) {
    boots_.emplace_back(static_cast<uint32_t>(q.integer(0)), array_from<16>(q.blob(1)));
  });
}

// Numbers in the order of `Tally`; those that an older version did not write are 0.
Result<void> Registers::load_tally() {
  auto text = meta("tally");
  if (!text) return text.error();
  std::istringstream numbers(*text);
  numbers >> tally.interruptions;
  for (auto& lane : tally.dropped) {
    for (uint64_t& records : lane) {
      if (!(numbers >> records)) records = 0;
    }
  }
  saved_tally_ = tally;
  return {};
}

Result<std::optional<EpochEnd>> Registers::find_end(uint32_t epoch, Lane lane) {
  std::optional<EpochEnd> end;
  if (epoch == current() && epoch != 0) {
    end = EpochEnd{lanes[index_of(lane)].last_seq, lanes[index_of(lane)].last_chain};
    return end;
  }
  bool sound = true;
  auto done = run_once(
      *db_, "SELECT last_seq, last_chain, crc FROM epoch_end WHERE epoch = ? AND lane = ?",
      [&](Query& q) { q.bind(epoch).bind(index_of(lane)); },
      [&](const Query& q) {
        end = EpochEnd{unsigned_at(q, 0), array_from<16>(q.blob(1))};
        sound = sum_is(q, 2, sum_of(epoch, lane, *end), unsealed_);
      });
  if (lenient_ && (!done || !sound || !end)) {
    const auto copy = end_copies_.find({epoch, lane});
    if (copy == end_copies_.end()) return std::optional<EpochEnd>();
    return std::optional(copy->second);
  }
  if (!done) return done.error();
  if (!sound) return kDamagedRegister;
  return end;
}

Result<std::vector<std::pair<Lane, Place>>> Registers::moves() {
  std::vector<std::pair<Lane, Place>> all;
  auto done = run_once(*db_, "SELECT lane, epoch, seq FROM move", nullptr, [&](const Query& q) {
    all.emplace_back(static_cast<Lane>(q.integer(0)), place_at(q, 1));
  });
  if (!done) return done.error();
  return all;
}

}  // namespace farmhand
