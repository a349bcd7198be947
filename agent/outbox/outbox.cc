// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.hh"

#include <algorithm>

#include "outbox/outbox_impl.hh"

namespace farmhand {

namespace {

constexpr uint64_t kCollectMs = 750;         // the rest of kRelaxedRiskMs is for the commit
constexpr size_t kCollectBytes = 256 << 10;  // and of kRelaxedRiskBytes
constexpr uint64_t kGatherMs = 10;           // after a quiet time: the first samples do not wait

}  // namespace

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
    const bool quiet = now_ns >= impl.relaxed_sealed_ns + kCollectMs * 1'000'000;
    impl.relaxed_timer.once(quiet ? kGatherMs : kCollectMs, [&impl] { impl.seal_relaxed(); });
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

void Outbox::on_change(
    std::function<void(const OutboxStats& before, const OutboxStats& now)> callback) {
  impl_->change = std::move(callback);
}

void Outbox::on_new_data(std::function<void(Lane)> callback) {
  impl_->new_data = std::move(callback);
}

}  // namespace farmhand
