// SPDX-License-Identifier: Apache-2.0
// One verdict over several parts, such as all disks of a node: the worst part speaks first, and the
// others that are not well are named too. So a check keeps its name while parts come and go:
//
//   farmhand::Worst worst("disk.space");
//   for (const Disk& each : disks) worst.add(FH_VERDICT_WARN, FH_REASON_NODE_DISK_FULL, sentence,
//                                            {{"free" + dotted(each.name), free, FH_UNIT_BYTE}});
//   worst.emit(call);
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "farmhand/health.hh"

namespace farmhand {

struct Measure {
  std::string name;
  double value = 0;
  int32_t unit = FH_UNIT_NONE;
  std::string text;  // the raw reading, or what the number belongs to
  std::optional<double> least, most;
};

// A part's name as the end of an evidence's name: `/var/log` and `enp1s0f0` become `.var.log` and
// `.enp1s0f0`.
inline std::string dotted(std::string_view part) {
  std::string name;
  for (const char c : part) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool fits = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (fits && name.empty()) name = ".";
    if (fits) {
      name.push_back(lower);
    } else if (!name.empty() && name.back() != '.' && name.back() != '_') {
      name.push_back(c == '/' || c == '.' ? '.' : '_');
    }
  }
  return name.empty() ? ".root" : name;
}

class Worst {
 public:
  explicit Worst(const char* check) : check_(check) {}

  // A part that is well has neither reason nor sentence.
  void add(int32_t verdict, const char* reason, std::string sentence,
           std::vector<Measure> measures = {}) {
    parts_.push_back({verdict, reason, std::move(sentence), std::move(measures)});
  }
  void add_ok(std::vector<Measure> measures = {}) {
    add(FH_VERDICT_OK, "", {}, std::move(measures));
  }
  bool empty() const { return parts_.empty(); }

  void emit(Call& call) {
    std::stable_sort(parts_.begin(), parts_.end(), [](const Part& left, const Part& right) {
      return rank(left.verdict) > rank(right.verdict);
    });
    if (parts_.empty()) return call.emit(ok_record(check_));
    const Part& worst = parts_.front();
    call.emit(verdict_record(check_, worst.verdict, worst.reason, sentence()));
    size_t room = kEvidenceMax;
    std::vector<std::string> names;
    for (const Part& part : parts_) {
      for (const Measure& each : part.measures) {
        if (room == 0) return;
        --room;
        emit_measure(call, each, &names);
      }
    }
  }

 private:
  static constexpr size_t kEvidenceMax = 32;  // verdict.h
  static constexpr size_t kNamedMax = 4;

  struct Part {
    int32_t verdict;
    const char* reason;
    std::string sentence;
    std::vector<Measure> measures;
  };

  // What is known to be bad speaks before what is not known.
  static int rank(int32_t verdict) {
    if (verdict == FH_VERDICT_OK) return 0;
    if (verdict == FH_VERDICT_WARN) return 2;
    return verdict == FH_VERDICT_FAIL ? 3 : 1;
  }

  std::string sentence() const {
    std::string whole;
    size_t named = 0, more = 0;
    for (const Part& part : parts_) {
      if (part.sentence.empty()) continue;
      if (named == kNamedMax) {
        ++more;
        continue;
      }
      whole += (named++ == 0 ? "" : "; ") + part.sentence;
    }
    return more == 0 ? whole : whole + "; and " + std::to_string(more) + " more";
  }

  static void emit_measure(Call& call, const Measure& each, std::vector<std::string>* names) {
    std::string name = each.name;
    for (int copy = 2; std::count(names->begin(), names->end(), name) != 0; ++copy) {
      name = each.name + "_" + std::to_string(copy);
    }
    fh_evidence record = evidence_record(name, each.value, each.unit, each.text);
    record.bounds = (each.least ? FH_BOUND_LEAST : 0) | (each.most ? FH_BOUND_MOST : 0);
    record.least = each.least.value_or(0);
    record.most = each.most.value_or(0);
    call.emit(record);
    names->push_back(std::move(name));
  }

  const char* check_;
  std::vector<Part> parts_;
};

}  // namespace farmhand
