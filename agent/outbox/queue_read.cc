// SPDX-License-Identifier: Apache-2.0
// What the sender asks for, and what it may not be given.
#include <algorithm>

#include "base/log.hh"
#include "outbox/queue_file.hh"

namespace farmhand {

namespace {
constexpr size_t kSegmentHeadBytes = 128;  // what a segment is on the wire beside its bytes

// A number may be damaged too, and then its row stands in another place.
bool follows(Place end, const Row& row) {
  return row.segment.from == (row.epoch == end.epoch ? end.seq + 1 : 1);
}

}  // namespace

Result<std::vector<Segment>> QueueFile::read(Lane lane, const std::optional<Watermark>& after,
                                             size_t bytes_max) {
  Tables& t = *tables_;
  Place start = t.registers.lane(lane).applied;
  if (after) {
    if (const auto epoch = t.registers.find_id(after->epoch)) {
      start = std::max(start, Place{*epoch, after->seq});
    }
  }
  std::vector<Segment> segments;
  std::optional<Row> damaged;
  Place end = start;
  size_t bytes = 0;
  bool broken = false;
  auto read = t.rows.whole(lane, start, [&](Row& row) {
    broken = !follows(end, row);
    if (broken) return false;
    if (!segments.empty() && row.epoch != end.epoch) return false;  // a nack names no epoch
    bytes += row.size + kSegmentHeadBytes;
    if (!segments.empty() && bytes > bytes_max) return false;
    if (!row.sound) {
      if (segments.empty()) damaged = std::move(row);
      return false;
    }
    end = row.end();
    segments.push_back(t.segment_from(std::move(row)));
    return true;
  });
  if (!read) return read.error();
  if (broken && segments.empty()) {
    return Error{Errc::kCorrupt, "lane " + std::string(name_of(lane)) + " does not go on after " +
                                     std::to_string(start.seq)};
  }
  if (damaged) {
    auto gap = replace_by_gap(*damaged);
    if (!gap) return gap.error();
    end = gap->end();
    segments.push_back(t.segment_from(std::move(*gap)));
  }
  Place& in_flight = t.in_flight[index_of(lane)];
  if (!segments.empty()) in_flight = std::max(in_flight, end);
  return segments;
}

Result<Row> QueueFile::replace_by_gap(const Row& row) {
  log::warn("outbox: a segment is damaged, a gap takes its place",
            {{"lane", name_of(row.segment.lane)}, {"from", row.segment.from}});
  auto transaction = sqlite::Transaction::begin(tables_->db);
  if (!transaction) return transaction.error();
  auto gap = tables_->mended(row);
  if (!gap) return gap;
  tables_->registers.note_gap(row.segment.lane, gap->end(), gap->segment.reason, gap->count(),
                              row.size);
  Row head = *gap;  // the numbers in the row itself are not to be believed
  head.size = row.size;
  if (auto replaced = tables_->replace(head, *gap); !replaced) return replaced.error();
  if (auto saved = tables_->registers.save_lanes(); !saved) return saved.error();
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return gap;
}

Result<bool> QueueFile::count_nack(Lane lane, uint64_t seq, const std::string& reason) {
  const Place end = tables_->in_flight[index_of(lane)];
  std::optional<Row> row;
  auto read = tables_->rows.heads(lane, tables_->registers.lane(lane).applied, [&](Row& head) {
    if (head.from() > end) return false;
    if (seq < head.segment.from || seq > head.segment.to) return true;
    row = std::move(head);
    return false;
  });
  if (!read) return read.error();
  if (!row) {
    return Error{Errc::kNotFound, "record " + std::to_string(seq) + " of lane " +
                                      std::string(name_of(lane)) + " is not in flight"};
  }
  tables_->in_flight[index_of(lane)] = {};
  Nacked& nacked = nacked_[index_of(lane)];
  const Place place{row->epoch, seq};
  nacked.times = nacked.place == place ? nacked.times + 1 : 1;
  nacked.place = place;
  if (nacked.times < kNacksToPoison) return false;
  nacked = {};
  if (auto done = poison(std::move(*row), seq, reason); !done) return done.error();
  return true;
}

Result<void> QueueFile::poison(Row row, uint64_t seq, const std::string& reason) {
  Tables& t = *tables_;
  if (auto loaded = t.rows.load_bytes(row); !loaded) return loaded;
  if (!row.sound) {
    auto gap = replace_by_gap(row);
    return gap ? Result<void>() : gap.error();
  }
  const Lane lane = row.segment.lane;
  (void)walk_segment(row.segment, {[&](uint64_t at, std::string_view record) {
                                     if (at == seq) evidence_.add(lane, seq, reason, record);
                                   },
                                   nullptr});
  const Row before = row;
  auto changed =
      thin_segment(row.segment, GapReason::kPoison, [&](uint64_t at) { return at == seq; });
  if (!changed || !*changed) return {};  // it is a gap already
  t.registers.note_gap(lane, {row.epoch, seq}, GapReason::kPoison,
                       row.segment.gap_count - before.segment.gap_count,
                       row.segment.gap_bytes - before.segment.gap_bytes);
  auto transaction = sqlite::Transaction::begin(t.db);
  if (!transaction) return transaction.error();
  if (auto replaced = t.replace(before, row); !replaced) return replaced;
  if (auto saved = t.registers.save_lanes(); !saved) return saved;
  return transaction->commit();
}

}  // namespace farmhand
