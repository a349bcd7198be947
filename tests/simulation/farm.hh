// SPDX-License-Identifier: Apache-2.0
// One coordinator, its nodes, and the network between them, in one thread of virtual time. All
// that happens follows from the seed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator_machine.hh"
#include "node_machine.hh"
#include "store_view.hh"

namespace farmhand::simulation {

class Farm {
 public:
  explicit Farm(uint64_t seed, uint64_t size_max = 64 << 20);
  ~Farm();

  void run_for(uint64_t ns);
  bool run_until(const std::function<bool()>& done, uint64_t limit_ns);

  // Everything works again from now on. False: not drained within the time.
  bool heal_and_drain(uint64_t limit_ns = 6 * kHour);

  // At the end, with everything at rest: what is wrong, a sentence each. Nothing: every promise
  // was kept.
  std::vector<std::string> findings(const Model* clone = nullptr);
  std::string state();  // StoreView::state, at rest

  // A second machine with a copy of the node's disk and identity.
  std::unique_ptr<NodeMachine> clone(Model& its_model);
  void enroll_anew();

 private:
  std::string scratch_;  // removed at the end

 public:
  Random random;  // of events; the machines' own randomness is apart from it
  Loop loop;
  Network network;
  Model model;
  std::unique_ptr<CoordinatorMachine> coordinator;
  std::unique_ptr<NodeMachine> node;

 private:
  void rest();

  Random producer_;
  NodeMachine::Options node_options_;
};

}  // namespace farmhand::simulation
