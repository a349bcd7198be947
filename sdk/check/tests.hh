// SPDX-License-Identifier: Apache-2.0
// The tests: a name, the rule it guards, the promise in words, and the body.
#pragma once

#include <random>
#include <span>
#include <string>

#include "elf.hh"
#include "manifest.hh"
#include "options.hh"
#include "rig.hh"

namespace farmhand::check {

// What a body works with, in a process of its own.
struct Context {
  const Options& options;
  const Manifest& manifest;  // empty when there is none
  Findings& findings;
  std::mt19937_64 random;

  // The entry; null after a finding.
  const fh_plugin_entry* load();
};

// Creates and starts; false (and the test skipped) when the plugin says that it cannot here.
bool opened(Context& context, Rig& rig, std::span<const std::string> excluded = {});

// Makes what the rig noted under a topic this test's own findings.
void adopt(Context& context, Topic topic);

struct Test {
  const char* name;
  const char* rule;  // of the ABI's design: R1 to R19
  const char* promise;
  void (*run)(Context& context);
  bool traced = false;
};

// Of one file each; all_tests() joins them.
std::span<const Test> package_tests();
std::span<const Test> query_tests();
std::span<const Test> life_tests();
std::span<const Test> record_tests();
std::span<const Test> call_tests();
std::span<const Test> memory_tests();
std::span<const Test> effect_tests();
std::span<const Test> ability_tests();

std::vector<Test> all_tests();

}  // namespace farmhand::check
