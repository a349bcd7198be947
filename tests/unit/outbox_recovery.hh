// SPDX-License-Identifier: Apache-2.0
// What every fault test ends with: the next start, and everything with the coordinator.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "outbox_script.hh"

namespace farmhand {

// What is found in `directory` after a disturbance that is over: it opens at once, takes records,
// and everything is with the coordinator in the end. The sentences say what is not as it should be.
struct Recovery {
  std::vector<std::string> complaints;
  double open_ms = 0;
  bool set_aside = false, new_epoch = false, lost = false;
  int first_absent = 0;
};

// `damage`: what is found is not what was written, so records may be gone if gaps say so.
inline Recovery recover(const std::string& directory, const OutboxScript& before,
                        bool damage = false) {
  Recovery out;
  OutboxScript script(before, directory);
  const auto begin = std::chrono::steady_clock::now();
  const auto opened = script.node.open(script.now);
  const Epoch before_epoch =
      before.notes.accepted.empty() ? Epoch{} : before.notes.accepted.back().epoch;
  out.open_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (!opened) {
    out.complaints.push_back("it does not open: " + opened.error().message);
    return out;
  }
  // Damage may first be found by a commit, whose caller hears of it.
  int found = 0;
  script.disturbed = [&] { return damage && found < 3; };
  script.after_step = [&] { ++found; };
  script.commit({1, 1, 1, 1, 1}, 60);
  if (damage) script.commit({1, 1, 1, 1, 1}, 60);
  found = 3;
  script.commit({1, 1, 1, 1, 1}, 60);
  if (!script.send_all()) out.complaints.push_back("it does not come to an end");
  Checker checker(script.notes, script.coordinator);
  checker.damage = damage;
  auto more = checker.complaints();
  out.lost = checker.lost();
  out.first_absent = checker.first_absent();
  out.new_epoch = script.node.queue->stats().epoch != before_epoch;
  out.complaints.insert(out.complaints.end(), more.begin(), more.end());
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    out.set_aside = out.set_aside || name.starts_with("queue.bad") || name.starts_with("queue.new");
  }
  if (out.set_aside && !damage) out.complaints.push_back("a sound file was set aside");
  script.node.close(true);
  return out;
}

}  // namespace farmhand
