// SPDX-License-Identifier: Apache-2.0
// A machine with a node's real outbox and uplink on it, and a producer that tells the Model what it
// hands in. It crashes, reboots, and its disk goes back or is cloned.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "disk.hh"
#include "model.hh"
#include "network.hh"
#include "outbox/outbox.hh"
#include "store/state.hh"
#include "sync/uplink.hh"

namespace farmhand::simulation {

class NodeMachine {
 public:
  struct Options {
    Uuid uuid;
    std::string secret;
    std::string name = "node";  // in every record
    uint64_t size_max = 64 << 20;
  };
  NodeMachine(Loop& loop, Network& network, Model& model, Random& random,
              const std::string& directory, Options options);
  ~NodeMachine();

  void start();
  void crash();  // as kill -9; the boot goes on
  void stop();   // SIGTERM: what waits is committed
  bool running() const { return process_ != nullptr; }
  void reboot();  // while it does not run
  std::string file(const std::string& name) const { return disk_.file(name); }
  uint64_t disk_bytes() const { return disk_.bytes(); }
  std::string copy_disk() { return disk_.copy(); }
  void put_disk(const std::string& copy) { disk_.become(copy); }  // while it does not run

  // One record, with a number in it that makes it unlike any other. `bytes`: at least so many.
  void produce(Lane lane, size_t bytes = 0);
  void produce_poison(Lane lane);

  bool drained() const;
  Outbox& outbox() { return *process_->outbox; }
  UplinkStatus uplink() const { return process_->uplink->status(); }

  MachineClock clock;

 private:
  struct Process {
    explicit Process(StateFile file) : state(std::move(file)), epochs(state) {}
    StateFile state;
    StateEpochStore epochs;
    std::unique_ptr<StoreThread> thread;
    std::unique_ptr<Outbox> outbox;
    std::unique_ptr<Uplink> uplink;
    uint64_t table_id = 0;  // of the telemetry; 0: not declared yet
  };
  void declare_table();
  std::string make_record(Lane lane, Model::Id id, size_t bytes);
  void hand_in(Lane lane, Model::Id id, std::string record);

  Loop& loop_;
  Network& network_;
  Model& model_;
  Random& random_;
  Disk disk_;
  Options options_;
  std::string boot_id_;
  std::unique_ptr<Process> process_;
};

}  // namespace farmhand::simulation
