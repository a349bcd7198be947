// SPDX-License-Identifier: Apache-2.0
// What must hold of an outbox at the end of every fault: the producer's own notes beside what has
// reached the coordinator.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "outbox_coordinator.hh"

namespace farmhand {

// A record's text begins with its number, which grows in the order of handing in.
inline std::string text_of_record(int number, size_t bytes) {
  std::string text = std::to_string(number) + " ";
  text.resize(std::max(bytes, text.size()), static_cast<char>('a' + number % 26));
  return text;
}

// The records of the outbox's own and of others begin with a letter: 0.
inline int number_of_record(const std::string& text) {
  return std::atoi(text.c_str());
}

// What a producer knows of what it handed in.
struct Notes {
  struct Accepted {
    Lane lane;
    int number;
    Epoch epoch;
    uint64_t seq;
  };
  std::vector<Accepted> accepted;
  std::set<int> doubtful;  // handed in, and the answer was an error or never came
  std::set<int> refused_by_coordinator;
};

class Checker {
 public:
  Checker(const Notes& notes, const FakeCoordinator& coordinator)
      : notes_(notes), coordinator_(coordinator) {}

  // Damage may cost records, if the gaps say so.
  bool damage = false;

  // Whether something accepted is in no record and no gap.
  bool lost() const { return lost_; }
  int first_absent() const { return first_absent_; }  // accepted, and neither itself nor a gap

  // One sentence for each thing that is wrong, after everything was drained.
  std::vector<std::string> complaints() {
    for (const Lane lane : kLanes) note_order(lane);
    for (const auto& record : notes_.accepted) check_accepted(record);
    for (const Lane lane : kLanes) check_moved_gaps(lane);
    if (coordinator_.broken_chains > 0) complain("a chain is broken");
    if (coordinator_.misplaced > 0) complain("a segment does not begin where one ended");
    return std::move(complaints_);
  }

 private:
  using Entry = FakeCoordinator::Entry;
  using Identity = std::pair<Epoch, uint64_t>;

  void complain(const std::string& sentence) { complaints_.push_back(sentence); }

  // Each number once and in order; and nothing that was never handed in.
  void note_order(Lane lane) {
    int last = 0;
    for (const Entry& entry : coordinator_.entries[index_of(lane)]) {
      by_identity_[index_of(lane)][{entry.epoch, entry.seq}] = &entry;
      const int number = number_of_record(entry.record);
      if (number == 0) continue;
      if (number <= last) complain("record " + std::to_string(number) + " is doubled or late");
      last = std::max(last, number);
      arrived_.insert(number);
    }
  }

  bool may_be_dropped(const Notes::Accepted& record, GapReason reason) const {
    if (reason == GapReason::kPoison) return notes_.refused_by_coordinator.contains(record.number);
    if (reason == GapReason::kCorruption) return damage;
    if (reason == GapReason::kTailExpired) return false;
    return record.lane >= Lane::kInventory;
  }

  void check_accepted(const Notes::Accepted& record) {
    if (arrived_.contains(record.number)) return;
    const auto& lane = by_identity_[index_of(record.lane)];
    const auto found = lane.find({record.epoch, record.seq});
    const std::string name =
        "record " + std::to_string(record.number) + " of lane " + std::string(name_of(record.lane));
    if (found != lane.end() && found->second->record.empty()) {
      const GapReason reason = found->second->reason;
      if (!may_be_dropped(record, reason)) {
        complain(name + " became a gap: " + std::string(name_of(reason)));
      }
      return;
    }
    first_absent_ = std::min(first_absent_, record.number);
    if (record.lane >= Lane::kInventory || damage) {
      ++missing_[index_of(record.lane)];  // moved to another epoch, and dropped there?
    } else {
      complain(name + " is lost");
      lost_ = true;
    }
  }

  // What moved to another epoch has other numbers there: the gaps are only counted.
  void check_moved_gaps(Lane lane) {
    size_t gaps = 0;
    for (const Entry& entry : coordinator_.entries[index_of(lane)]) gaps += entry.record.empty();
    if (missing_[index_of(lane)] > gaps) {
      lost_ = true;
      complain(std::to_string(missing_[index_of(lane)]) + " records of lane " +
               std::string(name_of(lane)) + " are lost");
    }
  }

  const Notes& notes_;
  const FakeCoordinator& coordinator_;
  std::array<std::map<Identity, const Entry*>, kLaneCount> by_identity_;
  std::array<size_t, kLaneCount> missing_{};
  std::set<int> arrived_;
  bool lost_ = false;
  int first_absent_ = std::numeric_limits<int>::max();
  std::vector<std::string> complaints_;
};

}  // namespace farmhand
