// SPDX-License-Identifier: Apache-2.0
#include "outbox/tables.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.hh"
#include "base/file.hh"

namespace farmhand {

namespace {

constexpr const char kSchema[] =
#include "schema.sql.inc"
    ;
// Step i takes a file from version i + 1 to i + 2.
constexpr std::array<const char*, 1> kSteps = {
#include "schema_2.sql.inc"
};
constexpr int kVersion = 2;
static_assert(kSteps.size() + 1 == kVersion);
constexpr int kApplicationId = 0x46484f42;
constexpr int kCheckMs = 500;
constexpr int kCacheKib = 512;

Result<int64_t> ask(sqlite::Database& db, std::string_view question) {
  auto statement = sqlite::Statement::prepare(db, question);
  if (!statement) return statement.error();
  sqlite::Query q(*statement);
  auto row = q.step();
  if (!row) return row.error();
  return *row ? q.integer(0) : 0;
}

// A flipped byte in a table's definition gives a file that opens and has other columns.
Result<void> note_schema(sqlite::Database& db) {
  auto sum = schema_sum(db);
  if (!sum) return sum.error();
  auto put = sqlite::Statement::prepare(db, "INSERT OR REPLACE INTO meta VALUES ('schema', ?)");
  if (!put) return put.error();
  return sqlite::Query(*put).bind(*sum).run();
}

Result<void> make_schema(sqlite::Database& db) {
  auto transaction = sqlite::Transaction::begin(db);
  if (!transaction) return transaction.error();
  if (auto made = db.exec(kSchema); !made) return made;
  if (auto sealed = Registers::seal(db); !sealed) return sealed;
  if (auto noted = note_schema(db); !noted) return noted;
  return transaction->commit();
}

Error damaged(const sqlite::Database& db, const std::string& how) {
  return {Errc::kCorrupt, "'" + db.path() + "': " + how};
}

// One damaged place must not look like a newer version: two have to say so.
Result<int64_t> readable_version(sqlite::Database& db) {
  auto version = ask(db, "SELECT value FROM meta WHERE key = 'version'");
  auto min_reader = ask(db, "SELECT value FROM meta WHERE key = 'min_reader'");
  if (!version) return version.error();
  if (!min_reader) return min_reader.error();
  if (*version < 1 || *min_reader < 1 || *min_reader > *version) {
    return damaged(db, "its versions contradict each other");
  }
  if (*min_reader > kVersion) {
    return Error{Errc::kUnsupported, "'" + db.path() + "' was written by a newer version"};
  }
  return version;
}

// A header that forbids writing is SQLite's of a later time, or damaged.
bool may_be_written(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 20> header{};
  if (::pread(fd.get(), header.data(), header.size(), 0) != std::ssize(header)) return true;
  return header[18] <= 2 && header[18] > 0;
}

// Ours, of a version we may read, and sound.
Result<void> check(sqlite::Database& db) {
  if (!may_be_written(db.path())) return damaged(db, "its header forbids writing");
  auto application = ask(db, "PRAGMA application_id");
  if (!application) return application.error();
  if (*application != kApplicationId) return damaged(db, "is not an outbox");
  auto version = readable_version(db);
  if (!version) return version.error();
  auto noted = ask(db, "SELECT value FROM meta WHERE key = 'schema'");
  if (!noted) return noted.error();
  auto sum = schema_sum(db);
  if (!sum) return sum.error();
  if (*noted != *sum && (*version > 1 || *noted != 0)) return damaged(db, "its schema is damaged");
  auto sound = db.quick_check(kCheckMs);
  if (!sound) return sound.error();
  if (!*sound) return damaged(db, "its pages contradict each other");
  return {};
}

// From what an older version wrote to what this one writes, all steps or none.
Result<void> migrate(sqlite::Database& db) {
  auto version = ask(db, "SELECT value FROM meta WHERE key = 'version'");
  if (!version) return version.error();
  if (*version >= kVersion) return {};
  auto transaction = sqlite::Transaction::begin(db);
  if (!transaction) return transaction.error();
  for (auto step = static_cast<size_t>(*version - 1); step < kSteps.size(); ++step) {
    if (auto done = db.exec(kSteps[step]); !done) return done;
  }
  if (auto sealed = Registers::seal(db); !sealed) return sealed;
  if (auto noted = note_schema(db); !noted) return noted;
  return transaction->commit();
}

// The newest row of each lane is where the lane's register says.
Result<void> check_ends(Tables& t) {
  for (const Lane lane : kLanes) {
    const LaneState& state = t.registers.lane(lane);
    const Place end{t.registers.current(), state.last_seq};
    auto last = t.rows.find_head_at(lane, kLaneEnd);
    if (!last) return last.error();
    if (*last && (*last)->epoch == end.epoch) {
      if ((*last)->end() == end && (*last)->segment.chain == state.last_chain) continue;
    } else if (end.seq == 0 || state.floor == end) {
      continue;
    }
    return damaged(t.db, "lane " + std::string(name_of(lane)) + " does not end where it should");
  }
  return {};
}

bool mergeable(const Segment& s) {
  return s.kind == SegmentKind::kGap &&
         (s.reason == GapReason::kQuota || s.reason == GapReason::kDownsample);
}

// `after` begins right behind `before`.
bool adjoin(const Row& before, const Row& after) {
  return before.epoch == after.epoch && before.segment.to + 1 == after.segment.from;
}

// What was dropped last gives the reason: one gap with the latest of two reasons, instead of gaps
// without number where thinned records are dropped one by one.
void absorb(Segment& into, const Segment& other) {
  into.gap_count += other.gap_count;
  into.gap_bytes += other.gap_bytes;
}

}  // namespace

Result<int64_t> schema_sum(sqlite::Database& db) {
  auto listing = sqlite::Statement::prepare(
      db, "SELECT type, name, tbl_name, rootpage, coalesce(sql, '') FROM sqlite_schema");
  if (!listing) return listing.error();
  sqlite::Query q(*listing);
  uint32_t sum = 0;
  for (;;) {
    auto more = q.step();
    if (!more) return more.error();
    if (!*more) return int64_t{sum};
    for (int column = 0; column < 5; ++column) sum = crc32c(q.text(column), sum);
  }
}

// A page that could not be read looks like damage to SQLite's check in some places: only what is
// found twice, by two connections, is damage.
Result<std::unique_ptr<Tables>> Tables::open(const std::string& path, const ByteBudget& budget,
                                             const std::string& vfs) {
  auto first = open_once(path, budget, vfs);
  if (first || first.error().code != Errc::kCorrupt) return first;
  return open_once(path, budget, vfs);
}

Result<std::unique_ptr<Tables>> Tables::open_once(const std::string& path, const ByteBudget& budget,
                                                  const std::string& vfs) {
  auto db = sqlite::Database::open(path, {.cache_kib = kCacheKib,
                                          .bytes_max = budget.file_bytes,
                                          .checkpoint_self = true,
                                          .wal_bytes_kept = budget.wal_bytes_kept,
                                          .vfs = vfs});
  if (!db) return db.error();
  auto tables = ask(*db, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (auto ready = *tables == 0 ? make_schema(*db) : check(*db); !ready) return ready.error();
  if (auto migrated = migrate(*db); !migrated) return migrated.error();
  std::unique_ptr<Tables> t(new Tables{
      .db = std::move(*db), .rows = {}, .registers = {}, .page_count = {}, .free_count = {}});
  auto rows = Rows::prepare(t->db);
  if (!rows) return rows.error();
  t->rows = std::move(*rows);
  auto registers = Registers::load(t->db);
  if (!registers) return registers.error();
  t->registers = std::move(*registers);
  auto pages = sqlite::Statement::prepare(t->db, "PRAGMA page_count");
  auto free = sqlite::Statement::prepare(t->db, "PRAGMA freelist_count");
  if (!pages) return pages.error();
  if (!free) return free.error();
  t->page_count = std::move(*pages);
  t->free_count = std::move(*free);
  if (auto checked = check_ends(*t); !checked) return checked.error();
  return t;
}

Result<void> Tables::add(const Row& row) {
  LaneState& state = registers.lane(row.segment.lane);
  const uint64_t cost = disk_cost(row.segment.bytes.size());
  state.bytes += cost;
  (in_tail(row) ? state.tail_bytes : state.depth) += in_tail(row) ? cost : row.count();
  return rows.put(row);
}

Result<void> Tables::remove(const Row& head) {
  LaneState& state = registers.lane(head.segment.lane);
  const uint64_t cost = disk_cost(head.size);
  state.bytes -= std::min(state.bytes, cost);
  uint64_t& account = in_tail(head) ? state.tail_bytes : state.depth;
  account -= std::min(account, in_tail(head) ? cost : head.count());
  return rows.erase(head.segment.lane, head.from());
}

Result<void> Tables::replace(const Row& head, const Row& row) {
  if (auto gone = remove(head); !gone) return gone;
  return add(row);
}

Place Tables::untouchable(Lane lane) {
  return std::max(registers.lane(lane).applied, in_flight[index_of(lane)]);
}

Result<void> Tables::make_gap(Row row, GapReason reason) {
  if (auto gone = remove(row); !gone) return gone;
  Segment& s = row.segment;
  registers.note_gap(s.lane, row.end(), reason, row.count() - s.gap_count, row.size);
  s.gap_count = row.count();
  s.gap_bytes += row.size;
  s.kind = SegmentKind::kGap;
  s.reason = reason;
  s.bytes.clear();
  row.size = 0;
  if (!mergeable(s)) return add(row);
  const Place fixed = untouchable(s.lane);
  auto before = rows.find_head_at(s.lane, row.from());
  if (!before) return before.error();
  if (*before && mergeable((*before)->segment) && adjoin(**before, row) &&
      (*before)->from() > fixed) {
    if (auto gone = remove(**before); !gone) return gone;
    absorb(s, (*before)->segment);
    s.from = (*before)->segment.from;
    row.before = (*before)->before;
  }
  auto after = rows.find_first(s.lane, row.from());
  if (!after) return after.error();
  if (*after && mergeable((*after)->segment) && adjoin(row, **after)) {
    if (auto gone = remove(**after); !gone) return gone;
    absorb(s, (*after)->segment);
    s.to = (*after)->segment.to;
    s.chain = (*after)->segment.chain;
  }
  return add(row);
}

Result<Row> Tables::mended(const Row& row) {
  Row gap;
  gap.epoch = row.epoch;
  gap.boot = row.boot;
  gap.before = row.before;
  Segment& s = gap.segment;
  s.lane = row.segment.lane;
  s.from = row.segment.from;
  s.kind = SegmentKind::kGap;
  s.reason = GapReason::kCorruption;
  auto next = rows.find_first(s.lane, row.from());
  if (!next) return next.error();
  if (*next && (*next)->epoch == row.epoch) {
    s.to = (*next)->segment.from - 1;
    s.chain = (*next)->before;
  } else {
    auto end = registers.find_end(row.epoch, s.lane);
    if (!end) return end.error();
    s.to = std::max(s.from, *end ? (*end)->seq : s.from);
    s.chain = *end ? (*end)->chain : row.segment.chain;
  }
  s.gap_count = gap.count();
  s.gap_bytes = row.size;
  return gap;
}

Result<Tables::Pages> Tables::pages() {
  Pages pages;
  for (auto* statement : {&page_count, &free_count}) {
    sqlite::Query q(*statement);
    auto row = q.step();
    if (!row) return row.error();
    (statement == &page_count ? pages.used : pages.free) = static_cast<uint64_t>(q.integer(0));
  }
  pages.used -= std::min(pages.used, pages.free);
  return pages;
}

Segment Tables::segment_from(Row row) const {
  Segment segment = std::move(row.segment);
  if (const Epoch* epoch = registers.find_epoch(row.epoch)) segment.epoch = *epoch;
  segment.boot_id = registers.boot_id(row.boot);
  return segment;
}

}  // namespace farmhand
