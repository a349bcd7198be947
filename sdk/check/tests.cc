// SPDX-License-Identifier: Apache-2.0
#include "tests.hh"

#include "library.hh"

namespace farmhand::check {

const fh_plugin_entry* Context::load() {
  std::string why;
  const fh_plugin_entry* const entry = load_entry(options.library_path, why);
  if (entry == nullptr) FH_FIND(findings, "it cannot be loaded: %s", why.c_str());
  return entry;
}

bool opened(Context& context, Rig& rig, std::span<const std::string> excluded) {
  if (rig.create(excluded) != FH_OK) {
    context.findings.skip("create failed: " + rig.error);
    return false;
  }
  if (rig.start() != FH_OK) {
    context.findings.skip("start failed: " + rig.error);
    return false;
  }
  return true;
}

void adopt(Context& context, Topic topic) {
  for (const std::string& sentence : context.findings.of(topic)) {
    FH_FIND(context.findings, "%s", sentence.c_str());
  }
}

std::vector<Test> all_tests() {
  std::vector<Test> all;
  for (const auto group : {package_tests, query_tests, life_tests, record_tests, call_tests,
                           memory_tests, effect_tests, ability_tests}) {
    for (const Test& test : group()) all.push_back(test);
  }
  return all;
}

}  // namespace farmhand::check
