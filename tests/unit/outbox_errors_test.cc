// SPDX-License-Identifier: Apache-2.0
// A disk that refuses: each call of a whole life fails once, or from then on for a while. Whoever
// got an error knows that nothing was accepted, what was accepted is there, and when the fault is
// over the outbox goes on.
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.hh"
#include "fault_vfs.hh"
#include "outbox_recovery.hh"

using namespace farmhand;

namespace {

using Call = FaultVfs::Call;
using Fault = FaultVfs::Fault;

bool slow() {
  return std::getenv("FARMHAND_SLOW") != nullptr;
}
bool full() {
  return std::getenv("FARMHAND_FULL") != nullptr;
}

constexpr int kStepsOfFault = 5;  // a fault that lasts is over after so many steps of the script

std::string text_of(const Fault& fault) {
  constexpr const char* kNames[] = {"open", "read", "write", "sync", "truncate", "delete"};
  return std::string(kNames[static_cast<int>(fault.call)]) + " " + std::to_string(fault.nth) + " " +
         std::strerror(fault.error) + (fault.lasts ? ", lasting" : "") +
         (fault.half ? ", half" : "") + (fault.growing_only ? ", growing only" : "");
}

void check_end(const OutboxScript& script, const std::string& directory, const std::string& what) {
  const Recovery recovery = recover(directory, script);
  for (const auto& complaint : recovery.complaints) FAIL_CHECK(what << ": " << complaint);
}

// False: the script makes fewer such calls.
bool run_with(const Fault& fault) {
  TemporaryDirectory dir;
  FaultVfs vfs;
  vfs.only = dir.path();
  vfs.fault = fault;
  OutboxScript script(dir.path());
  script.disturbed = [&] { return vfs.fired && vfs.fault; };
  int steps = 0;
  script.after_step = [&] {
    if (!vfs.fired || ++steps < kStepsOfFault) return;
    vfs.fault.reset();
    script.disturbed = [] { return false; };
  };
  script.run();
  vfs.fault.reset();
  check_end(script, dir.path(), text_of(fault));
  return vfs.fired;
}

}  // namespace

TEST_CASE("any call that fails costs its caller an error, and nothing that was accepted") {
  log::set_level(log::Level::kError);
  const std::vector<Fault> kinds = {
      {Call::kOpen, 0, EIO},
      {Call::kOpen, 0, EROFS, true},
      {Call::kOpen, 0, ENOSPC, true},
      {Call::kRead, 0, EIO},
      {Call::kRead, 0, EIO, true},
      {Call::kWrite, 0, EIO},
      {Call::kWrite, 0, EIO, true},
      {Call::kWrite, 0, ENOSPC, false, true},
      {Call::kWrite, 0, ENOSPC, true},
      {Call::kWrite, 0, ENOSPC, true, false, true},
      {Call::kWrite, 0, EROFS, true},
      {Call::kWrite, 0, EDQUOT, true},
      {Call::kWrite, 0, EDQUOT, false},
      {Call::kSync, 0, EIO},
      {Call::kSync, 0, EIO, true},
      {Call::kSync, 0, ENOSPC},
      {Call::kTruncate, 0, EIO},
      {Call::kTruncate, 0, EROFS, true},
      {Call::kDelete, 0, EIO},
      {Call::kDelete, 0, EROFS, true},
  };
  int runs = 0;
  for (Fault fault : kinds) {
    const bool many = fault.call == Call::kWrite || fault.call == Call::kRead;
    const uint64_t step = slow() ? (many ? 701 : 67) : full() ? 1 : many ? 29 : 2;
    for (fault.nth = runs % step; run_with(fault); fault.nth += step) ++runs;
  }
  MESSAGE(runs << " lives with a fault");
}

TEST_CASE("after a failed fsync nothing is built upon what only the cache holds") {
  log::set_level(log::Level::kError);
  int cuts = 0;
  for (uint64_t nth = 0;; nth += slow() ? 83 : 1) {
    TemporaryDirectory dir;
    FaultVfs vfs;
    vfs.only = dir.path();
    vfs.fault = {Call::kSync, nth, EIO};
    OutboxScript script(dir.path());
    script.disturbed = [&] { return vfs.fired; };
    int since = 0;
    vfs.on_sync_point = [&] {
      if (!vfs.fired) return;
      ++since;
      if (since % (since < 12 ? 3 : 32) != 0) return;
      TemporaryDirectory after;
      vfs.disk.cut_power(dir.path(), after.path(), FaultDisk::Loss::kAll, 0);
      check_end(script, after.path(), "fsync " + std::to_string(nth));
      ++cuts;
    };
    script.run();
    if (!vfs.fired) break;
  }
  MESSAGE(cuts << " power cuts after a failed fsync");
}
