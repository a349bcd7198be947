// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.hh"

#include <algorithm>

#include "base/ids.hh"
#include "base/log.hh"
#include "loop/timer.hh"
#include "outbox/handoff.hh"
#include "outbox/queue_file.hh"

namespace farmhand {

namespace {

constexpr uint64_t kCollectMs = 750;         // the rest of kRelaxedRiskMs is for the commit
constexpr size_t kCollectBytes = 256 << 10;  // and of kRelaxedRiskBytes
constexpr uint64_t kRetryMs = 1000;          // a disk that cannot be written
constexpr uint64_t kMaintainMs = 10'000;     // after activity
constexpr uint64_t kMaintainMoreMs = 250;    // while there is more to do

std::array<uint8_t, 16> this_boot() {
  std::array<uint8_t, 16> id{};
  if (auto uuid = Uuid::parse(read_boot_id())) id = uuid->bytes;
  return id;
}

// What the store thread tells the loop after each piece of work.
struct Snapshot {
  OutboxStats stats;
  std::array<uint64_t, kLaneCount> oldest_ns{};
  bool wal_is_long = false;
};

Snapshot snapshot_of(const QueueFile& file) {
  return {file.stats(), file.oldest_boottimes_ns(), file.wal_is_long()};
}

}  // namespace

struct Outbox::Impl : std::enable_shared_from_this<Outbox::Impl> {
  Impl(Loop& loop, const Clock& c, StoreThread& s, Options options)
      : clock(c), store(s), relaxed_timer(loop), retry_timer(loop), maintain_timer(loop) {
    const Budget budget = budget_from(options.size_max);
    file = std::make_shared<QueueFile>(
        QueueFile::Options{std::move(options.path), budget, options.epochs,
                           std::move(options.encoders), std::move(options.vfs)});
    last.stats = file->stats();
  }

  Stamp stamp() const {
    return {boot, clock.boottime_ns(), clock.realtime_ns(), wall_clock_synchronised()};
  }

  // Runs `work` on the store thread, `then` on the loop if we still live.
  template <typename T>
  void ask(std::function<Result<T>(QueueFile&, const Stamp&)> work,
           std::function<void(Impl&, Result<T>)> then) {
    struct Answer {
      std::optional<Result<T>> result;
      Snapshot snapshot;
    };
    auto answer = std::make_shared<Answer>();
    store.submit(
        [answer, queue = file, now = stamp(), work = std::move(work)] {
          answer->result = work(*queue, now);
          answer->snapshot = snapshot_of(*queue);
        },
        [answer, weak = weak_from_this(), then = std::move(then)] {
          const auto self = weak.lock();
          if (!self) return;
          self->take_snapshot(answer->snapshot);
          then(*self, std::move(*answer->result));
        });
  }

  void open();
  void kick();
  void on_committed(std::shared_ptr<Batch> batch, Result<Committed> result);
  void complete(Batch& batch, const Committed& committed);
  void block(const Error& why);
  void finish_flushes(const Result<void>& result, uint64_t serial);
  void maintain();
  void maintain_in(uint64_t ms);
  void take_snapshot(const Snapshot& snapshot);
  Result<void> admit(Lane lane, size_t bytes) const;
  void seal_relaxed();

