// SPDX-License-Identifier: Apache-2.0
// The two files of an agent: its state, which holds the epoch, and its queue.
#pragma once

#include <memory>
#include <string>

#include "outbox/queue_file.hh"
#include "outbox_fixture.hh"
#include "store/state.hh"

namespace farmhand {

// state.db and queue.db of one directory, as the agent has them.
struct Node {
  explicit Node(std::string directory) : dir(std::move(directory)) {}

  // Small, so that quotas are reached in a few commits.
  static ByteBudget budget() {
    ByteBudget b;
    b.file_bytes = 512 << 10;
    b.checkpoint_bytes = 48 << 10;
    b.wal_bytes_kept = 72 << 10;
    b.ballast_bytes = 16 << 10;
    b.evidence_bytes = 8 << 10;
    b.vacuum_bytes = 96 << 10;
    b.lane_bytes = {64 << 10, 48 << 10, 32 << 10, 40 << 10, 80 << 10};
    b.size_max = b.file_bytes + 4 * b.checkpoint_bytes + b.ballast_bytes + b.evidence_bytes;
    return b;
  }

  Result<void> open(const Stamp& now) {
    if (!state) {
      auto opened = StateFile::open(dir + "/state.db");
      if (!opened) return opened.error();
      state = std::make_unique<StateFile>(std::move(*opened));
      epochs = std::make_unique<StateEpochStore>(*state);
    }
    if (!queue) {
      queue = std::make_unique<QueueFile>(
          QueueFile::Options{dir + "/queue.db", budget(), epochs.get(), plain_encoders(), ""});
    }
    return queue->ensure_open(now);
  }
  void close(bool clean) {
    if (queue) queue->close(clean);
    queue.reset();
    epochs.reset();
    state.reset();
  }

  std::string dir;
  std::unique_ptr<StateFile> state;
  std::unique_ptr<StateEpochStore> epochs;
  std::unique_ptr<QueueFile> queue;
};

}  // namespace farmhand
