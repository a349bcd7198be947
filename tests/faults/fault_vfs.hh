// SPDX-License-Identifier: Apache-2.0
// SQLite's own VFS on a disk that can be told to fail, and whose power can be cut.
//
//   FaultVfs vfs;                       // from now on the default of this process, until its end
//   vfs.fault = {FaultVfs::Call::kWrite, 7, EIO};              // the eighth write fails, once
//   vfs.on_sync_point = [&] {                                  // before and after each sync
//     vfs.disk.cut_power(directory, scratch, FaultDisk::Loss::kRandom, seed);
//     …open what is in `scratch`, and look…                    // nothing fails or is noted here
//   };
//
// Directories are seen to be synced by an fsync() of our own that is linked in here.
//
// Files whose name does not begin with `only` (when set) are left alone. One at a time per process
// is in charge; another one, born within `on_sync_point`, is for a power cut within the recovery.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fault_disk.hh"

namespace farmhand {

class FaultVfs {
 public:
  enum class Call { kOpen, kRead, kWrite, kSync, kTruncate, kDelete };
  static constexpr int kCallCount = 6;

  struct Fault {
    Call call;
    uint64_t nth;  // counted from the birth of the VFS, or the last `count_anew`
    int error;     // EROFS, when it lasts, fails all that writes
    bool lasts = false;
    bool half = false;          // a write gets half of it in
    bool growing_only = false;  // a disk without free blocks: what is there can be written over
  };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  FaultDisk disk;
  std::optional<Fault> fault;
  bool fired = false;
  std::function<void()> on_sync_point;
  std::function<void()> on_written;  // after each write and truncation
  std::string only;

  uint64_t count(Call call) const { return counts_[static_cast<size_t>(call)]; }
  void count_anew() { counts_ = {}, fired = false; }

 private:
  struct File;  // what SQLite allocates: ours, then the real one
  struct Methods;
  int failure(Call call, int64_t grows_to = 0, int64_t size = 0);
  void sync_point();
  friend void note_directory_sync(const std::string& directory);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::string name_;
  std::array<uint64_t, kCallCount> counts_{};
  int last_error_ = 0;
  bool looking_ = false;  // within a hook
};

}  // namespace farmhand
