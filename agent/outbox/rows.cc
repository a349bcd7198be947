// SPDX-License-Identifier: Apache-2.0
#include "outbox/rows.hh"

#include "base/bytes.hh"
#include "base/digest.hh"

namespace farmhand {

namespace {

constexpr std::string_view kHead =
    "SELECT position, to_seq, before, chain, kind, reason, gap_count, gap_bytes, boot, boottime_ns,"
    " realtime_ns, synchronised, encoding, crc, length(bytes)";
enum Column {
  kPosition,
  kTo,
  kBefore,
  kChain,
  kKind,
  kReason,
  kGapCount,
  kGapBytes,
  kBoot,
  kBoottime,
  kRealtime,
  kSynchronised,
  kEncoding,
  kCrc,
  kSize,
  kBytes,
};

// Covers every column: the bytes first, so that their own checksum falls out on the way.
uint32_t crc_of(const Row& row, uint32_t crc_of_bytes) {
  const Segment& s = row.segment;
  std::string head;
  append_le(head, position_of(s.lane, row.from()));
  append_le(head, s.to);
  head += raw(row.before);
  head += raw(s.chain);
  append_le(head, static_cast<uint8_t>(s.kind));
  append_le(head, static_cast<uint8_t>(s.reason));
  append_le(head, s.gap_count);
  append_le(head, s.gap_bytes);
  append_le(head, row.boot);
  append_le(head, s.boottime_ns);
  append_le(head, s.realtime_ns);
  append_le(head, static_cast<uint8_t>(s.synchronised));
  append_le(head, s.encoding);
  return crc32c(head, crc_of_bytes);
}

Chain chain_from(std::string_view bytes) {
  Chain chain{};
  if (bytes.size() == chain.size()) std::memcpy(chain.data(), bytes.data(), bytes.size());
  return chain;
}

Row head_from(const sqlite::Query& q) {
  Row row;
  Segment& s = row.segment;
  const int64_t position = q.integer(kPosition);
  s.lane = lane_of(position);
  row.epoch = place_of(position).epoch;
  s.from = place_of(position).seq;
  s.to = static_cast<uint64_t>(q.integer(kTo));
  row.before = chain_from(q.blob(kBefore));
  s.chain = chain_from(q.blob(kChain));
  s.kind = static_cast<SegmentKind>(q.integer(kKind));
  s.reason = static_cast<GapReason>(q.integer(kReason));
  s.gap_count = static_cast<uint64_t>(q.integer(kGapCount));
  s.gap_bytes = static_cast<uint64_t>(q.integer(kGapBytes));
  row.boot = static_cast<uint32_t>(q.integer(kBoot));
  s.boottime_ns = static_cast<uint64_t>(q.integer(kBoottime));
  s.realtime_ns = q.integer(kRealtime);
  s.synchronised = q.integer(kSynchronised) != 0;
  s.encoding = static_cast<uint8_t>(q.integer(kEncoding));
  row.size = static_cast<size_t>(q.integer(kSize));
  return row;
}

void take_bytes_into(Row& row, std::string_view bytes, int64_t crc) {
  row.segment.bytes.assign(bytes);
  row.segment.crc32c = crc32c(bytes);
  row.sound = crc_of(row, row.segment.crc32c) == static_cast<uint32_t>(crc) &&
              row.segment.from <= row.segment.to;
}

}  // namespace

// A row of up to about a page shares leaf pages; a larger one keeps a part of a page in the leaf
// and the rest in pages of its own.
uint64_t disk_cost(size_t bytes) {
  constexpr uint64_t kPage = 4096, kHeadBytes = 80;
  const uint64_t payload = bytes + kHeadBytes;
  if (payload <= kPage / 2) return payload;
  if (payload <= kPage) return kPage;
  return kPage + (payload + kPage - 1) / kPage * kPage;
}

Result<Rows> Rows::prepare(sqlite::Database& db) {
  const std::string head(kHead);
  const std::string after = " FROM segment WHERE position > ? AND position <= ?";
  const struct {
    sqlite::Statement Rows::*statement;
    std::string sql;
  } all[] = {
      {&Rows::put_, "INSERT OR REPLACE INTO segment VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
      {&Rows::erase_, "DELETE FROM segment WHERE position = ?"},
      {&Rows::erase_range_, "DELETE FROM segment WHERE position BETWEEN ? AND ?"},
      {&Rows::heads_, head + after + " ORDER BY position"},
      {&Rows::whole_, head + ", bytes" + after + " ORDER BY position"},
      {&Rows::whole_backwards_, head + ", bytes" + after + " ORDER BY position DESC"},
      {&Rows::head_at_, head + after + " ORDER BY position DESC LIMIT 1"},
      {&Rows::first_, head + after + " ORDER BY position LIMIT 1"},
      {&Rows::first_with_records_, head + after + " AND kind <> 1 ORDER BY position LIMIT 1"},
      {&Rows::bytes_, "SELECT bytes, crc FROM segment WHERE position = ?"},
  };
  Rows rows;
  for (const auto& [statement, sql] : all) {
    auto prepared = sqlite::Statement::prepare(db, sql);
    if (!prepared) return prepared.error();
    rows.*statement = std::move(*prepared);
  }
  return rows;
}

Result<void> Rows::put(const Row& row) {
  const Segment& s = row.segment;
  sqlite::Query q(put_);
  q.bind(position_of(s.lane, row.from())).bind(s.to);
  q.bind_blob(raw(row.before));
  q.bind_blob(raw(s.chain));
  q.bind(static_cast<int>(s.kind)).bind(static_cast<int>(s.reason));
  q.bind(s.gap_count).bind(s.gap_bytes).bind(row.boot).bind(s.boottime_ns).bind(s.realtime_ns);
  q.bind(static_cast<int>(s.synchronised)).bind(static_cast<int>(s.encoding));
  q.bind(crc_of(row, crc32c(s.bytes))).bind_blob(s.bytes);
  return q.run();
}

Result<void> Rows::erase(Lane lane, Place from) {
  return sqlite::Query(erase_).bind(position_of(lane, from)).run();
}

Result<void> Rows::erase_range(Lane lane, Place first, Place last) {
  return sqlite::Query(erase_range_)
      .bind(position_of(lane, first))
      .bind(position_of(lane, last))
      .run();
}

Result<void> Rows::each(sqlite::Statement& statement, Lane lane, Place after, const Use& use,
                        bool with_bytes) {
  sqlite::Query q(statement);
  q.bind(position_of(lane, after)).bind(position_of(lane, kLaneEnd));
  for (;;) {
    auto more = q.step();
    if (!more) return more.error();
    if (!*more) return {};
    Row row = head_from(q);
    if (with_bytes) take_bytes_into(row, q.blob(kBytes), q.integer(kCrc));
    if (!use(row)) return {};
  }
}

Result<void> Rows::heads(Lane lane, Place after, const Use& use) {
  return each(heads_, lane, after, use, false);
}

Result<void> Rows::whole(Lane lane, Place after, const Use& use) {
  return each(whole_, lane, after, use, true);
}

Result<void> Rows::whole_backwards(Lane lane, Place after, const Use& use) {
  return each(whole_backwards_, lane, after, use, true);
}

Result<std::optional<Row>> Rows::find(sqlite::Statement& statement, int64_t low, int64_t high) {
  sqlite::Query q(statement);
  auto found = q.bind(low).bind(high).step();
  if (!found) return found.error();
  if (!*found) return std::optional<Row>();
  return std::optional<Row>(head_from(q));
}

Result<std::optional<Row>> Rows::find_head_at(Lane lane, Place place) {
  return find(head_at_, position_of(lane, {}), position_of(lane, place));
}

Result<std::optional<Row>> Rows::find_first(Lane lane, Place after) {
  return find(first_, position_of(lane, after), position_of(lane, kLaneEnd));
}

Result<std::optional<Row>> Rows::find_first_with_records(Lane lane, Place after) {
  return find(first_with_records_, position_of(lane, after), position_of(lane, kLaneEnd));
}

Result<void> Rows::load_bytes(Row& row) {
  sqlite::Query q(bytes_);
  auto found = q.bind(position_of(row.segment.lane, row.from())).step();
  if (!found) return found.error();
  if (!*found) return Error{Errc::kInternal, "a segment's row is gone"};
  take_bytes_into(row, q.blob(0), q.integer(1));
  return {};
}

}  // namespace farmhand
