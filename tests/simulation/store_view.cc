// SPDX-License-Identifier: Apache-2.0
#include "store_view.hh"

#include <algorithm>

#include "base/bytes.hh"
#include "base/digest.hh"
#include "coordinator/prepare.hh"
#include "coordinator/readings.hh"

namespace farmhand::simulation {
namespace {


// Of the derived tables everything but times and row numbers. Readings are walked apart.
constexpr std::array<std::string_view, 10> kQuestions = {
    "SELECT uuid, hostname, cloud, vendors, banned_boot_id FROM node ORDER BY uuid",
    "SELECT n.uuid, e.counter, w.lane, w.seq FROM watermark w JOIN epoch e ON e.id = w.epoch "
    "JOIN node n ON n.id = e.node ORDER BY 1, 2, 3",
    "SELECT n.uuid, e.counter, l.lane, l.from_seq, l.to_seq, l.kind, l.reason FROM ledger l "
    "JOIN epoch e ON e.id = l.epoch JOIN node n ON n.id = e.node ORDER BY 1, 2, 3, 4",
    "SELECT n.uuid, e.counter, x.lane, x.last_seq FROM epoch_end x JOIN epoch e ON e.id = x.epoch "
    "JOIN node n ON n.id = e.node ORDER BY 1, 2, 3",
    "SELECT plugin, key, partition, vendor, model, serial, state, reason, present FROM device "
    "ORDER BY 1, 2",
    "SELECT plugin, device, dtype, tera_ops FROM peak ORDER BY 1, 2, 3",
    "SELECT id, vendor, version, health, sentence, restarts FROM plugin ORDER BY 1",
    "SELECT id, plugin, device, record FROM metric_table ORDER BY 1",
    "SELECT plugin, device, severity, reason, sentence, total FROM last_event ORDER BY 1, 2",
    "SELECT uuid, state, sentence FROM command ORDER BY 1"};

void append_text(std::string& text, std::string_view value) {
  text.append(std::to_string(value.size())).append(":").append(value).append(" ");
}

bool comes_before(const Delivered& a, const Delivered& b) {
  if (a.epoch.counter != b.epoch.counter) return a.epoch.counter < b.epoch.counter;
  return a.from < b.from;
}

}  // namespace

Result<StoreView> StoreView::open(const std::string& path) {
  auto db = sqlite::Database::open(path, {});
  if (!db) return db.error();
  return StoreView(std::move(*db));
}

Result<DeliveredLanes> StoreView::delivered(const Uuid& node) {
  DeliveredLanes lanes;
  auto done = walk_archive(
      &node, [&](const Delivered& d, Lane lane) { lanes[index_of(lane)].push_back(d); });
  if (!done) return done.error();
  if (done = add_gaps(node, lanes); !done) return done.error();
  for (auto& lane : lanes) std::sort(lane.begin(), lane.end(), comes_before);
  return lanes;
}

Result<void> StoreView::walk(const Use& use) {
  return walk_archive(nullptr, use);
}

Result<void> StoreView::walk_archive(const Uuid* node, const Use& use) {
  auto statement = sqlite::Statement::prepare(
      db_,
      "SELECT a.id >> 48, e.counter, e.random, a.from_seq, a.to_seq, a.kind, a.bytes "
      "FROM archive a JOIN epoch e ON e.id = a.epoch JOIN node n ON n.id = e.node "
      "WHERE ?1 IS NULL OR n.uuid = ?1 ORDER BY a.id");
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  if (node != nullptr) query.bind_blob(node->raw());
  for (;;) {
    auto row = query.step();
    if (!row) return row.error();
    if (!*row) return {};
    Segment s;
    s.lane = static_cast<Lane>(query.integer(0));
    s.epoch.counter = static_cast<uint64_t>(query.integer(1));
    s.epoch.random = array_from<16>(query.blob(2));
    s.from = static_cast<uint64_t>(query.integer(3));
    s.to = static_cast<uint64_t>(query.integer(4));
    s.kind = static_cast<SegmentKind>(query.integer(5));
    s.bytes = query.blob(6);
    const auto on_record = [&](uint64_t seq, std::string_view record) {
      use({s.epoch, seq, seq, false, GapReason::kNone, std::string(record)}, s.lane);
    };
    const auto on_gap = [](uint64_t, uint64_t, GapReason) {};  // the ledger has them
    if (auto walked = walk_segment(s, {on_record, on_gap}); !walked) return walked;
  }
}

Result<void> StoreView::add_gaps(const Uuid& node, DeliveredLanes& lanes) {
  auto statement = sqlite::Statement::prepare(
      db_,
      "SELECT l.lane, e.counter, e.random, l.from_seq, l.to_seq, l.reason FROM ledger l "
      "JOIN epoch e ON e.id = l.epoch JOIN node n ON n.id = e.node "
      "WHERE n.uuid = ? AND l.kind = 1");
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  query.bind_blob(node.raw());
  for (;;) {
    auto row = query.step();
    if (!row) return row.error();
    if (!*row) return {};
    Delivered gap;
    gap.epoch = {static_cast<uint64_t>(query.integer(1)), array_from<16>(query.blob(2))};
    gap.from = static_cast<uint64_t>(query.integer(3));
    gap.to = static_cast<uint64_t>(query.integer(4));
    gap.gap = true;
    gap.reason = static_cast<GapReason>(query.integer(5));
    lanes[static_cast<size_t>(query.integer(0))].push_back(std::move(gap));
  }
}

Result<void> StoreView::add_rows(std::string_view sql, std::string& text) {
  auto statement = sqlite::Statement::prepare(db_, sql);
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  const int columns = static_cast<int>(std::count(
                          sql.begin(), sql.begin() + static_cast<long>(sql.find(" FROM ")), ',')) +
                      1;
  text.append(sql).append("\n");
  for (;;) {
    auto row = query.step();
    if (!row) return row.error();
    if (!*row) return {};
    for (int i = 0; i < columns; ++i) append_text(text, query.blob(i));
    text.append("\n");
  }
}

Result<std::string> StoreView::state() {
  std::string text;
  for (const std::string_view sql : kQuestions)
    if (auto done = add_rows(sql, text); !done) return done.error();
  // Readings without their times.
  auto statement = sqlite::Statement::prepare(
      db_, "SELECT plugin, device, metric_table, readings FROM latest ORDER BY 1, 2");
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  for (;;) {
    auto row = query.step();
    if (!row) return row.error();
    if (!*row) break;
    for (int i = 0; i < 3; ++i) append_text(text, query.blob(i));
    const coordinator::Readings readings{std::string(query.blob(3))};
    for (uint32_t i = 0; i * 17 < readings.packed().size(); ++i)
      if (const auto reading = readings.find(i))
        append_text(text, std::to_string(reading->status) + "=" + std::to_string(reading->value));
    text.append("\n");
  }
  auto nodes = sqlite::Statement::prepare(db_, "SELECT uuid FROM node ORDER BY uuid");
  if (!nodes) return nodes.error();
  sqlite::Query each(*nodes);
  auto uuids = coordinator::rows_of(
      each, [](const sqlite::Query& q) { return coordinator::uuid_from(q.blob(0)); });
  if (!uuids) return uuids.error();
  for (const Uuid& uuid : *uuids) {
    auto lanes = delivered(uuid);
    if (!lanes) return lanes.error();
    for (const auto& lane : *lanes)
      for (const Delivered& d : lane)
        append_text(text, d.gap ? std::string(name_of(d.reason)) : d.record);
  }
  return text;
}

std::string hash_of_state(const std::string& state) {
  return hex_of(sha256(state)).substr(0, 16);
}

}  // namespace farmhand::simulation
