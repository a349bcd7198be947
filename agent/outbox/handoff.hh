// SPDX-License-Identifier: Apache-2.0
// Records on their way from the producers to the next commit: bounded, in order, in batches of
// about a megabyte. On the loop.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "outbox/queue_file.hh"

namespace farmhand {

constexpr size_t kGroupBytes = 1 << 20;  // a batch is closed here

struct Batch {
  Group group;
  std::array<std::vector<Outbox::Done>, kLaneCount> dones;     // beside the records
  std::array<std::map<std::string, size_t>, kLaneCount> keys;  // where a keyed record stands
  std::array<size_t, kLaneCount> bytes{};
  size_t relaxed_bytes = 0;
  uint64_t relaxed_since_ns = 0;  // boottime of the oldest accepted; 0: none
  uint64_t serial = 0;

  size_t size() const;
};

class Handoff {
 public:
  void add(Lane lane, std::string record, Outbox::Done done);
  void add_keyed(Lane lane, const std::string& key, std::string record, Outbox::Done done);

  // Collected apart until `seal_relaxed`.
  void add_relaxed(std::string record, uint64_t boottime_ns);
  void seal_relaxed();
  size_t relaxed_collected() const { return relaxed_collected_; }

  std::shared_ptr<Batch> take();                // null: nothing waits
  void finished(const Batch& batch);            // what was taken is durable
  void put_back(std::shared_ptr<Batch> batch);  // what was taken goes first again

  // Of all that waits, what is not of lanes 0 and 1 goes. Its callbacks are returned; `relaxed`
  // says whether some of it had been accepted already.
  struct GivenUp {
    std::vector<Outbox::Done> dones;
    bool relaxed = false;
  };
  GivenUp give_up_low_lanes();

  size_t bytes() const { return bytes_; }  // also of what is taken and not finished
  size_t bytes(Lane lane) const { return lane_bytes_[index_of(lane)]; }
  size_t relaxed_bytes() const { return relaxed_bytes_; }
  uint64_t relaxed_since_ns() const;  // of the oldest that is not durable; 0: none
  bool empty() const { return waiting_.empty() && taken_ == 0 && relaxed_.empty(); }
  uint64_t last_serial() const { return serial_; }

 private:
  Batch& open_batch();
  void count(Batch& batch, Lane lane, size_t bytes);
  void give_up_low_lanes(Batch& batch, GivenUp& given_up);

  std::deque<std::shared_ptr<Batch>> waiting_;
  std::vector<std::string> relaxed_;
  size_t relaxed_collected_ = 0;
  uint64_t relaxed_first_ns_ = 0;
  size_t bytes_ = 0, relaxed_bytes_ = 0;
  std::array<size_t, kLaneCount> lane_bytes_{};
  uint64_t serial_ = 0;
  uint64_t taken_relaxed_since_ns_ = 0;
  int taken_ = 0;
};

}  // namespace farmhand
