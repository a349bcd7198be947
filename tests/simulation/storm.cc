// SPDX-License-Identifier: Apache-2.0
// All nodes of a farm lose their coordinator for an hour and come back: how many tries there are in
// each second, and when the last node and its results are in. Real uplinks with their real backoff,
// the real coordinator's sessions and store; the outboxes are in memory (storm_outbox.cc).
//
//   storm                      1,000 nodes
//   storm --nodes 10000        the promise itself: 99 % within five minutes
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.hh"
#include "coordinator_machine.hh"
#include "outbox/outbox.hh"
#include "sync/uplink.hh"
#include "wire/record.hh"

using namespace farmhand;
using namespace farmhand::simulation;

namespace {

constexpr uint64_t kOutage = kHour;
constexpr uint64_t kGoalS = 300;
// A TLS handshake costs the coordinator's one thread about so much: some hundreds in a second.
constexpr uint64_t kAcceptNs = 2 * kMillisecond;

std::string scratch() {
  const char* wanted = std::getenv("TMPDIR");
  std::string path =
      std::string(wanted != nullptr ? wanted : "/dev/shm") + "/farmhand-storm-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

struct Agent {
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Uplink> uplink;
  uint64_t live_ns = 0, results_ns = 0, all_ns = 0;  // since the coordinator is back; 0: not yet
  bool backlog_first = false;  // a lower lane's segment was sent before lanes 0 and 1 were in
};

class Storm {
 public:
  Storm(const std::string& directory, size_t nodes)
      : network_(loop_, 1),
        clock_(loop_),
        coordinator_(loop_, network_, directory),
        thread_(loop_) {
    network_.accept_ns = kAcceptNs;
    network_.faults.latency_ns = 5 * kMillisecond;
    network_.faults.jitter_ns = 5 * kMillisecond;
    agents_.resize(nodes);
    for (size_t i = 0; i < nodes; ++i) add(i);
    network_.on_sent = [this](const std::string& bearer, const std::string& message) {
      look(bearer, message);
    };
  }
  int run();

 private:
  void add(size_t i);
  void fill(Outbox& outbox);
  void look(const std::string& bearer, const std::string& message);
  void observe();
  uint64_t run_second();
  void print(double real_s);
  uint64_t percentile(uint64_t Agent::*when, double share) const;
  bool results_in(const Agent& agent) const;

  Loop loop_;
  Network network_;
  MachineClock clock_;
  CoordinatorMachine coordinator_;
  StoreThread thread_;
  std::vector<Agent> agents_;
  std::unordered_map<std::string, size_t> by_bearer_;
  uint64_t back_ns_ = 0;
  std::vector<uint64_t> tries_;  // in each second since it is back
  uint64_t outage_tries_ = 0, outage_peak_ = 0;
};

// An hour's worth in small: results and events, and a backlog of the lower lanes.
void Storm::fill(Outbox& outbox) {
  for (const Lane lane : {Lane::kResults, Lane::kHealth}) {
    wire::Event event;
    event.uuid = Uuid::random();
    event.plugin = "sim";
    event.sentence = "during the outage";
    (void)outbox.enqueue_durable(lane, wire::encode_record(event));
  }
  for (int i = 0; i < 4; ++i) (void)outbox.enqueue_durable(Lane::kLogs, std::string(4096, 'x'));
}

void Storm::add(size_t i) {
  Agent& agent = agents_[i];
  Uplink::Options options;
  options.url = "wss://coordinator/v1/sync";
  options.node = Uuid::random();
  options.credential = "secret " + std::to_string(i);
  options.boot_id = options.node.text();
  by_bearer_[options.credential] = i;
  coordinator_.enroll(options.node, options.credential);
  agent.outbox = std::make_unique<Outbox>(loop_, clock_, thread_, Outbox::Options{});
  fill(*agent.outbox);
  agent.uplink = std::make_unique<Uplink>(loop_, clock_, network_.context(), *agent.outbox,
                                          std::move(options));
}

bool Storm::results_in(const Agent& agent) const {
  const OutboxStats stats = agent.outbox->stats();
  return stats.lanes[0].depth == 0 && stats.lanes[1].depth == 0;
}

void Storm::look(const std::string& bearer, const std::string& message) {
  if (message.size() < 4096) return;
  Agent& agent = agents_[by_bearer_[bearer]];
  if (!results_in(agent)) agent.backlog_first = true;
}

void Storm::observe() {
  const uint64_t since_ns = now_ns(loop_) - back_ns_;
  for (Agent& agent : agents_) {
    if (agent.all_ns != 0) continue;
    if (agent.live_ns == 0 && agent.uplink->status().state == UplinkState::kLive)
      agent.live_ns = since_ns;
    if (agent.results_ns == 0 && results_in(agent)) agent.results_ns = since_ns;
    if (agent.outbox->stats().lanes[3].depth == 0) agent.all_ns = since_ns;
  }
}

uint64_t Storm::run_second() {
  const uint64_t before = network_.counts().connects;
  loop_.run_for_ms(1000);
  return network_.counts().connects - before;
}

// When so many of the agents were there, in milliseconds; 0: never.
uint64_t Storm::percentile(uint64_t Agent::*when, double share) const {
  std::vector<uint64_t> all;
  for (const Agent& agent : agents_) all.push_back(agent.*when == 0 ? ~0ull : agent.*when);
  std::sort(all.begin(), all.end());
  const uint64_t ns = all[static_cast<size_t>(static_cast<double>(all.size() - 1) * share)];
  return ns == ~0ull ? 0 : ns / kMillisecond;
}

int Storm::run() {
  const auto began = std::chrono::steady_clock::now();
  // All at once, as if the sessions had just been lost.
  coordinator_.shut();
  network_.refuses = true;
  for (Agent& agent : agents_) agent.uplink->start();
  for (uint64_t s = 0; s < kOutage / kSecond; ++s) {
    const uint64_t tries = run_second();
    outage_tries_ += tries;
    if (s >= 300) outage_peak_ = std::max(outage_peak_, tries);
  }
  network_.refuses = false;
  coordinator_.start();
  back_ns_ = now_ns(loop_);
  while (percentile(&Agent::all_ns, 1) == 0 && tries_.size() < 1800) {
    tries_.push_back(run_second());
    observe();
  }
  print(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  size_t backlog_first = 0;
  for (const Agent& agent : agents_) backlog_first += agent.backlog_first ? 1 : 0;
  for (Agent& agent : agents_) agent.uplink.reset();
  const uint64_t live_ms = percentile(&Agent::live_ns, 0.99);
  coordinator_.shut();
  const auto report = coordinator_.verify();
  const bool verified = report && report->ok();
  const bool in_time = live_ms != 0 && live_ms <= kGoalS * 1000;
  std::printf("%s 99 %% are back within five minutes\n", in_time ? "kept  " : "BROKEN");
  std::printf("%s no lower lane was sent before lanes 0 and 1 were in (%zu did)\n",
              backlog_first == 0 ? "kept  " : "BROKEN", backlog_first);
  std::printf("%s verify: every number is covered exactly once\n", verified ? "kept  " : "BROKEN");
  return in_time && backlog_first == 0 && verified ? 0 : 1;
}

void Storm::print(double real_s) {
  std::printf(
      "%zu nodes, their coordinator away for an hour: %llu tries, at most %llu a second once\n"
      "the backoff is at its limit; %.0f s of real time\n\n",
      agents_.size(), static_cast<unsigned long long>(outage_tries_),
      static_cast<unsigned long long>(outage_peak_), real_s);
  std::printf("tries in the seconds after it is back:\n");
  const uint64_t most = *std::max_element(tries_.begin(), tries_.end());
  for (size_t s = 0; s < tries_.size(); s += 5) {
    uint64_t sum = 0, peak = 0;
    for (size_t i = s; i < std::min(s + 5, tries_.size()); ++i) {
      sum += tries_[i];
      peak = std::max(peak, tries_[i]);
    }
    std::printf("  %4zu s %6llu %s\n", s, static_cast<unsigned long long>(sum / 5),
                std::string(most == 0 ? 0 : peak * 50 / most, '#').c_str());
  }
  std::printf("  at most %llu in one second\n\n", static_cast<unsigned long long>(most));
  std::printf("%-28s %10s %10s %10s\n", "after, s", "half", "99 %", "all");
  const auto row = [&](const char* name, uint64_t Agent::*when) {
    std::printf("%-28s %10.1f %10.1f %10.1f\n", name,
                static_cast<double>(percentile(when, 0.5)) / 1000,
                static_cast<double>(percentile(when, 0.99)) / 1000,
                static_cast<double>(percentile(when, 1)) / 1000);
  };
  row("in session", &Agent::live_ns);
  row("lanes 0 and 1 applied", &Agent::results_ns);
  row("backlog applied", &Agent::all_ns);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  log::set_level(log::Level::kError);
  seed_machine(1);
  const bool given = argc == 3 && std::string(argv[1]) == "--nodes";
  const std::string directory = scratch();
  const int broken = Storm(directory, given ? std::strtoull(argv[2], nullptr, 10) : 1000).run();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return broken;
}
