// SPDX-License-Identifier: Apache-2.0
// Accept means on the disk: the power fails at every sync of a whole life, before it, just after
// it, and again while the next start recovers. Whatever the disk then holds, nothing accepted is
// lost or doubled, and every number is a record or a gap.
#include <cstdlib>

#include "base/log.hh"
#include "fault_vfs.hh"
#include "outbox_recovery.hh"

using namespace farmhand;

namespace {

bool slow() {
  return std::getenv("FARMHAND_SLOW") != nullptr;
}
bool full() {
  return std::getenv("FARMHAND_FULL") != nullptr;
}

struct CutCount {
  int points = 0, cuts = 0, second_cuts = 0;
  double slowest_ms = 0;
};

// One directory as the power cut left it, opened and looked at.
void check_cut(const FaultVfs& vfs, const OutboxScript& script, FaultDisk::Loss loss, uint32_t seed,
               CutCount& tally) {
  TemporaryDirectory after;
  vfs.disk.cut_power(script.node.dir, after.path(), loss, seed);
  const Recovery recovery = recover(after.path(), script);
  tally.slowest_ms = std::max(tally.slowest_ms, recovery.open_ms);
  for (const auto& complaint : recovery.complaints) {
    FAIL_CHECK("sync point " << tally.points << ", loss " << static_cast<int>(loss) << ", seed "
                             << seed << ": " << complaint);
  }
  ++tally.cuts;
}

// The power fails once more, at each sync of the recovery.
void check_second_cut(const FaultVfs& vfs, const OutboxScript& script, uint32_t seed,
                      CutCount& tally) {
  TemporaryDirectory after;
  vfs.disk.cut_power(script.node.dir, after.path(), FaultDisk::Loss::kRandom, seed);
  FaultVfs second;
  OutboxScript recovering(script, after.path());
  CutCount inner;
  inner.points = tally.points;
  second.on_sync_point = [&] {
    for (const auto loss : {FaultDisk::Loss::kAll, FaultDisk::Loss::kRandom}) {
      check_cut(second, recovering, loss, seed + static_cast<uint32_t>(inner.cuts), inner);
    }
  };
  REQUIRE(recovering.node.open(recovering.now).ok());
  recovering.commit({1, 1, 1, 1, 1}, 60);
  second.on_sync_point = nullptr;
  recovering.node.close(false);
  tally.second_cuts += inner.cuts;
}

}  // namespace

TEST_CASE(
    "the power fails at every sync, with un-synced writes lost or torn: all is accounted for") {
  log::set_level(log::Level::kError);
  TemporaryDirectory dir;
  FaultVfs vfs;
  vfs.only = dir.path();
  OutboxScript script(dir.path());
  CutCount tally;
  const int step = slow() ? 29 : 1;
  const uint32_t seeds = full() ? 16 : 3;
  vfs.on_sync_point = [&] {
    ++tally.points;
    if (tally.points % step != 0) return;
    for (const auto loss : FaultDisk::kLosses) {
      for (uint32_t seed = 0; seed < (loss == FaultDisk::Loss::kAll ? 1 : seeds); ++seed) {
        check_cut(vfs, script, loss, static_cast<uint32_t>(tally.points) * 1000 + seed, tally);
      }
    }
    if (tally.points % (full() ? 3 : 20 * step) == 0) {
      check_second_cut(vfs, script, static_cast<uint32_t>(tally.points), tally);
    }
  };
  script.run();
  vfs.on_sync_point = nullptr;
  MESSAGE(tally.points << " sync points, " << tally.cuts << " power cuts, " << tally.second_cuts
                       << " more within recoveries, " << script.notes.accepted.size()
                       << " records; slowest opening " << tally.slowest_ms << " ms");
  CHECK(tally.points > 200);
}

TEST_CASE(
    "the script is what it says: all lanes, all kinds of gaps, two epochs, a file that shrinks") {
  TemporaryDirectory dir;
  OutboxScript script(dir.path());
  script.run();
  const auto& c = script.coordinator;
  CHECK(c.gaps(Lane::kTelemetry, GapReason::kDownsample) > 20);
  CHECK(c.gaps(Lane::kLogs, GapReason::kQuota) > 5);
  CHECK(c.gaps(Lane::kInventory, GapReason::kQuota) > 5);
  CHECK(c.gaps(Lane::kHealth, GapReason::kPoison) == 1);
  CHECK(c.gaps(Lane::kTelemetry, GapReason::kQuota) > 10);
  CHECK(c.entries[0].back().epoch.counter == 2);
  for (const Lane lane : kLanes) CHECK(c.records(lane).size() >= 8);
  CHECK(Checker(script.notes, c).complaints().empty());
}
