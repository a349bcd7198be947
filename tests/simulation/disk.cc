// SPDX-License-Identifier: Apache-2.0
#include "disk.hh"

#include <sys/stat.h>

#include <filesystem>

namespace farmhand::simulation {
namespace {

void copy_files(const std::string& from, const std::string& to) {
  std::filesystem::create_directories(to);
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    const auto name = entry.path().filename();
    if (name.extension() == ".ballast") continue;  // it is taken anew
    std::filesystem::copy_file(entry.path(), to / name);
  }
}

}  // namespace

Disk::Disk(const std::string& directory) : root_(directory), path_(next_path()) {
  std::filesystem::create_directories(path_);
}

Disk::~Disk() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string Disk::next_path() {
  return root_ + "/" + std::to_string(++number_);
}

uint64_t Disk::bytes() const {
  uint64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) == 0)
      sum += static_cast<uint64_t>(info.st_blocks) * 512;
  }
  return sum;
}

std::string Disk::copy() {
  const std::string to = next_path();
  copy_files(path_, to);
  return to;
}

void Disk::become(const std::string& copy) {
  const std::string to = next_path();
  copy_files(copy, to);
  std::filesystem::remove_all(path_);
  path_ = to;
}

}  // namespace farmhand::simulation
