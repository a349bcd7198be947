// SPDX-License-Identifier: Apache-2.0
// What is really on a disk while programs write through its cache: for each file what is synced and
// what was written since, for each directory which names are. From that, the directories that a
// power cut may leave behind.
//
// A sector of 512 bytes is written whole or not at all; sectors reach the disk in any order. A
// name that was created or deleted since its directory was synced may be there or not. After a
// failed sync the writes before it are in the cache for all to read, and never reach the disk, also
// not by a later sync that succeeds: so Linux does it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

namespace farmhand {

class FaultDisk {
 public:
  // Which of the un-synced sectors and names are there.
  enum class Loss {
    kAll,        // none
    kSuffix,     // the first so many writes
    kPrefix,     // all but the first so many
    kRandom,     // each by the toss of a coin
    kReordered,  // so many of them, in another order: an older one may win over a newer
  };
  static constexpr Loss kLosses[] = {Loss::kAll, Loss::kSuffix, Loss::kPrefix, Loss::kRandom,
                                     Loss::kReordered};

  struct File;

  // Called as things happen, after they did to the real file.
  File* opened(const std::string& path, bool created);
  void wrote(File* file, int64_t at, std::string_view bytes);
  void truncated(File* file, int64_t size);
  void synced(File* file);
  void sync_failed(File* file);
  void deleted(const std::string& path, File* file);  // null: not one that was opened
  void directory_synced(const std::string& directory);
  File* find(const std::string& path);  // by what is there under that name now

  // Makes `to` what `directory` is after a power cut now. Files that were not opened through the
  // disk are taken for synced. The same seed gives the same directory.
  void cut_power(const std::string& directory, const std::string& to, Loss loss,
                 uint32_t seed) const;

 private:
  struct Deleted {
    std::string path;
    const File* file;
  };
  std::list<File> files_;
  std::vector<Deleted> deleted_;  // since their directory was synced
};

struct FaultDisk::File {
  struct Change {
    int64_t at;         // of a truncation: the size
    std::string bytes;  // empty: a truncation
  };
  ino_t inode;
  std::string path;  // where it was opened
  std::string on_disk;
  std::vector<Change> since;
  bool name_on_disk;
};

}  // namespace farmhand
