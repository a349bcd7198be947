// SPDX-License-Identifier: Apache-2.0
// One simulated device: its identity, its card, its series, and the faults that are on.
#pragma once

#include <farmhand/call.hh>
#include <memory>
#include <span>
#include <vector>

#include "card.hh"
#include "control.hh"
#include "fleet.hh"
#include "series.hh"

namespace farmhand::sim {

// The host never makes two calls at once for one device, so nothing here is locked; list() reads
// only what never changes, for it may run beside the others.
class Device {
 public:
  Device(Control& control, Identity identity, const Load& load, std::vector<Series> series);

  const Identity& identity() const { return identity_; }

  void list(Call& call);
  void metrics(Call& call);
  void sample(Call& call, std::span<const uint32_t> ids, uint64_t since_start_ns);

 private:
  bool has(Fault fault) { return fault_of(fault) != nullptr; }
  std::shared_ptr<const FaultLine> fault_of(Fault fault) {
    return control_.find(identity_.index, identity_.key, fault);
  }

  void suffer(const FaultLine& line);
  void leak(uint64_t mebibytes);
  void emit_garbage(Call& call, std::span<const uint32_t> ids);
  double counted(uint32_t id);
  double reading(uint32_t id);

  Control& control_;
  Identity identity_;
  Card card_;
  std::vector<Series> series_;
  std::vector<std::unique_ptr<char[]>> leaked_;

  // What this call does; set by suffer().
  int32_t status_ = FH_SAMPLE_OK;
  bool garbage_ = false;
  bool counters_restarted_ = false;
  bool ecc_ = false;
  std::vector<double> counter_bases_;  // by metric id; subtracted once counters restarted
  std::vector<double> last_values_;    // by metric id, for `stale`
  uint64_t last_boottime_ns_ = 0;
};

}  // namespace farmhand::sim
