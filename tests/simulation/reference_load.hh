// SPDX-License-Identifier: Apache-2.0
// The load that a node's queue is sized for: 8 devices with 32 metrics each at 1 Hz, through the
// real batcher; an event of each device every ten minutes; on each device a job of half an hour
// after the other, with a line of 768 bytes in its log every ten seconds and a result of 2 KiB; the
// inventory once an hour.
#pragma once

#include <array>
#include <memory>

#include "base/digest.hh"
#include "machine.hh"
#include "outbox/outbox.hh"
#include "telemetry/batcher.hh"
#include "virtual_loop.hh"

namespace farmhand::simulation {

class ReferenceLoad {
 public:
  ReferenceLoad(Loop& loop, const Clock& clock, Outbox& outbox);

  void run_for(uint64_t ns);

  struct LaneLog {
    uint64_t records = 0, bytes = 0, refused = 0;
    Sha256Hasher hash;  // of the records in their order
  };
  LaneLog& lane(Lane lane) { return lanes_[index_of(lane)]; }

 private:
  void second();
  void sample(int device);
  void put(Lane lane, std::string record);
  std::string noise(size_t bytes);

  Loop& loop_;
  const Clock& clock_;
  Outbox& outbox_;
  Random random_{7};
  Batcher batcher_;
  uint64_t seconds_ = 0;
  std::array<double, 8> power_{}, temperature_{}, energy_{};
  std::array<LaneLog, kLaneCount> lanes_;
};

void add_to_hash(Sha256Hasher& hash, std::string_view record);

}  // namespace farmhand::simulation
