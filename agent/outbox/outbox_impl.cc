// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox_impl.hh"

#include "base/ids.hh"
#include "base/log.hh"

namespace farmhand {

namespace {

constexpr uint64_t kRetryMs = 1000;        // a disk that cannot be written
constexpr uint64_t kMaintainMoreMs = 250;  // while there is more to do

std::array<uint8_t, 16> this_boot() {
  std::array<uint8_t, 16> id{};
  if (auto uuid = Uuid::parse(read_boot_id())) id = uuid->bytes;
  return id;
}

// In what others act upon.
bool differs(const OutboxStats& a, const OutboxStats& b) {
  bool dropped = false;
  for (const Lane lane : kLanes) {
    const size_t i = index_of(lane);
    dropped = dropped || a.lanes[i].gap_records != b.lanes[i].gap_records;
  }
  return dropped || a.writable != b.writable || a.disk_full != b.disk_full || a.epoch != b.epoch;
}

}  // namespace

Outbox::Impl::Impl(Loop& loop, const Clock& c, StoreThread& s, Options options)
    : clock(c),
      store(s),
      boot(this_boot()),
      relaxed_timer(loop),
      retry_timer(loop),
      maintain_timer(loop) {
  const ByteBudget budget = budget_from(options.size_max);
  file = std::make_shared<QueueFile>(QueueFile::Options{std::move(options.path), budget,
                                                        options.epochs, std::move(options.encoders),
                                                        std::move(options.vfs)});
  last.stats = file->stats();
}

Stamp Outbox::Impl::stamp() const {
  return {boot, clock.boottime_ns(), clock.realtime_ns(), wall_clock_synchronised()};
}

void Outbox::Impl::take_snapshot(const Snapshot& snapshot) {
  if (snapshot.stats.writable != last.stats.writable) {
    if (snapshot.stats.writable) {
      log::info("outbox: open and writable", {{"file_bytes", snapshot.stats.file_bytes}});
    } else {
      log::error("outbox: cannot be written, lanes 0 and 1 wait in memory",
                 {{"why", snapshot.stats.error}});
    }
  }
  const OutboxStats before = std::exchange(last, snapshot).stats;
  if (change && differs(before, last.stats)) change(before, last.stats);
}

void Outbox::Impl::open() {
  ask<bool>(
      [](QueueFile& queue, const Stamp& now) -> Result<bool> {
        if (auto proven = queue.prove(now); !proven) return proven.error();
        return true;
      },
      [](Impl& self, Result<bool> opened) {
        if (!opened) return self.block(opened.error());
        self.blocked = false;
        self.retry_timer.stop();
        self.kick();
        self.maintain_in(kMaintainMoreMs);
        if (self.handoff.empty()) self.finish_flushes({}, self.handoff.last_serial());
      });
}

// No timer and no quorum: a commit takes what came while the one before was under way.
void Outbox::Impl::kick() {
  if (committing || blocked) return;
  auto batch = handoff.take();
  if (!batch) return;
  committing = true;
  ask<Committed>(
      [batch](QueueFile& queue, const Stamp& now) { return queue.commit(batch->group, now); },
      [batch](Impl& self, Result<Committed> result) {
        self.on_committed(batch, std::move(result));
      });
}

void Outbox::Impl::on_committed(std::shared_ptr<Batch> batch, Result<Committed> result) {
  committing = false;
  if (!result) {
    handoff.put_back(std::move(batch));
    return block(result.error());
  }
  const auto self = shared_from_this();  // a callback may destroy the Outbox
  handoff.finished(*batch);
  if (last.wal_is_long) {
    store.submit([queue = file, now = stamp()] { queue->make_way(now); });
  }
  kick();  // the store thread goes on while we call back
  complete(*batch, *result);
  finish_flushes({}, batch->serial);
  maintain_in(kMaintainMs);
}

void Outbox::Impl::complete(Batch& batch, const Committed& committed) {
  for (const Lane lane : kLanes) {
    const size_t i = index_of(lane);
    auto& dones = batch.dones[i];
    for (size_t n = 0; n < dones.size(); ++n) {
      if (!dones[n]) continue;
      if (committed.refused[i]) {
        dones[n](Error{Errc::kNoSpace, "lane " + std::string(name_of(lane)) +
                                           " is full and never drops: wait until the coordinator "
                                           "has applied more, or raise outbox.size_max"});
      } else {
        dones[n](committed.first_seq[i] + n);
      }
    }
    if (!dones.empty() && !committed.refused[i] && new_data) new_data(lane);
  }
}

// Lanes 0 and 1 wait for the next try, with their callbacks; the others hear of it now.
void Outbox::Impl::block(const Error& why) {
  const auto self = shared_from_this();
  blocked = true;
  auto given_up = handoff.give_up_low_lanes();
  if (given_up.relaxed) {
    store.submit([queue = file, now = stamp()] { queue->note_loss(now); });
  }
  retry_timer.once(kRetryMs, [this] { open(); });
  retry_timer.unref();
  finish_flushes(why, handoff.last_serial());
  for (auto& done : given_up.dones) done(why);
}

void Outbox::Impl::finish_flushes(const Result<void>& result, uint64_t serial) {
  std::vector<Flush> due;
  for (size_t i = 0; i < flushes.size();) {
    if (flushes[i].serial > serial) {
      ++i;
      continue;
    }
    due.push_back(std::move(flushes[i]));
    flushes.erase(flushes.begin() + static_cast<ptrdiff_t>(i));
  }
  for (auto& flush : due) flush.done(result);
}

void Outbox::Impl::maintain_in(uint64_t ms) {
  if (maintain_timer.active()) return;
  maintain_timer.once(ms, [this] { maintain(); });
  maintain_timer.unref();
}

void Outbox::Impl::maintain() {
  ask<bool>([](QueueFile& queue, const Stamp& now) { return queue.maintain(now); },
            [](Impl& self, Result<bool> more) {
              if (!more) {
                if (!self.blocked && !self.committing) self.open();
              } else if (*more) {
                self.maintain_in(kMaintainMoreMs);
              }
            });
}

Result<void> Outbox::Impl::admit(Lane lane, size_t bytes) const {
  if (bytes == 0) return Error{Errc::kInvalid, "an empty record cannot be enqueued"};
  if (bytes > kRecordBytesMax) {
    return Error{Errc::kInvalid, "a record of " + std::to_string(bytes) + " bytes is above " +
                                     std::to_string(kRecordBytesMax) + ": split it"};
  }
  if (blocked) {
    const bool rung = lane == Lane::kResults || lane == Lane::kHealth;
    if (!rung || handoff.bytes(lane) + bytes > kRingBytes) {
      return Error{Errc::kNoSpace, "the outbox cannot be written: " + last.stats.error};
    }
  }
  if (handoff.bytes() + bytes > kHandoffBytes) {
    return Error{Errc::kBackpressure, "the outbox takes no more until its commit is done"};
  }
  return {};
}

void Outbox::Impl::seal_relaxed() {
  relaxed_timer.stop();
  relaxed_sealed_ns = clock.boottime_ns();
  handoff.seal_relaxed();
  kick();
}

}  // namespace farmhand
