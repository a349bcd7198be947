// SPDX-License-Identifier: Apache-2.0
// What a test found wrong: sentences that tell the vendor what to fix, each under the rule it
// breaks.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

namespace farmhand::check {

enum class Topic { kOwn, kRecords, kText, kErrors, kTime, kLate, kFlood };

// One process's list. Safe from any thread, for plugins emit from any thread.
class Findings {
 public:
  static constexpr size_t kMost = 20;  // of a topic: a broken loop must not bury the rest

  __attribute__((format(printf, 3, 4))) void add(Topic topic, const char* format, ...) {
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const std::lock_guard lock(mutex_);
    size_t count = 0;
    for (const Finding& each : all_) {
      if (each.topic != topic) continue;
      if (each.sentence == text) return;
      ++count;
    }
    if (count < kMost) all_.push_back({topic, text});
  }

  void skip(std::string reason) { skipped_ = std::move(reason); }
  const std::string& skipped() const { return skipped_; }

  std::vector<std::string> of(Topic topic) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sentences;
    for (const Finding& each : all_) {
      if (each.topic == topic) sentences.push_back(each.sentence);
    }
    return sentences;
  }

 private:
  struct Finding {
    Topic topic;
    std::string sentence;
  };
  mutable std::mutex mutex_;
  std::vector<Finding> all_;
  std::string skipped_;
};

}  // namespace farmhand::check

#define FH_FIND(findings, ...) (findings).add(::farmhand::check::Topic::kOwn, __VA_ARGS__)
