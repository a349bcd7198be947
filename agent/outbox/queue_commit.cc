// SPDX-License-Identifier: Apache-2.0
// The one transaction by which records become durable.
#include "base/log.hh"
#include "outbox/append.hh"
#include "outbox/queue_file.hh"

namespace farmhand {

namespace {

constexpr uint64_t kAgeCheckNs = 60'000'000'000;

std::array<uint64_t, kLaneCount> ends_of(const Tables& tables) {
  std::array<uint64_t, kLaneCount> ends{};
  for (const Lane lane : kLanes)
    ends[index_of(lane)] = tables.registers.lanes[index_of(lane)].last_seq;
  return ends;
}

}  // namespace

Result<Committed> QueueFile::commit(const Group& group, const Stamp& now) {
  if (auto opened = ensure_open(now); !opened) return opened.error();
  refused_ = true;
  const auto before = ends_of(*tables_);
  auto done = try_commit(group, now);
  if (!done) {
    const Error why = done.error();
    drop(why);
    // Only what surely did not get in may be tried again: the numbers on disk say so.
    if (why.code == Errc::kNoSpace) {
      ballast_.release(now.boottime_ns);
      disk_full_ = true;
      if (ensure_open(now) && ends_of(*tables_) == before)
        done = commit_on_full_disk(group, why, now);
    }
  }
  if (done) {
    lost_since_ns_.reset();
    refused_ = false;
    stats_.writable = true;
    stats_.error = set_aside_;
    ballast_.hold(now.boottime_ns);
    if (ballast_.state() != BallastState::kReleased) disk_full_ = false;
    refresh_stats();
  }
  return done;
}

Result<void> QueueFile::prove(const Stamp& now) {
  if (auto opened = ensure_open(now); !opened || stats_.writable) return opened;
  auto done = commit({}, now);
  return done ? Result<void>() : done.error();
}

// The WAL starts over in the blocks it has; rows go to pages that the file has.
Result<Committed> QueueFile::commit_on_full_disk(const Group& group, const Error& why,
                                                 const Stamp& now) {
  log::warn("outbox: the disk is full, the ballast is given up", {{"why", why.message}});
  (void)tables_->db.checkpoint(sqlite::Database::Checkpoint::kPassive);  // the commit will tell
  auto done = try_commit(group, now);
  if (!done) drop(done.error());
  return done;
}

Result<Committed> QueueFile::try_commit(const Group& group, const Stamp& now) {
  Tables& t = *tables_;
  Committed out;
  Shedder::Incoming incoming{};
  for (const Lane lane : kLanes) incoming[index_of(lane)] = cost_of(group.records[index_of(lane)]);
  Shedder shedder(t, options_.budget, now);
  for (const Lane lane : kLanes) {
    out.refused[index_of(lane)] = shedder.must_refuse(lane, incoming);
    if (out.refused[index_of(lane)]) incoming[index_of(lane)] = 0;
  }
  const bool check_age = now.boottime_ns >= age_checked_ns_ + kAgeCheckNs;

  auto transaction = sqlite::Transaction::begin(t.db);
  if (!transaction) return transaction.error();
  if (auto trimmed = shedder.trim_tails(check_age); !trimmed) return trimmed.error();
  if (auto made = shedder.make_room(incoming, disk_full_); !made) return made.error();
  if (lost_since_ns_) {
    if (auto put = put_interruption(*lost_since_ns_, now); !put) return put.error();
  }
  Appender appender(t, now);
  for (const Lane lane : kLanes) {
    const auto& records = group.records[index_of(lane)];
    if (records.empty() || out.refused[index_of(lane)]) continue;
    auto first = appender.append(lane, records);
    if (!first) return first.error();
    out.first_seq[index_of(lane)] = *first;
  }
  if (auto saved = t.registers.save_lanes(); !saved) return saved.error();
  // A commit that writes nothing would prove nothing.
  if (!stats_.writable) {
    if (auto set = t.registers.set_meta("clean", 0); !set) return set.error();
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();
  if (check_age) age_checked_ns_ = now.boottime_ns;
  return out;
}

void QueueFile::note_loss(const Stamp& now) {
  if (lost_since_ns_) return;
  lost_since_ns_ = now.realtime_ns - static_cast<int64_t>(kRelaxedRiskMs) * 1'000'000;
}

Result<void> QueueFile::put_interruption(int64_t from_ns, const Stamp& now) {
  if (!options_.encoders.interruption) return {};
  const std::string record =
      options_.encoders.interruption(Lane::kTelemetry, from_ns, now.realtime_ns);
  auto put = Appender(*tables_, now).append(Lane::kTelemetry, {&record, 1});
  if (!put) return put.error();
  ++tables_->registers.tally.interruptions;
  return {};
}

}  // namespace farmhand
