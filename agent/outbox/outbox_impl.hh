// SPDX-License-Identifier: Apache-2.0
// What an Outbox is made of; for outbox.cc and outbox_impl.cc alone.
#pragma once

#include <optional>
#include <utility>

#include "loop/timer.hh"
#include "outbox/handoff.hh"
#include "outbox/outbox.hh"
#include "outbox/queue_file.hh"

namespace farmhand {

// What the store thread tells the loop after each piece of work.
struct Snapshot {
  OutboxStats stats;
  std::array<uint64_t, kLaneCount> oldest_ns{};
  bool wal_is_long = false;
};

struct Outbox::Impl : std::enable_shared_from_this<Outbox::Impl> {
  Impl(Loop& loop, const Clock& clock, StoreThread& store, Options options);

  Stamp stamp() const;

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
          answer->snapshot = {queue->stats(), queue->oldest_boottimes_ns(), queue->wal_is_long()};
        },
        [answer, weak = weak_from_this(), then = std::move(then)] {
          const auto self = weak.lock();
          if (!self) return;
          self->take_snapshot(answer->snapshot);
          then(*self, std::move(*answer->result));
        });
  }

  void open();  // and again, after an error
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
  const std::array<uint8_t, 16> boot;
  std::shared_ptr<QueueFile> file;  // the store thread's
  Handoff handoff;
  bool committing = false;
  bool blocked = false;  // the disk cannot be written: waiting for the next try
  Snapshot last;
  uint64_t relaxed_sealed_ns = 0;  // boottime
  std::function<void(Lane)> new_data;
  std::function<void(const OutboxStats& before, const OutboxStats& now)> change;
  struct Flush {
    uint64_t serial;
    std::function<void(Result<void>)> done;
  };
  std::vector<Flush> flushes;
  Timer relaxed_timer, retry_timer, maintain_timer;
};

constexpr uint64_t kMaintainMs = 10'000;  // after activity

}  // namespace farmhand
