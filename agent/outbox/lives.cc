// SPDX-License-Identifier: Apache-2.0
#include "outbox/lives.hh"

#include <algorithm>

#include "base/ids.hh"
#include "outbox/append.hh"

namespace farmhand {

namespace {
constexpr size_t kMoveBytes = 1 << 20;  // per transaction

// Where an epoch of a lane ends once the rows after a place have moved on.
EpochEnd end_before(const LaneState& state, Place after, uint32_t epoch) {
  if (epoch != after.epoch) return {};
  return {after.seq, after == state.applied ? state.applied_chain : Chain{}};
}

}  // namespace

std::vector<Position> Lives::positions() const {
  std::vector<Position> all;
  const Epoch* current = t.registers.find_epoch(t.registers.current());
  for (const Lane lane : kLanes) {
    const LaneState& state = t.registers.lane(lane);
    Position p;
    if (current != nullptr) p.epoch = *current;
    p.lane = lane;
    p.last_seq = state.last_seq;
    p.last_chain = state.last_chain;
    const Epoch* applied = t.registers.find_epoch(state.applied.epoch);
    if (applied != nullptr && state.applied.seq > 0) {
      p.applied = Watermark{*applied, lane, state.applied.seq, state.applied_chain};
    }
    all.push_back(p);
  }
  return all;
}

// What the coordinator may expect of the epochs so far. Rows that move come under new numbers: to
// state their old ones would make a hole of each.
std::vector<Position> Lives::ends_told(const Moves& moves) const {
  std::vector<Position> all = positions();
  for (const auto& [lane, after] : moves) {
    const LaneState& state = t.registers.lane(lane);
    for (const auto& known : t.registers.epochs()) {
      if (known.id < after.epoch) continue;
      const EpochEnd end = end_before(state, after, known.id);
      const bool current = known.id == t.registers.current();
      Position& told = current ? all[index_of(lane)] : all.emplace_back();
      told.epoch = known.epoch;
      told.lane = lane;
      told.last_seq = end.seq;
      told.last_chain = end.chain;
    }
  }
  return all;
}

Result<void> Lives::begin(uint64_t counter_min, const Moves& moves) {
  auto stored = epochs.load();
  if (!stored) return of_the_state(stored.error());
  Epoch epoch;
  epoch.counter = std::max(counter_min, *stored ? (*stored)->counter : 0);
  for (const auto& known : t.registers.epochs()) {
    epoch.counter = std::max(epoch.counter, known.epoch.counter);
  }
  ++epoch.counter;
  fill_random(epoch.random);
  if (t.registers.current() >= kEpochIdMax) {
    return Error{Errc::kCorrupt, "'" + t.db.path() + "' has no number left for another epoch"};
  }
  if (auto saved = epochs.save(epoch); !saved) return of_the_state(saved.error());

  auto transaction = sqlite::Transaction::begin(t.db);
  if (!transaction) return transaction.error();
  const auto old = t.registers.current() != 0 ? ends_told(moves) : std::vector<Position>();
  if (auto ended = end_epoch(moves); !ended) return ended;
  if (auto added = t.registers.add_epoch(t.registers.current() + 1, epoch); !added) return added;
  for (LaneState& state : t.registers.lanes) {
    state.last_seq = 0;
    state.last_chain = {};
  }
  if (encoders.epoch_start) {
    const std::string first = encoders.epoch_start(old);
    if (auto put = Appender(t, now).append(Lane::kResults, {&first, 1}); !put) return put.error();
  }
  if (auto saved = t.registers.save_lanes(); !saved) return saved;
  if (auto committed = transaction->commit(); !committed) return committed;
  return finish_moves();
}

// Notes where every lane of the current epoch ended. A moving lane ended where its rows begin to
// move, also in epochs before.
Result<void> Lives::end_epoch(const Moves& moves) {
  const uint32_t current = t.registers.current();
  if (current == 0) return {};
  for (const Lane lane : kLanes) {
    const LaneState& state = t.registers.lane(lane);
    const EpochEnd end{state.last_seq, state.last_chain};
    if (auto put = t.registers.put_end(current, lane, end); !put) return put;
  }
  for (const auto& [lane, after] : moves) {
    const LaneState& state = t.registers.lane(lane);
    for (const auto& known : t.registers.epochs()) {
      if (known.id < after.epoch) continue;
      const EpochEnd end = end_before(state, after, known.id);
      if (auto put = t.registers.put_end(known.id, lane, end); !put) return put;
    }
    if (auto put = t.registers.put_move(lane, after); !put) return put;
  }
  return {};
}

Result<void> Lives::finish_moves() {
  auto moves = t.registers.moves();
  if (!moves) return moves.error();
  for (const auto& [lane, after] : *moves) {
    for (;;) {
      auto more = move_some(lane, after);
      if (!more) return more.error();
      if (!*more) break;
      if (auto written = t.db.checkpoint(sqlite::Database::Checkpoint::kPassive); !written) {
        return written;
      }
    }
  }
  return {};
}

// False once nothing is left, and the move is struck off.
Result<bool> Lives::move_some(Lane lane, Place after) {
  std::vector<Row> rows;
  size_t bytes = 0;
  auto read = t.rows.whole(lane, after, [&](Row& row) {
    if (row.epoch >= t.registers.current()) return false;
    bytes += row.size + 256;
    rows.push_back(std::move(row));
    return bytes < kMoveBytes;
  });
  if (!read) return read.error();
  auto transaction = sqlite::Transaction::begin(t.db);
  if (!transaction) return transaction.error();
  for (Row& row : rows) {
    if (auto gone = t.remove(row); !gone) return gone.error();
    if (!row.sound) {
      auto gap = t.mended(row);
      if (!gap) return gap.error();
      row = std::move(*gap);
    }
    if (auto put = Appender(t, now).append_row(std::move(row)); !put) return put.error();
  }
  if (rows.empty()) {
    if (auto gone = t.registers.erase_move(lane); !gone) return gone.error();
  }
  if (auto saved = t.registers.save_lanes(); !saved) return saved.error();
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return !rows.empty();
}

}  // namespace farmhand
