// SPDX-License-Identifier: Apache-2.0
// The outbox's file: everything that may wait for the disk. Synchronous and without threads of its
// own; the Outbox calls it on the store thread, tests call it directly.
//
// It is open or it is not: after any error the connection is dropped and the next call opens the
// file anew, from what is on disk. A file that is damaged, or of a newer version, is set aside and
// replaced; a disk that is full or cannot be written is reported to the caller, who tries again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "outbox/ballast.hh"
#include "outbox/evidence.hh"
#include "outbox/lives.hh"
#include "outbox/outbox.hh"
#include "outbox/quota.hh"
#include "outbox/shed.hh"
#include "outbox/tables.hh"
#include "outbox/watermarks.hh"

namespace farmhand {

// What one commit takes.
struct Group {
  std::array<std::vector<std::string>, kLaneCount> records;
};

struct Committed {
  std::array<uint64_t, kLaneCount> first_seq{};  // of the lane's records in the group
  std::array<bool, kLaneCount> refused{};        // the lane is full and never drops
};

class QueueFile {
 public:
  struct Options {
    std::string path;
    ByteBudget budget;
    EpochStore* epochs = nullptr;
    OutboxEncoders encoders;
    std::string vfs;
  };
  explicit QueueFile(Options options);
  ~QueueFile();

  // Does nothing when it is open. kUnavailable: another process has it; kUnsupported: it lies on a
  // network file system; kNoSpace, kIo: the disk.
  Result<void> ensure_open(const Stamp& now);

  // One transaction, durable when it returns; it also carries what has piled up: the applied
  // places, deletions of the tail, what must be dropped to make room. An error means that nothing
  // of the group is accepted.
  Result<Committed> commit(const Group& group, const Stamp& now);

  // Records of lane 4 that were accepted already never got in: the next commit says so.
  void note_loss(const Stamp& now);

  Result<std::vector<Segment>> read_after(Lane lane, const std::optional<Watermark>& after,
                                          size_t bytes_max, const Stamp& now);
  void release(Lane lane);
  Result<Standing> applied(const Watermark& watermark, const Stamp& now);
  Result<Standing> rewind(const std::array<std::optional<Watermark>, kLaneCount>& theirs,
                          const Stamp& now);
  Result<bool> nack(Lane lane, uint64_t seq, const std::string& reason, const Stamp& now);
  Result<std::vector<Position>> positions(const Stamp& now);

  // After a commit that failed: one of nothing, to see whether the disk takes writes again.
  Result<void> prove(const Stamp& now);

  // Work for idle moments: writes the WAL back, saves applied places, gives pages back to the disk
  // a few at a time, makes the WAL file long, takes the ballast again. True: there is more.
  Result<bool> maintain(const Stamp& now);
  // Between commits: the WAL is written back when it is long, nothing else.
  void make_way(const Stamp& now);
  bool wal_is_long() const;

  // The end of this file's use here. `clean`: nothing accepted is unwritten, and the file says so.
  void close(bool clean);

  const OutboxStats& stats() const { return stats_; }
  const std::array<uint64_t, kLaneCount>& oldest_boottimes_ns() const { return oldest_ns_; }

 private:
  // queue_open.cc
  Result<void> open(const Stamp& now);
  Result<void> open_tables(const Stamp& now);
  Result<void> settle(const Stamp& now);
  Result<void> take_up_again(const Stamp& now);
  Result<void> replace(std::string_view kind, const Error& why, const Stamp& now);
  Result<void> finish_salvage(const Stamp& now);
  Result<void> begin_life(bool anew, const Stamp& now);
  Result<bool> forgot_commits();
  Result<void> note_start(const Stamp& now);
  void drop(const Error& error);

  // queue_commit.cc
  Result<Committed> try_commit(const Group& group, const Stamp& now);
  Result<void> put_interruption(int64_t from_ns, const Stamp& now);
  Result<Committed> commit_on_full_disk(const Group& group, const Error& why, const Stamp& now);

  // queue_read.cc
  Result<std::vector<Segment>> read(Lane lane, const std::optional<Watermark>& after,
                                    size_t bytes_max);
  Result<Row> replace_by_gap(const Row& row);
  Result<bool> count_nack(Lane lane, uint64_t seq, const std::string& reason);
  Result<void> poison(Row row, uint64_t seq, const std::string& reason);

  // queue_file.cc
  template <typename T>
  Result<T> guarded(const Stamp& now, const std::function<Result<T>()>& work);
  using Claims = std::vector<std::pair<Lane, std::optional<Watermark>>>;
  Result<Standing> adopt(const Claims& claims, const Stamp& now);
  Result<void> move_applied(const std::vector<std::pair<Lane, WatermarkStanding>>& findings,
                            bool writes);
  Result<bool> write_wal_back();
  void refresh_stats();
  Lives lives(const Stamp& now) { return {*tables_, *options_.epochs, options_.encoders, now}; }

  Options options_;
  Ballast ballast_;
  RecordEvidence evidence_;
  std::unique_ptr<Tables> tables_;  // null: not open
  OutboxStats stats_;
  std::array<uint64_t, kLaneCount> oldest_ns_{};    // boottime; 0: none, or before this boot
  std::array<LaneState, kLaneCount> oldest_as_of_;  // what oldest_ns_ was read for
  int failed_opens_ = 0;
  bool damaged_ = false;    // found while running: the next open replaces the file
  bool forgot_ = false;     // what was stored last is gone without a trace: a new epoch must say so
  bool started_ = false;    // this process has noted its start in the file
  bool disk_full_ = false;  // until the ballast is held again: use the file's own free pages
  bool refused_ = false;    // the last commit failed: an open file alone is no sign of a good disk
  std::string set_aside_;   // what was, and why
  uint64_t age_checked_ns_ = 0;
  std::optional<int64_t> lost_since_ns_;  // relaxed records of this process that never got in
  // Of the session, which does not end where the file is opened anew.
  std::array<std::optional<Watermark>, kLaneCount> heard_;  // applied, perhaps not saved
  std::array<Place, kLaneCount> in_flight_{};
  struct Nacked {
    Place place;
    int times = 0;
  };
  std::array<Nacked, kLaneCount> nacked_;
};

}  // namespace farmhand