  const Clock& clock;
  StoreThread& store;
  const std::array<uint8_t, 16> boot = this_boot();
  std::shared_ptr<QueueFile> file;  // the store thread's
  Handoff handoff;
  bool committing = false;
  bool blocked = false;  // the disk cannot be written: waiting for the next try
  Snapshot last;
  std::function<void(Lane)> new_data;
  struct Flush {
    uint64_t serial;
    std::function<void(Result<void>)> done;
  };
  std::vector<Flush> flushes;
  Timer relaxed_timer, retry_timer, maintain_timer;
};

void Outbox::Impl::take_snapshot(const Snapshot& snapshot) {
  if (snapshot.stats.writable != last.stats.writable) {
    if (snapshot.stats.writable) {
      log::info("outbox: open and writable", {{"file_bytes", snapshot.stats.file_bytes}});
    } else {
      log::error("outbox: cannot be written, lanes 0 and 1 wait in memory",
                 {{"why", snapshot.stats.error}});
    }
  }
  last = snapshot;
}

void Outbox::Impl::open() {
  ask<bool>(
      [](QueueFile& queue, const Stamp& now) -> Result<bool> {
        if (auto opened = queue.ensure_open(now); !opened) return opened.error();
        return true;
      },
      [](Impl& self, Result<bool> opened) {
        if (!opened) return self.block(opened.error());
        self.blocked = false;
        self.retry_timer.stop();
        self.kick();
        self.maintain_in(kMaintainMs);
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
    store.submit([queue = file, now = stamp()] { (void)queue->maintain(now); });
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
  handoff.seal_relaxed();
  kick();
}

Outbox::Outbox(Loop& loop, const Clock& clock, StoreThread& store, Options options)
    : impl_(std::make_shared<Impl>(loop, clock, store, std::move(options))) {
  impl_->open();
}

Outbox::~Outbox() {
  impl_->handoff.seal_relaxed();
  std::vector<std::shared_ptr<Batch>> rest;
  while (auto batch = impl_->handoff.take()) rest.push_back(std::move(batch));
  impl_->store.submit([queue = impl_->file, rest = std::move(rest), now = impl_->stamp()] {
    bool clean = true;
    for (const auto& batch : rest) clean = queue->commit(batch->group, now).ok() && clean;
    queue->close(clean);
  });
}

Result<void> Outbox::enqueue_durable(Lane lane, std::string record, Done done) {
  if (auto admitted = impl_->admit(lane, record.size()); !admitted) return admitted;
  impl_->handoff.add(lane, std::move(record), std::move(done));
  impl_->kick();
  return {};
}

Result<void> Outbox::enqueue_coalesced(Lane lane, const std::string& key, std::string record,
                                       Done done) {
  if (lane != Lane::kHealth && lane != Lane::kInventory) {
    return Error{Errc::kInvalid, "only lanes 1 and 2 coalesce"};
  }
  if (auto admitted = impl_->admit(lane, record.size()); !admitted) return admitted;
  impl_->handoff.add_keyed(lane, key, std::move(record), std::move(done));
  impl_->kick();
  return {};
}

Result<void> Outbox::enqueue_relaxed(std::string record) {
  Impl& impl = *impl_;
  if (auto admitted = impl.admit(Lane::kTelemetry, record.size()); !admitted) return admitted;
  const uint64_t now_ns = impl.clock.boottime_ns();
  const uint64_t since_ns = impl.handoff.relaxed_since_ns();
  const bool late = since_ns != 0 && now_ns > since_ns + kRelaxedRiskMs * 1'000'000;
  if (late || impl.handoff.relaxed_bytes() + record.size() > kRelaxedRiskBytes) {
    return Error{Errc::kBackpressure, "the disk is behind: no more may be put at risk"};
  }
  impl.handoff.add_relaxed(std::move(record), now_ns);
  if (impl.handoff.relaxed_collected() >= kCollectBytes) {
    impl.seal_relaxed();
  } else if (!impl.relaxed_timer.active()) {
    impl.relaxed_timer.once(kCollectMs, [&impl] { impl.seal_relaxed(); });
  }
  return {};
}

void Outbox::flush(std::function<void(Result<void>)> done) {
  impl_->seal_relaxed();
  const bool idle = impl_->handoff.empty();
  impl_->flushes.push_back({idle ? 0 : impl_->handoff.last_serial(), std::move(done)});
  if (idle || impl_->blocked) impl_->open();  // answers behind whatever is under way
}

void Outbox::read_after(Lane lane, std::optional<Watermark> after, size_t bytes_max,
                        std::function<void(Result<std::vector<Segment>>)> done) {
  impl_->ask<std::vector<Segment>>(
      [=](QueueFile& queue, const Stamp& now) {
        return queue.read_after(lane, after, bytes_max, now);
      },
      [done = std::move(done)](Impl&, Result<std::vector<Segment>> r) { done(std::move(r)); });
}

void Outbox::release(Lane lane) {
  impl_->store.submit([queue = impl_->file, lane] { queue->release(lane); });
}

void Outbox::applied(const Watermark& watermark, std::function<void(Result<Standing>)> done) {
  impl_->ask<Standing>(
      [watermark](QueueFile& queue, const Stamp& now) { return queue.applied(watermark, now); },
      [done = std::move(done)](Impl& self, Result<Standing> r) {
        self.maintain_in(kMaintainMs);
        if (done) done(std::move(r));
      });
}

void Outbox::rewind(const std::array<std::optional<Watermark>, kLaneCount>& theirs,
                    std::function<void(Result<Standing>)> done) {
  impl_->ask<Standing>(
      [theirs](QueueFile& queue, const Stamp& now) { return queue.rewind(theirs, now); },
      [done = std::move(done)](Impl& self, Result<Standing> r) {
        self.maintain_in(kMaintainMs);
        done(std::move(r));
      });
}

void Outbox::nack(Lane lane, uint64_t seq, std::string reason,
                  std::function<void(Result<bool>)> done) {
  impl_->ask<bool>(
      [lane, seq, reason = std::move(reason)](QueueFile& queue, const Stamp& now) {
        return queue.nack(lane, seq, reason, now);
      },
      [done = std::move(done)](Impl&, Result<bool> r) {
        if (done) done(std::move(r));
      });
}

void Outbox::positions(std::function<void(Result<std::vector<Position>>)> done) {
  impl_->ask<std::vector<Position>>(
      [](QueueFile& queue, const Stamp& now) { return queue.positions(now); },
      [done = std::move(done)](Impl&, Result<std::vector<Position>> r) { done(std::move(r)); });
}

OutboxStats Outbox::stats() const {
  OutboxStats stats = impl_->last.stats;
  stats.pending_bytes = impl_->handoff.bytes() + impl_->handoff.relaxed_collected();
  const uint64_t now_ns = impl_->clock.boottime_ns();
  for (size_t i = 0; i < stats.lanes.size(); ++i) {
    if (stats.lanes[i].depth == 0) continue;
    stats.lanes[i].oldest_age_ns = now_ns - std::min(now_ns, impl_->last.oldest_ns[i]);
  }
  return stats;
}

void Outbox::on_new_data(std::function<void(Lane)> callback) {
  impl_->new_data = std::move(callback);
}

}  // namespace farmhand
