// SPDX-License-Identifier: Apache-2.0
#include "fault_disk.hh"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

namespace farmhand {

namespace {

namespace fs = std::filesystem;
using File = FaultDisk::File;
using Loss = FaultDisk::Loss;
using Random = std::mt19937;

constexpr int64_t kSectorBytes = 512;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_content(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary).write(content.data(), std::ssize(content));
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void put_into(std::string& content, const File::Change& change) {
  const auto at = static_cast<size_t>(change.at);
  if (change.bytes.empty()) return content.resize(at);
  if (content.size() < at + change.bytes.size()) content.resize(at + change.bytes.size());
  content.replace(at, change.bytes.size(), change.bytes);
}

// One sector as the disk is told to write it; or a new size.
struct SectorWrite {
  int64_t at;
  std::string bytes;  // empty: cut here
};

void put_into(std::string& content, const SectorWrite& write) {
  put_into(content, File::Change{write.at, write.bytes});
}

// What goes to the disk, in the order in which it was written.
std::vector<SectorWrite> sector_writes(const File& file) {
  std::vector<SectorWrite> all;
  std::string content = file.on_disk;
  for (const auto& change : file.since) {
    put_into(content, change);
    if (change.bytes.empty()) all.push_back({change.at, ""});
    const int64_t end = change.at + std::ssize(change.bytes);
    for (int64_t at = change.at / kSectorBytes * kSectorBytes; at < end; at += kSectorBytes) {
      all.push_back({at, content.substr(static_cast<size_t>(at), kSectorBytes)});
    }
  }
  return all;
}

void lose(std::vector<SectorWrite>& writes, Loss loss, Random& random) {
  const auto some = static_cast<ptrdiff_t>(random() % (writes.size() + 1));
  switch (loss) {
    case Loss::kAll:
      return writes.clear();
    case Loss::kPrefix:
      writes.erase(writes.begin(), writes.begin() + some);
      return;
    case Loss::kReordered:
      std::shuffle(writes.begin(), writes.end(), random);
      [[fallthrough]];
    case Loss::kSuffix:
      writes.erase(writes.begin() + some, writes.end());
      return;
    case Loss::kRandom:
      std::erase_if(writes, [&](const SectorWrite&) { return random() % 2 == 0; });
      return;
  }
}

std::string content_after_cut(const File& file, Loss loss, Random& random) {
  std::string content = file.on_disk;
  auto writes = sector_writes(file);
  lose(writes, loss, random);
  for (const auto& write : writes) put_into(content, write);
  return content;
}

}  // namespace

File* FaultDisk::find(const std::string& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return nullptr;
  const auto known = std::find_if(files_.rbegin(), files_.rend(),
                                  [&](const File& file) { return file.inode == now.st_ino; });
  return known != files_.rend() ? &*known : nullptr;
}

// An empty file that is new to us was made a moment ago by whoever opens it.
File* FaultDisk::opened(const std::string& path, bool created) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return nullptr;
  created = created || now.st_size == 0;
  File* known = find(path);
  const bool inode_used_again = known != nullptr && created && known->path != path;
  if (known != nullptr && !inode_used_again) return known;
  if (inode_used_again) known->inode = 0;
  files_.push_back({now.st_ino, path, created ? "" : content_of(path), {}, !created});
  return &files_.back();
}

void FaultDisk::wrote(File* file, int64_t at, std::string_view bytes) {
  if (!bytes.empty()) file->since.push_back({at, std::string(bytes)});
}

void FaultDisk::truncated(File* file, int64_t size) {
  file->since.push_back({size, ""});
}

void FaultDisk::synced(File* file) {
  for (const auto& change : file->since) put_into(file->on_disk, change);
  file->since.clear();
}

void FaultDisk::sync_failed(File* file) {
  file->since.clear();
}

void FaultDisk::deleted(const std::string& path, File* file) {
  if (file == nullptr) return;
  if (file->name_on_disk) deleted_.push_back({path, file});
  file->inode = 0;  // may be given to another file
}

void FaultDisk::directory_synced(const std::string& directory) {
  for (File& file : files_) {
    if (directory_of(file.path) == directory) file.name_on_disk = true;
  }
  std::erase_if(deleted_, [&](const Deleted& d) { return directory_of(d.path) == directory; });
}

void FaultDisk::cut_power(const std::string& directory, const std::string& to, Loss loss,
                          uint32_t seed) const {
  Random random(seed);
  const auto stays = [&] { return loss != Loss::kAll && random() % 2 == 0; };
  std::set<std::string> names;  // in order: the same seed, the same directory
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file()) names.insert(entry.path().filename().string());
  }
  for (const auto& name : names) {
    const std::string path = directory + "/" + name;
    const File* file = const_cast<FaultDisk*>(this)->find(path);
    if (file == nullptr) {
      fs::copy_file(path, to + "/" + name);
    } else if (file->name_on_disk || stays()) {
      write_content(to + "/" + name, content_after_cut(*file, loss, random));
    }
  }
  for (const auto& [path, file] : deleted_) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (directory_of(path) != directory || stays() || fs::exists(to + "/" + name)) continue;
    write_content(to + "/" + name, content_after_cut(*file, loss, random));
  }
}

}  // namespace farmhand
