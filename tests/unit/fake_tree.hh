// SPDX-License-Identifier: Apache-2.0
// A machine made of files, for one test: tests/fakes/make_tree.py builds it, the test alters it.
#pragma once

#include <doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "temporary_directory.hh"

class FakeTree {
 public:
  // As the command takes them: `accel/ivpu accel/wormhole:hot`; empty: a machine without devices.
  explicit FakeTree(const std::string& devices = {}) { apply(devices); }

  // Another machine like this one, in less time than it takes to build it.
  FakeTree(const FakeTree& model) {
    std::filesystem::copy(model.root(), root(),
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::copy_symlinks);
  }
  FakeTree& operator=(const FakeTree&) = delete;

  // Builds more, or does something to what is there.
  void apply(const std::string& devices) const {
    const std::string command =
        "python3 " FARMHAND_SOURCE_DIR "/tests/fakes/make_tree.py '" + root() + "' " + devices;
    REQUIRE(std::system(command.c_str()) == 0);
  }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path)) << text;
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(at(path)); }

  const std::string& root() const { return directory_.path(); }
  std::string at(const std::string& path) const { return root() + "/" + path; }

 private:
  farmhand::TemporaryDirectory directory_;
};
