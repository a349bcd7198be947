// SPDX-License-Identifier: Apache-2.0
// The reference: what a queue that never fails would have delivered. It keeps the producer's own
// log and nothing else, and compares it with what lies at the coordinator.
//
// A record that was accepted must be there exactly once, in the order of acceptance, or a gap must
// stand in its place whose reason has been allowed and whose count agrees. Nothing else may be
// there.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "outbox/segment.hh"

namespace farmhand::simulation {

// One stretch of a lane at the coordinator, in the order of epochs and numbers.
struct Delivered {
  Epoch epoch;
  uint64_t from = 0, to = 0;
  bool gap = false;
  GapReason reason = GapReason::kNone;
  std::string record;  // of one number
};
using DeliveredLanes = std::array<std::vector<Delivered>, kLaneCount>;

class Model {
 public:
  using Id = uint64_t;

  // The producer's log.
  Id next_id() const { return entries_.size(); }
  Id hand_in(Lane lane, const std::string& record, bool relaxed, uint64_t now_ns);
  void accepted(Id id) { entries_[id].fate = Fate::kAccepted; }
  void accepted_at(Id id, const Epoch& epoch, uint64_t seq);
  void refused(Id id) { entries_[id].fate = Fate::kRefused; }
  void poisoned(Id id) { entries_[id].poison = true; }

  // What may happen to it from outside.
  void crashed(uint64_t now_ns);           // at most the stated risk of relaxed records may be gone
  void stopped();                          // what had no answer may be there or not
  Id safe_on_disk(uint64_t now_ns) const;  // all before it are on a copy of the disk made now
  void disk_went_back(Id safe);            // to such a copy
  void allow(GapReason reason) { allowed_.insert(reason); }

  // Each a sentence; empty: a perfect queue would have delivered the same.
  // `other`: what a clone with the same identity handed in is there, too.
  std::vector<std::string> differences(const DeliveredLanes& delivered,
                                       const Model* other = nullptr) const;

  size_t count_accepted() const;
  size_t count_handed_in() const { return entries_.size(); }

 private:
  enum class Fate : uint8_t { kPending, kAccepted, kRefused, kUncertain };
  struct Entry {
    Lane lane;
    std::string record;
    bool relaxed = false;
    uint64_t handed_ns = 0;
    Fate fate = Fate::kPending;
    bool poison = false;
    Epoch epoch;       // with `seq`: where it was put
    uint64_t seq = 0;  // 0: not said
  };
  class LaneCheck;

  std::vector<Entry> entries_;
  std::map<std::string, Id> by_record_;
  std::set<GapReason> allowed_;
  bool went_back_ = false;  // records may have moved to a new epoch, and may be there twice
  uint64_t crashes_ = 0;
};

}  // namespace farmhand::simulation
