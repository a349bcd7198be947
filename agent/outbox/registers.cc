// SPDX-License-Identifier: Apache-2.0
#include "outbox/registers.hh"

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

#include "base/bytes.hh"
#include "base/digest.hh"

namespace farmhand {

namespace {

using sqlite::Query;
using sqlite::Statement;

std::string_view raw(const std::array<uint8_t, 16>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::array<uint8_t, 16> array_from(std::string_view bytes) {
  std::array<uint8_t, 16> out{};
  if (bytes.size() == out.size()) std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

std::string checked(std::string bytes) {
  append_le(bytes, crc32c(bytes));
  return bytes;
}

// The bytes without their checksum; nothing where it is wrong.
std::optional<std::string_view> take_checked(std::string_view bytes) {
  if (bytes.size() < sizeof(uint32_t)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  bytes.remove_prefix(body.size());
  if (*take_le<uint32_t>(bytes) != crc32c(body)) return std::nullopt;
  return body;
}

uint32_t sum_of(size_t lane, const LaneState& s) {
  std::string bytes;
  append_le(bytes, uint64_t{lane});
  for (const uint64_t n :
       {s.last_seq, uint64_t{s.applied.epoch}, s.applied.seq, uint64_t{s.floor.epoch}, s.floor.seq,
        uint64_t{s.thinned.epoch}, s.thinned.seq, s.bytes, s.tail_bytes, s.depth, s.gap_records,
        s.gap_bytes}) {
    append_le(bytes, n);
  }
  for (const Chain* chain : {&s.last_chain, &s.applied_chain, &s.floor_chain}) bytes += raw(*chain);
  return crc32c(bytes);
}

uint32_t sum_of(uint32_t id, const Epoch& epoch) {
  std::string bytes;
  append_le(bytes, id);
  append_le(bytes, epoch.counter);
  bytes += raw(epoch.random);
  return crc32c(bytes);
}

uint32_t sum_of(uint32_t epoch, Lane lane, const EpochEnd& end) {
  std::string bytes;
  append_le(bytes, epoch);
  append_le(bytes, uint64_t{index_of(lane)});
  append_le(bytes, end.seq);
  bytes += raw(end.chain);
  return crc32c(bytes);
}

// What is read from a damaged page may look like a row of NULLs.
bool sum_is(const Query& q, int column, uint32_t sum, bool may_be_null) {
  return q.is_null(column) ? may_be_null : q.integer(column) == int64_t{sum};
}

const Error kDamagedRegister = {Errc::kCorrupt, "what the queue file says of itself is damaged"};

uint64_t unsigned_at(const Query& q, int column) {
  return static_cast<uint64_t>(q.integer(column));
}

Place place_at(const Query& q, int column) {
  return {static_cast<uint32_t>(q.integer(column)), unsigned_at(q, column + 1)};
}

// For what is asked once in a while: prepared, run row by row, forgotten.
Result<void> each_row(sqlite::Database& db, std::string_view sql,
                      const std::function<void(Query&)>& bind,
                      const std::function<void(const Query&)>& use) {
  auto statement = Statement::prepare(db, sql);
  if (!statement) return statement.error();
  Query q(*statement);
  if (bind) bind(q);
  for (;;) {
    auto more = q.step();
    if (!more) return more.error();
    if (!*more) return {};
    if (use) use(q);
  }
}

}  // namespace

Result<Registers> Registers::load(sqlite::Database& db, bool unsealed) {
  Registers r(db);
  r.unsealed_ = unsealed;
  if (auto loaded = r.load_lanes(); !loaded) return loaded.error();
  if (auto loaded = r.load_epochs(); !loaded) return loaded.error();
  if (auto loaded = r.load_boots(); !loaded) return loaded.error();
  if (auto loaded = r.load_tally(); !loaded) return loaded.error();
  auto save = Statement::prepare(
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
  auto done = each_row(
      *db_,
      "SELECT lane, last_seq, last_chain, applied_epoch, applied_seq, applied_chain, floor_epoch,"
      " floor_seq, floor_chain, thinned_epoch, thinned_seq, bytes, tail_bytes, depth, gap_records,"
      " gap_bytes, crc FROM lane",
      nullptr, [&](const Query& q) {
        const auto index = unsigned_at(q, 0);
        if (index >= lanes.size()) return;
        lanes[index] = {unsigned_at(q, 1),     array_from(q.blob(2)), place_at(q, 3),
                        array_from(q.blob(5)), place_at(q, 6),        array_from(q.blob(8)),
                        place_at(q, 9),        unsigned_at(q, 11),    unsigned_at(q, 12),
                        unsigned_at(q, 13),    unsigned_at(q, 14),    unsigned_at(q, 15)};
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
  auto done = each_row(*db_, "SELECT id, counter, random, crc FROM epoch ORDER BY id", nullptr,
                       [&](const Query& q) {
                         const KnownEpoch known{static_cast<uint32_t>(q.integer(0)),
                                                {unsigned_at(q, 1), array_from(q.blob(2))}};
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

// A copy of the epoch lies on another page, with how far the lanes were applied when it began.
std::string Registers::copy_of(uint32_t id, const Epoch& epoch) const {
  std::string copy;
  append_le(copy, id);
  append_le(copy, epoch.counter);
  copy += raw(epoch.random);
  for (const LaneState& lane : lanes) {
    append_le(copy, lane.applied.epoch);
    append_le(copy, lane.applied.seq);
    copy += raw(lane.applied_chain);
  }
  return checked(std::move(copy));
}

// For a damaged file: what the tables epoch and epoch_end do not say any more.
Result<void> Registers::load_copies() {
  std::map<uint32_t, Epoch> all;
  for (const auto& known : epochs_) all.emplace(known.id, known.epoch);
  uint32_t latest = 0;
  auto done =
      each_row(*db_, "SELECT key, value FROM meta WHERE key GLOB 'epoch.*' OR key GLOB 'end.*'",
               nullptr, [&](const Query& q) {
                 auto body = take_checked(q.blob(1));
                 if (!body) return;
                 const auto id = take_le<uint32_t>(*body);
                 if (q.text(0).starts_with("end.")) {
                   const auto lane = take_le<uint32_t>(*body);
                   const auto seq = take_le<uint64_t>(*body);
                   if (id && lane && seq) end_copies_[{*id, *lane}] = {*seq, array_from(*body)};
                   return;
                 }
                 const auto counter = take_le<uint64_t>(*body);
                 if (!id || !counter || body->size() < 16) return;
                 all.emplace(*id, Epoch{*counter, array_from(body->substr(0, 16))});
                 body->remove_prefix(16);
                 if (*id < latest) return;
                 latest = *id;
                 for (auto& [place, chain] : applied_once_) {
                   const auto epoch = take_le<uint32_t>(*body);
                   const auto seq = take_le<uint64_t>(*body);
                   if (!epoch || !seq || body->size() < 16) return;
                   place = {*epoch, *seq};
                   chain = array_from(body->substr(0, 16));
                   body->remove_prefix(16);
                 }
               });
  epochs_.clear();
  for (const auto& [id, epoch] : all) epochs_.push_back({id, epoch});
  return done;
}

Result<void> Registers::load_boots() {
  return each_row(*db_, "SELECT id, uuid FROM boot", nullptr, [&](const Query& q) {
    boots_.emplace_back(static_cast<uint32_t>(q.integer(0)), array_from(q.blob(1)));
  });
}

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
  auto done = each_row(
      *db_, "INSERT OR REPLACE INTO epoch VALUES (?, ?, ?, ?)",
      [&](Query& q) {
        q.bind(id).bind(epoch.counter).bind_blob(raw(epoch.random)).bind(sum_of(id, epoch));
      },
      nullptr);
  if (!done) return done;
  epochs_.push_back({id, epoch});
  return put_copy("epoch." + std::to_string(id), copy_of(id, epoch));
}

Result<void> Registers::put_copy(const std::string& key, const std::string& copy) {
  return each_row(
      *db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)",
      [&](Query& q) { q.bind(std::string_view(key)).bind_blob(copy); }, nullptr);
}

Result<void> Registers::put_end(uint32_t epoch, Lane lane, const EpochEnd& end) {
  auto done = each_row(
      *db_, "INSERT OR REPLACE INTO epoch_end VALUES (?, ?, ?, ?, ?)",
      [&](Query& q) {
        q.bind(epoch).bind(index_of(lane)).bind(end.seq).bind_blob(raw(end.chain));
        q.bind(sum_of(epoch, lane, end));
      },
      nullptr);
  if (!done) return done;
  std::string copy;
  append_le(copy, epoch);
  append_le(copy, static_cast<uint32_t>(index_of(lane)));
  append_le(copy, end.seq);
  copy += raw(end.chain);
  const std::string key = "end." + std::to_string(epoch) + "." + std::to_string(index_of(lane));
  return put_copy(key, checked(std::move(copy)));
}

Result<std::optional<EpochEnd>> Registers::find_end(uint32_t epoch, Lane lane) {
  std::optional<EpochEnd> end;
  if (epoch == current() && epoch != 0) {
    end = EpochEnd{lanes[index_of(lane)].last_seq, lanes[index_of(lane)].last_chain};
    return end;
  }
  bool sound = true;
  auto done = each_row(
      *db_, "SELECT last_seq, last_chain, crc FROM epoch_end WHERE epoch = ? AND lane = ?",
      [&](Query& q) { q.bind(epoch).bind(index_of(lane)); },
      [&](const Query& q) {
        end = EpochEnd{unsigned_at(q, 0), array_from(q.blob(1))};
        sound = sum_is(q, 2, sum_of(epoch, lane, *end), unsealed_);
      });
  if (lenient_ && (!done || !sound || !end)) {
    const auto copy = end_copies_.find({epoch, static_cast<uint32_t>(index_of(lane))});
    if (copy == end_copies_.end()) return std::optional<EpochEnd>();
    return std::optional(copy->second);
  }
  if (!done) return done.error();
  if (!sound) return kDamagedRegister;
  return end;
}

Result<uint32_t> Registers::boot_number(const std::array<uint8_t, 16>& boot_id) {
  uint32_t last = 0;
  for (const auto& [number, id] : boots_) {
    if (id == boot_id) return number;
    last = std::max(last, number);
  }
  auto done = each_row(
      *db_, "INSERT INTO boot VALUES (?, ?)",
      [&](Query& q) { q.bind(last + 1).bind_blob(raw(boot_id)); }, nullptr);
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

Result<std::vector<std::pair<Lane, Place>>> Registers::moves() {
  std::vector<std::pair<Lane, Place>> all;
  auto done = each_row(*db_, "SELECT lane, epoch, seq FROM move", nullptr, [&](const Query& q) {
    all.emplace_back(static_cast<Lane>(q.integer(0)), place_at(q, 1));
  });
  if (!done) return done.error();
  return all;
}

Result<void> Registers::put_move(Lane lane, Place after) {
  return each_row(
      *db_, "INSERT OR REPLACE INTO move VALUES (?, ?, ?)",
      [&](Query& q) { q.bind(index_of(lane)).bind(after.epoch).bind(after.seq); }, nullptr);
}

Result<void> Registers::erase_move(Lane lane) {
  return each_row(
      *db_, "DELETE FROM move WHERE lane = ?", [&](Query& q) { q.bind(index_of(lane)); }, nullptr);
}

Result<std::string> Registers::meta(std::string_view key) {
  std::string value;
  auto done = each_row(
      *db_, "SELECT value FROM meta WHERE key = ?", [&](Query& q) { q.bind(key); },
      [&](const Query& q) { value = q.text(0); });
  if (!done) return done.error();
  return value;
}

Result<void> Registers::set_meta(std::string_view key, std::string_view value) {
  return each_row(
      *db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)", [&](Query& q) { q.bind(key).bind(value); },
      nullptr);
}

Result<void> Registers::set_meta(std::string_view key, int64_t value) {
  return each_row(
      *db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)", [&](Query& q) { q.bind(key).bind(value); },
      nullptr);
}

}  // namespace farmhand
