// SPDX-License-Identifier: Apache-2.0
// Store and forward. Producers hand in records; whoever sends reads segments after a watermark and
// says what was applied. This is the loop's side: nothing here waits, a full hand-off is a return
// code. The file is QueueFile's, on the store thread.
//
// A full or read-only disk, or a file that cannot be opened, is a state and not an end: lanes 0 and
// 1 wait in a bounded ring in memory (their callbacks with them), the other lanes are refused, and
// the disk is tried again every second.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.hh"
#include "loop/loop.hh"
#include "outbox/stats.hh"
#include "store/thread.hh"

namespace farmhand {

// What may be lost of lane 4 when the process dies: at most the records accepted by
// enqueue_relaxed in the last kRelaxedRiskMs, at most kRelaxedRiskBytes of them.
constexpr uint64_t kRelaxedRiskMs = 1000;
constexpr size_t kRelaxedRiskBytes = 1 << 20;
constexpr size_t kHandoffBytes = 4 << 20;  // durable records waiting for a commit
constexpr size_t kRingBytes = 256 << 10;   // lanes 0 and 1, each, while the disk is not writable
constexpr int kNacksToPoison = 5;

// The records that the outbox itself writes, encoded by whoever knows the wire. Called on the store
// thread: they may use their arguments only.
struct OutboxEncoders {
  // The first record of a new epoch, on lane 0: where the lanes of the old epoch ended, and those
  // of epochs before it from which rows move on now. Empty when there was none.
  std::function<std::string(const std::vector<Position>& old)> epoch_start;
  // On `lane`, at the start after an unclean end: records accepted by enqueue_relaxed between these
  // wall times (ns) may be lost.
  std::function<std::string(Lane lane, int64_t from_realtime_ns, int64_t to_realtime_ns)>
      interruption;
};

class Outbox {
 public:
  struct Options {
    std::string path;                // …/queue.db; other files are `<dir>/queue.*`
    uint64_t size_max = 2ull << 30;  // of everything on disk
    EpochStore* epochs = nullptr;    // outlives the StoreThread
    OutboxEncoders encoders;
    std::string vfs;  // SQLite's; tests inject faults
  };
  using Done = std::function<void(Result<uint64_t> seq)>;

  // The birth cannot fail: what goes wrong with the file is a state, see stats().
  Outbox(Loop& loop, const Clock& clock, StoreThread& store, Options options);
  // Commits what is pending, without calling back. Destroy before the StoreThread.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // `done` gets the sequence number once the record is on disk; it is never called before the
  // enqueue returns, and not at all when that fails. kInvalid: empty or above 1 MiB. kBackpressure:
  // the hand-off is full. kNoSpace: the disk (or, through `done`, the lane) is.
  Result<void> enqueue_durable(Lane lane, std::string record, Done done = nullptr);

  // Lanes 1 and 2: takes the place of a record of the same key that is not committed yet; both are
  // then done with the one sequence number.
  Result<void> enqueue_coalesced(Lane lane, const std::string& key, std::string record,
                                 Done done = nullptr);

  // Lane 4: accepted at once, at the stated risk.
  Result<void> enqueue_relaxed(std::string record);

  // `done` once all that is pending now is on disk (or was refused).
  void flush(std::function<void(Result<void>)> done);

  // Segments after `after` (nothing: after what is applied), ascending, older epochs first, never
  // of two epochs; at least one if there is any, else about `bytes_max`. They are in flight, and
  // stay as they are, until applied or released.
  void read_after(Lane lane, std::optional<Watermark> after, size_t bytes_max,
                  std::function<void(Result<std::vector<Segment>>)> done);
  void release(Lane lane);  // the session ended

  // The coordinator has applied up to here. A lower watermark than before changes nothing.
  void applied(const Watermark& watermark, std::function<void(Result<Standing>)> done = nullptr);

  // What the coordinator says of every lane at the beginning of a session (nothing: it has none of
  // it). Releases all lanes. After kNewEpoch positions differ: begin the session anew.
  void rewind(const std::array<std::optional<Watermark>, kLaneCount>& theirs,
              std::function<void(Result<Standing>)> done);

  // The coordinator refuses record `seq` of what is in flight on `lane`, which is released. The
  // fifth time the record becomes a gap, and `done` gets true.
  void nack(Lane lane, uint64_t seq, std::string reason,
            std::function<void(Result<bool> poisoned)> done = nullptr);

  void positions(std::function<void(Result<std::vector<Position>>)> done);

  OutboxStats stats() const;
  void on_new_data(std::function<void(Lane)> callback);

  // The disk went bad or well, an epoch began, or something was dropped. Whoever must say it again
  // hears of it here.
  void on_change(std::function<void(const OutboxStats& before, const OutboxStats& now)> callback);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// kUnsupported, with a sentence, where SQLite's locks and fsync cannot be relied upon: `directory`
// is on a network file system. The Outbox looks itself; this is for whoever wants to refuse at
// start.
Result<void> check_file_system(const std::string& directory);

}  // namespace farmhand
