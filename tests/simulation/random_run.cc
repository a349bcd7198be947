// SPDX-License-Identifier: Apache-2.0
#include "random_run.hh"

#include <array>
#include <optional>

#include "farm.hh"

namespace farmhand::simulation {
namespace {

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : farm_(seed), random_(farm_.random) { report_.seed = seed; }

  RunReport run();

 private:
  void draw_network();
  void produce_some();
  void trouble();
  void tell(const std::string& what);

  void link_down();
  void node_crash();
  void coordinator_crash();
  void coordinator_restored();
  void disk_back();
  void clocks();
  void poison();
  void flood();

  Farm farm_;
  Random& random_;
  RunReport report_;
  std::optional<std::string> backup_;
  struct Copy {
    std::string disk;
    Model::Id safe;
  };
  std::optional<Copy> copy_;
  bool may_go_back_ = false;  // only some runs: it excuses duplicates
  double pace_ = 1;           // records per second
};

void RandomRun::tell(const std::string& what) {
  report_.story.push_back(std::to_string(now_ns(farm_.loop) / kMillisecond) + " ms: " + what);
}

// Most runs have a few kinds of fault; some have none, so that others stand alone.
void RandomRun::draw_network() {
  Faults& f = farm_.network.faults;
  f = {};
  f.latency_ns = random_.between(1, 150) * kMillisecond;
  f.jitter_ns = random_.below(50) * kMillisecond;
  if (random_.chance(0.3)) f.bytes_per_s = random_.between(20'000, 5'000'000);
  for (double* p : {&f.drop, &f.duplicate, &f.reorder, &f.truncate, &f.cut, &f.silent_cut,
                    &f.wrong_ack, &f.stale_ack, &f.early_ack, &f.false_nack})
    if (random_.chance(0.25)) *p = static_cast<double>(random_.between(1, 60)) / 1000;
  if (f.early_ack > 0) farm_.model.allow(GapReason::kTailExpired);
}

void RandomRun::produce_some() {
  if (!farm_.node->running()) return;
  const auto lane = static_cast<Lane>(random_.below(kLaneCount));
  const size_t bytes = random_.chance(0.05) ? random_.below(40'000) : random_.below(300);
  const uint64_t burst = random_.chance(0.1) ? random_.between(2, 30) : 1;
  for (uint64_t i = 0; i < burst; ++i) farm_.node->produce(lane, bytes);
}

void RandomRun::link_down() {
  const uint64_t s = random_.chance(0.2) ? random_.between(600, 4 * 3600) : random_.between(1, 120);
  tell("the link is down for " + std::to_string(s) + " s");
  farm_.network.up = false;
  after_ns(farm_.loop, s * kSecond, [this] { farm_.network.up = true; });
}

void RandomRun::node_crash() {
  const bool reboot = random_.chance(0.3);
  const bool clean = random_.chance(0.2);
  tell(std::string("the node ") + (clean ? "stops" : "crashes") + (reboot ? " and reboots" : ""));
  if (clean)
    farm_.node->stop();
  else
    farm_.node->crash();
  farm_.run_for(random_.below(20'000) * kMillisecond);
  if (reboot) farm_.node->reboot();
  farm_.node->start();
}

void RandomRun::coordinator_crash() {
  tell("the coordinator crashes");
  farm_.coordinator->crash();
  farm_.run_for(random_.below(120'000) * kMillisecond);
  farm_.coordinator->start();
}

void RandomRun::coordinator_restored() {
  if (!backup_ || random_.chance(0.4)) {
    tell("the coordinator is backed up");
    backup_ = farm_.coordinator->backup();
    return;
  }
  tell("the coordinator is restored from its backup");
  farm_.model.allow(GapReason::kTailExpired);
  farm_.coordinator->shut();
  farm_.coordinator->restore(*backup_);
  farm_.run_for(random_.below(60'000) * kMillisecond);
  farm_.coordinator->start();
}

void RandomRun::disk_back() {
  if (!may_go_back_) return;
  if (!copy_ || random_.chance(0.4)) {
    tell("the node's disk is copied");
    copy_ = Copy{farm_.node->copy_disk(), farm_.model.safe_on_disk(now_ns(farm_.loop))};
    return;
  }
  tell("the node's disk goes back to the copy");
  farm_.node->crash();
  farm_.model.disk_went_back(copy_->safe);
  farm_.node->put_disk(copy_->disk);
  farm_.node->reboot();
  farm_.node->start();
}

void RandomRun::clocks() {
  MachineClock& clock = random_.chance(0.5) ? farm_.node->clock : farm_.coordinator->clock;
  const std::array<int64_t, 6> jumps = {kTenYears,      -kTenYears,   1'000'000'000,
                                        -1'000'000'000, -500'000'000, 3'600'000'000'000};
  const int64_t jump = jumps[random_.below(jumps.size())];
  tell("a wall clock jumps by " + std::to_string(jump / 1'000'000) + " ms");
  clock.jump_wall(jump);
}

void RandomRun::poison() {
  constexpr std::array<Lane, 4> kRead = {Lane::kResults, Lane::kHealth, Lane::kInventory,
                                         Lane::kTelemetry};
  const Lane lane = kRead[random_.below(kRead.size())];
  tell("a record that nobody can read on lane " + std::string(name_of(lane)));
  farm_.model.allow(GapReason::kPoison);
  farm_.node->produce_poison(lane);
}

// More than a lane may hold.
void RandomRun::flood() {
  const auto lane = static_cast<Lane>(random_.below(kLaneCount));
  const uint64_t count = random_.between(20, 120);
  tell("a flood of " + std::to_string(count) + " large records on lane " +
       std::string(name_of(lane)));
  farm_.model.allow(GapReason::kQuota);
  farm_.model.allow(GapReason::kDownsample);
  for (uint64_t i = 0; i < count; ++i) {
    farm_.node->produce(lane, random_.between(20'000, 200'000));
    farm_.run_for(random_.below(200) * kMillisecond);
  }
}

void RandomRun::trouble() {
  using Kind = void (RandomRun::*)();
  constexpr std::array<Kind, 11> kKinds = {&RandomRun::link_down,
                                           &RandomRun::link_down,
                                           &RandomRun::node_crash,
                                           &RandomRun::node_crash,
                                           &RandomRun::clocks,
                                           &RandomRun::coordinator_crash,
                                           &RandomRun::coordinator_restored,
                                           &RandomRun::disk_back,
                                           &RandomRun::poison,
                                           &RandomRun::flood,
                                           &RandomRun::draw_network};
  (this->*kKinds[random_.below(kKinds.size())])();
}

RunReport RandomRun::run() {
  may_go_back_ = random_.chance(0.25);
  pace_ = static_cast<double>(random_.between(1, 30)) / 10;
  draw_network();
  const uint64_t steps = random_.between(30, 300);
  for (uint64_t i = 0; i < steps; ++i) {
    produce_some();
    if (random_.chance(0.05)) trouble();
    // Mostly busy, now and then nothing happens for a while.
    const uint64_t pause_ms = random_.chance(0.03) ? random_.below(900'000) : random_.below(4'000);
    farm_.run_for(static_cast<uint64_t>(static_cast<double>(pause_ms) / pace_) * kMillisecond);
  }
  tell("all is well again");
  if (!farm_.heal_and_drain()) {
    report_.findings.push_back("not drained six hours after all was well; the uplink says: " +
                               farm_.node->uplink().last_error);
  }
  report_.virtual_s = now_ns(farm_.loop) / kSecond;
  for (std::string& finding : farm_.findings()) report_.findings.push_back(std::move(finding));
  report_.handed_in = farm_.model.count_handed_in();
  report_.accepted = farm_.model.count_accepted();
  report_.state_hash = hash_of_state(farm_.state());
  return std::move(report_);
}

}  // namespace

RunReport run_seed(uint64_t seed) {
  return RandomRun(seed).run();
}

}  // namespace farmhand::simulation
