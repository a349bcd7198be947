// SPDX-License-Identifier: Apache-2.0
#include "outbox/registers.hh"

#include <algorithm>

#include "base/bytes.hh"
#include "outbox/seals.hh"

namespace farmhand {

using sqlite::Query;
using sqlite::run_once;

Result<void> Registers::save_lanes() {
  for (size_t i = 0; i < lanes.size(); ++i) {
    const LaneState& s = lanes[i];
    if (s == saved_[i]) continue;
    Query q(save_lane_);
    q.bind(i).bind(s.last_seq).bind_blob(raw(s.last_chain));
    q.bind(s.applied.epoch).bind(s.applied.seq).bind_blob(raw(s.applied_chain));
    q.bind(s.floor.epoch).bind(s.floor.seq).bind_blob(raw(s.floor_chain));
    q.bind(s.thinned.epoch).bind(s.thinned.seq).bind(s.bytes).bind(s.tail_bytes).bind(s.depth);
    q.bind(s.gap_records).bind(s.gap_bytes).bind(sum_of(i, s));
    if (auto saved = q.run(); !saved) return saved;
    saved_[i] = s;
  }
  if (tally == saved_tally_) return {};
  std::string text = std::to_string(tally.interruptions);
  for (const auto& lane : tally.dropped) {
    for (const uint64_t records : lane) text += " " + std::to_string(records);
  }
  if (auto saved = set_meta("tally", text); !saved) return saved;
  saved_tally_ = tally;
  return {};
}

void Registers::note_gap(Lane lane, Place end, GapReason reason, uint64_t records, uint64_t bytes) {
  LaneState& state = this->lane(lane);
  state.gap_records += records;
  state.gap_bytes += bytes;
  tally.dropped[index_of(lane)][static_cast<size_t>(reason)] += records;
  uint64_t& highest = gap_ends_[index_of(lane)];
  if (end.epoch == current()) highest = std::max(highest, end.seq);
}

const Epoch* Registers::find_epoch(uint32_t id) const {
  for (const auto& known : epochs_) {
    if (known.id == id) return &known.epoch;
  }
  return nullptr;
}

std::optional<uint32_t> Registers::find_id(const Epoch& epoch) const {
  for (const auto& known : epochs_) {
    if (known.epoch == epoch) return known.id;
  }
  return std::nullopt;
}

Result<void> Registers::add_epoch(uint32_t id, const Epoch& epoch) {
  auto done = run_once(*db_, "INSERT OR REPLACE INTO epoch VALUES (?, ?, ?, ?)", [&](Query& q) {
    q.bind(id).bind(epoch.counter).bind_blob(raw(epoch.random)).bind(sum_of(id, epoch));
  });
  if (!done) return done;
  epochs_.push_back({id, epoch});
  EpochCopy copy{id, epoch, {}};
  for (size_t i = 0; i < lanes.size(); ++i) {
    copy.applied[i] = {lanes[i].applied, lanes[i].applied_chain};
  }
  return put_copy("epoch." + std::to_string(id), encode(copy));
}

Result<void> Registers::put_copy(const std::string& key, const std::string& copy) {
  return run_once(*db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                  [&](Query& q) { q.bind(std::string_view(key)).bind_blob(copy); });
}

Result<void> Registers::put_end(uint32_t epoch, Lane lane, const EpochEnd& end) {
  auto done =
      run_once(*db_, "INSERT OR REPLACE INTO epoch_end VALUES (?, ?, ?, ?, ?)", [&](Query& q) {
        q.bind(epoch).bind(index_of(lane)).bind(end.seq).bind_blob(raw(end.chain));
        q.bind(sum_of(epoch, lane, end));
      });
  if (!done) return done;
  const std::string key = "end." + std::to_string(epoch) + "." + std::to_string(index_of(lane));
  return put_copy(key, encode(EndCopy{epoch, lane, end}));
}

Result<uint32_t> Registers::boot_number(const std::array<uint8_t, 16>& boot_id) {
  uint32_t last = 0;
  for (const auto& [number, id] : boots_) {
    if (id == boot_id) return number;
    last = std::max(last, number);
  }
  auto done = run_once(*db_, "INSERT INTO boot VALUES (?, ?)",
                       [&](Query& q) { q.bind(last + 1).bind_blob(raw(boot_id)); });
  if (!done) return done.error();
  boots_.emplace_back(last + 1, boot_id);
  return last + 1;
}

std::array<uint8_t, 16> Registers::boot_id(uint32_t number) const {
  for (const auto& [known, id] : boots_) {
    if (known == number) return id;
  }
  return {};
}

Result<void> Registers::put_move(Lane lane, Place after) {
  return run_once(*db_, "INSERT OR REPLACE INTO move VALUES (?, ?, ?)",
                  [&](Query& q) { q.bind(index_of(lane)).bind(after.epoch).bind(after.seq); });
}

Result<void> Registers::erase_move(Lane lane) {
  return run_once(*db_, "DELETE FROM move WHERE lane = ?",
                  [&](Query& q) { q.bind(index_of(lane)); });
}

Result<std::string> Registers::meta(std::string_view key) {
  std::string value;
  auto done = run_once(
      *db_, "SELECT value FROM meta WHERE key = ?", [&](Query& q) { q.bind(key); },
      [&](const Query& q) { value = q.text(0); });
  if (!done) return done.error();
  return value;
}

Result<void> Registers::set_meta(std::string_view key, std::string_view value) {
  return run_once(*db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                  [&](Query& q) { q.bind(key).bind(value); });
}

Result<void> Registers::set_meta(std::string_view key, int64_t value) {
  return run_once(*db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                  [&](Query& q) { q.bind(key).bind(value); });
}

}  // namespace farmhand
