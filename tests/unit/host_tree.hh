// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "fake_host.hh"

// A /proc and a /sys of our own, thrown away with the test.
class Tree {
 public:
  Tree() {
    char name[] = "/tmp/farmhand-host-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    root = name;
    write("machine-id", "0123456789abcdef0123456789abcdef\n");
    std::filesystem::create_directories(root + "/proc");
    std::filesystem::create_directories(root + "/sys");
  }
  ~Tree() { std::filesystem::remove_all(root); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + "/" + path).parent_path());
    std::ofstream(root + "/" + path) << text;
  }

  void append(const std::string& path, const std::string& text) const {
    std::ofstream(root + "/" + path, std::ios::app) << text;
  }

  // `path` leads to `target`, both in the tree.
  void link(const std::string& path, const std::string& target) const {
    const std::filesystem::path full = root + "/" + path;
    std::filesystem::create_directories(full.parent_path());
    std::filesystem::create_symlink(root + "/" + target, full);
  }

  void remove(const std::string& path) const { std::filesystem::remove_all(root + "/" + path); }

  std::vector<std::pair<std::string, std::string>> settings() const {
    return {{"proc_root", root + "/proc"},
            {"sys_root", root + "/sys"},
            {"fs_root", root + "/mnt"},
            {"machine_id_file", root + "/machine-id"}};
  }

  // Opens the plugin over the tree, declares and samples everything.
  void sample(FakeHost* host) const {
    REQUIRE(host->open(settings()) == FH_OK);
    REQUIRE(host->declare(0) == FH_OK);
    REQUIRE(host->sample_all(0) == FH_OK);
  }

  std::string root;
};
