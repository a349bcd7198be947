// SPDX-License-Identifier: Apache-2.0
#include "coordinator/lane_table.hh"

namespace farmhand::coordinator {
namespace {

LedgerRow ledger_row_from(const sqlite::Query& q) {
  LedgerRow row;
  row.from = static_cast<uint64_t>(q.integer(0));
  row.to = static_cast<uint64_t>(q.integer(1));
  row.gap = q.integer(2) != 0;
  row.reason = static_cast<wire::GapReason>(q.integer(3));
  row.lost_bytes = static_cast<uint64_t>(q.integer(4));
  row.chain = array_from<16>(q.blob(5));
  return row;
}

// Columns: counter, random, lane, seq, chain.
wire::Watermark watermark_from(const sqlite::Query& q) {
  wire::Watermark w;
  w.epoch.counter = static_cast<uint64_t>(q.integer(0));
  w.epoch.random = array_from<16>(q.blob(1));
  w.lane = static_cast<uint8_t>(q.integer(2));
  w.seq = static_cast<uint64_t>(q.integer(3));
  w.chain = array_from<16>(q.blob(4));
  return w;
}

}  // namespace

Result<void> LaneTable::prepare(sqlite::Database& db) {
  return prepare_all(
      db, {{&current_,
            "SELECT e.counter, e.random, w.lane, w.seq, w.chain FROM epoch e JOIN watermark w "
            "ON w.epoch = e.id WHERE e.node = ? AND w.lane = ? ORDER BY e.counter DESC LIMIT 1"},
           {&applied_in_,
            "SELECT w.seq FROM epoch e JOIN watermark w ON w.epoch = e.id "
            "WHERE e.node = ? AND e.counter = ? AND e.random = ? AND w.lane = ?"},
           {&find_epoch_, "SELECT id FROM epoch WHERE node = ? AND counter = ? AND random = ?"},
           {&epoch_of_counter_, "SELECT id FROM epoch WHERE node = ? AND counter = ?"},
           {&add_epoch_, "INSERT INTO epoch(node, counter, random) VALUES (?, ?, ?) RETURNING id"},
           {&last_row_,
            "SELECT from_seq, to_seq, kind, reason, lost_bytes, chain FROM ledger "
            "WHERE epoch = ? AND lane = ? ORDER BY from_seq DESC LIMIT 1"},
           {&add_row_,
            "INSERT INTO ledger(epoch, lane, from_seq, to_seq, kind, reason, lost_bytes, chain) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
           {&extend_row_,
            "UPDATE ledger SET to_seq = ?, lost_bytes = ?, chain = ? "
            "WHERE epoch = ? AND lane = ? AND from_seq = ?"},
           {&set_watermark_,
            "INSERT INTO watermark(epoch, lane, seq, chain) VALUES (?, ?, ?, ?) "
            "ON CONFLICT(epoch, lane) DO UPDATE SET seq = excluded.seq, chain = excluded.chain"},
           {&archive_lane_, "SELECT next_id, bytes FROM archive_lane WHERE lane = ?"},
           {&add_to_archive_,
            "INSERT INTO archive(id, epoch, from_seq, to_seq, kind, encoding, boottime_ns, "
            "realtime_ns, synchronised, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
           {&set_archive_lane_, "UPDATE archive_lane SET next_id = ?, bytes = ? WHERE lane = ?"},
           {&oldest_, "SELECT id, length(bytes) FROM archive WHERE id >= ? ORDER BY id LIMIT 1"},
           {&drop_oldest_, "DELETE FROM archive WHERE id = ?"},
           {&end_epoch_,
            "INSERT INTO epoch_end(epoch, lane, last_seq, told_by) VALUES (?, ?, ?, ?) "
            "ON CONFLICT(epoch, lane) DO UPDATE SET last_seq = excluded.last_seq, "
            "told_by = excluded.told_by WHERE excluded.told_by >= told_by"},
           {&add_interruption_,
            "INSERT OR REPLACE INTO interruption(node, lane, from_ns, to_ns) VALUES (?, ?, ?, ?)"},
           {&all_lanes_,
            "SELECT e.counter, e.random, l.lane, w.seq, w.chain, n.uuid, e.id, w.seq IS NULL, "
            "coalesce(x.last_seq, 0) FROM node n JOIN epoch e ON e.node = n.id "
            "JOIN (SELECT epoch, lane FROM watermark UNION SELECT epoch, lane FROM ledger "
            "UNION SELECT epoch, lane FROM epoch_end WHERE last_seq > 0) l ON l.epoch = e.id "
            "LEFT JOIN watermark w ON w.epoch = l.epoch AND w.lane = l.lane "
            "LEFT JOIN epoch_end x ON x.epoch = l.epoch AND x.lane = l.lane "
            "ORDER BY n.id, e.counter, l.lane"},
           {&ledger_rows_,
            "SELECT from_seq, to_seq, kind, reason, lost_bytes, chain FROM ledger "
            "WHERE epoch = ? AND lane = ? ORDER BY from_seq"}});
}

Result<std::optional<wire::Watermark>> LaneTable::find_current(int64_t node, uint8_t lane) {
  sqlite::Query query(current_);
  query.bind(node).bind(lane);
  return row_of(query, watermark_from);
}

Result<std::vector<wire::Watermark>> LaneTable::watermarks(int64_t node) {
  std::vector<wire::Watermark> all;
  for (uint8_t lane = 0; lane < wire::kLaneCount; ++lane) {
    auto current = find_current(node, lane);
    if (!current) return current.error();
    if (*current) all.push_back(**current);
  }
  return all;
}

Result<uint64_t> LaneTable::applied_in(int64_t node, const wire::Epoch& epoch, uint8_t lane) {
  sqlite::Query query(applied_in_);
  query.bind(node).bind(epoch.counter).bind_blob(raw(epoch.random)).bind(lane);
  auto seq = row_of(query, [](const sqlite::Query& q) { return q.integer(0); });
  if (!seq) return seq.error();
  return static_cast<uint64_t>(seq->value_or(0));
}

Result<std::optional<int64_t>> LaneTable::find_epoch(int64_t node, const wire::Epoch& epoch) {
  sqlite::Query query(find_epoch_);
  query.bind(node).bind(epoch.counter).bind_blob(raw(epoch.random));
  return row_of(query, [](const sqlite::Query& q) { return q.integer(0); });
}

Result<int64_t> LaneTable::epoch_row(int64_t node, const wire::Epoch& epoch) {
  auto known = find_epoch(node, epoch);
  if (!known) return known.error();
  if (*known) return **known;

  sqlite::Query other(epoch_of_counter_);
  other.bind(node).bind(epoch.counter);
  auto taken = other.step();
  if (!taken) return taken.error();
  if (*taken)
    return Error{Errc::kExists, "epoch " + std::to_string(epoch.counter) +
                                    " was used by another life of this node: its disk was cloned "
                                    "or rolled back"};
  sqlite::Query query(add_epoch_);
  query.bind(node).bind(epoch.counter).bind_blob(raw(epoch.random));
  auto added = row_of(query, [](const sqlite::Query& q) { return q.integer(0); });
  if (!added) return added.error();
  return **added;
}

Result<void> LaneTable::append(int64_t epoch, uint8_t lane, const LedgerRow& row) {
  std::optional<LedgerRow> last;
  {
    sqlite::Query query(last_row_);
    query.bind(epoch).bind(lane);
    auto found = row_of(query, ledger_row_from);
    if (!found) return found.error();
    last = *found;
  }
  if (last && merges(*last, row)) {
    sqlite::Query query(extend_row_);
    query.bind(row.to).bind(last->lost_bytes + row.lost_bytes).bind_blob(raw(row.chain));
    return query.bind(epoch).bind(lane).bind(last->from).run();
  }
  sqlite::Query query(add_row_);
  query.bind(epoch).bind(lane).bind(row.from).bind(row.to).bind(row.gap ? 1 : 0);
  query.bind(static_cast<int>(row.reason)).bind(row.lost_bytes).bind_blob(raw(row.chain));
  return query.run();
}

Result<void> LaneTable::set_watermark(int64_t epoch, const wire::Watermark& w) {
  return sqlite::Query(set_watermark_)
      .bind(epoch)
      .bind(w.lane)
      .bind(w.seq)
      .bind_blob(raw(w.chain))
      .run();
}

Result<void> LaneTable::archive(int64_t epoch, const wire::Segment& s) {
  if (s.bytes.empty()) return {};
  int64_t id = 0, bytes = 0;
  {
    sqlite::Query query(archive_lane_);
    auto standing = query.bind(s.lane).step();
    if (!standing) return standing.error();
    id = query.integer(0);
    bytes = query.integer(1) + static_cast<int64_t>(s.bytes.size());
  }
  {
    sqlite::Query query(add_to_archive_);
    query.bind(id).bind(epoch).bind(s.from).bind(s.to).bind(static_cast<int>(s.kind));
    query.bind(static_cast<int>(s.encoding)).bind(s.boottime_ns).bind(s.realtime_ns);
    query.bind(s.synchronised ? 1 : 0).bind_blob(s.bytes);
    if (auto done = query.run(); !done) return done;
  }
  const auto limit = static_cast<int64_t>(limits_[s.lane]);
  while (bytes > limit) {
    sqlite::Query oldest(oldest_);
    auto standing = oldest.bind(int64_t{s.lane} << 48).step();
    if (!standing) return standing.error();
    if (!*standing || oldest.integer(0) >= id) break;  // the newest stays, however large
    bytes -= oldest.integer(1);
    if (auto done = sqlite::Query(drop_oldest_).bind(oldest.integer(0)).run(); !done) return done;
  }
  return sqlite::Query(set_archive_lane_).bind(id + 1).bind(bytes).bind(s.lane).run();
}

Result<uint64_t> LaneTable::archived_bytes(uint8_t lane) {
  sqlite::Query query(archive_lane_);
  auto standing = query.bind(lane).step();
  if (!standing) return standing.error();
  return static_cast<uint64_t>(query.integer(1));
}

Result<void> LaneTable::end_epoch(int64_t node, const wire::EpochStart& start) {
  if (!start.old_epoch) return {};
  for (const wire::Watermark& last : start.last) {
    if (last.lane >= wire::kLaneCount) continue;
    auto epoch = find_epoch(node, last.epoch);
    if (!epoch) return epoch.error();
    if (!*epoch) continue;  // nothing of it ever came: the node says why in its gaps
    sqlite::Query query(end_epoch_);
    query.bind(**epoch).bind(last.lane).bind(last.seq);
    if (auto done = query.bind(start.old_epoch->counter).run(); !done) return done;
  }
  return {};
}

Result<void> LaneTable::add_interruption(int64_t node, const wire::Interruption& i) {
  return sqlite::Query(add_interruption_)
      .bind(node)
      .bind(i.lane)
      .bind(i.from_realtime_ns)
      .bind(i.to_realtime_ns)
      .run();
}

Result<std::vector<LedgerRow>> LaneTable::ledger_rows(int64_t epoch, uint8_t lane) {
  sqlite::Query query(ledger_rows_);
  query.bind(epoch).bind(lane);
  return rows_of(query, ledger_row_from);
}

Result<std::vector<LaneLedger>> LaneTable::ledgers() {
  std::vector<int64_t> epochs;
  sqlite::Query query(all_lanes_);
  auto lanes = rows_of(query, [&](const sqlite::Query& q) {
    LaneLedger lane;
    const wire::Watermark w = watermark_from(q);
    lane.node = uuid_from(q.blob(5));
    lane.epoch = w.epoch;
    lane.lane = w.lane;
    if (q.integer(7) == 0) lane.applied = w;
    lane.stated_end = static_cast<uint64_t>(q.integer(8));
    epochs.push_back(q.integer(6));
    return lane;
  });
  if (!lanes) return lanes.error();
  for (size_t i = 0; i < lanes->size(); ++i) {
    auto rows = ledger_rows(epochs[i], (*lanes)[i].lane);
    if (!rows) return rows.error();
    (*lanes)[i].rows = std::move(*rows);
  }
  return lanes;
}

}  // namespace farmhand::coordinator
