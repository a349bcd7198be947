// SPDX-License-Identifier: Apache-2.0
// A machine's disk: a directory that can be copied at any moment, as a kill would leave it, and put
// back. What un-synced writes a power cut may lose is the fault VFS's matter, not this one's.
#pragma once

#include <string>

namespace farmhand::simulation {

class Disk {
 public:
  explicit Disk(const std::string& directory);  // made, empty
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }

  uint64_t bytes() const;  // taken up by all of its files

  // A copy beside it, for `become`, of this disk or another.
  std::string copy();

  // From now on the content is the copy's. Those who wrote the old one must be gone.
  void become(const std::string& copy);

 private:
  std::string next_path();

  std::string root_;
  int number_ = 0;
  std::string path_;
};

}  // namespace farmhand::simulation
