// SPDX-License-Identifier: Apache-2.0
// A machine with the coordinator's own store, sessions and rules on it, reached over the Network.
// It crashes, comes back, and is restored from older copies of its disk.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "coordinator/sessions.hh"
#include "disk.hh"
#include "network.hh"

namespace farmhand::simulation {

class CoordinatorMachine {
 public:
  CoordinatorMachine(Loop& loop, Network& network, const std::string& directory,
                     coordinator::SessionLimits limits = {});
  ~CoordinatorMachine();

  void enroll(const Uuid& node, const std::string& secret);  // also anew; while it runs

  void start();
  void crash();  // as kill -9
  void shut();   // the store is at rest and `store_path` can be opened
  bool running() const { return process_ != nullptr; }

  Result<coordinator::FarmReport> verify() const;  // `farmhand-coordinator verify`, at rest
  std::string backup() { return disk_.copy(); }    // while it runs, too
  void restore(const std::string& backup);         // while it does not run

  MachineClock clock;
  std::string store_path() const { return disk_.file("coordinator.db"); }
  size_t sessions() const { return process_ ? process_->sessions.size() : 0; }

 private:
  struct Process {  // as coordinator::Coordinator, without HTTPS
    Process(Loop& loop, const Clock& clock, std::unique_ptr<coordinator::Store> opened,
            const coordinator::SessionLimits& limits)
        : store(std::move(opened)),
          thread(loop),
          ask(thread, *store),
          sessions(loop, clock, ask, limits) {}
    std::unique_ptr<coordinator::Store> store;
    StoreThread thread;
    coordinator::Ask ask;
    coordinator::Sessions sessions;
  };

  Loop& loop_;
  Network& network_;
  Disk disk_;
  coordinator::SessionLimits limits_;
  std::unique_ptr<Process> process_;
};

}  // namespace farmhand::simulation
