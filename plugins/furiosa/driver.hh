// SPDX-License-Identifier: Apache-2.0
// A card as its kernel driver shows it below /sys/class: `rngd_mgmt` for RNGD, `npu_mgmt` for
// Warboy. Names and formats: furiosa-ai/device-api@bc3cabc, device-api/src/{sysfs,perf_regs}.rs,
// arch/{rngd,warboy}.rs and test_data; `alloc_status` and `metrics`: lablup/backend.ai@c0032c4,
// accelerator/furiosa/rngd/rngd_api.py (third party).
//
// The class devices are virtual and know their card only by `busname`. The number in `npu3` is
// given anew at each start of the driver: nothing may be keyed on it, and a look begins by asking
// whether the number still means the same card.
#pragma once

#include <farmhand/identity.hh>
#include <farmhand/sysfs.hh>

#include "cores.hh"
#include "cycles.hh"

namespace farmhand::furiosa {

enum class Family : uint8_t { kRngd, kWarboy };

// Where a card is found, and who it says it is. Empty texts could not be read.
struct DriverCard {
  Family family = Family::kRngd;
  uint32_t number = 0;  // N of npuN
  std::string folder;   // …/rngd!npu0mgmt
  std::string pci;
  std::string serial, uuid, model, firmware, version;
  int32_t status = FH_SAMPLE_OK;  // NO_PERMISSION: it is there, and we may not read who it is

  // The path up to `pe3`: …/rngd!npu0
  std::string core_base() const;
};

// `classes` are the folders there are: none means that no driver is loaded.
struct DriverCards {
  uint32_t classes = 0;
  std::vector<DriverCard> cards;
};
DriverCards find_driver_cards(const Root& root);

// Whether the card's folder still belongs to this card.
bool is_still(const DriverCard& card);

enum class Liveness : uint8_t { kAlive, kDead, kUnknown };

// `unknown` with a number: a state this plugin does not know.
struct State {
  Liveness liveness = Liveness::kUnknown;
  int32_t status = FH_SAMPLE_UNKNOWN;
  std::string text;
};
State read_state(const DriverCard& card);

// The lines of atr_error that count faults; the two "done" lines count progress and are left out.
struct Faults {
  int32_t status = FH_SAMPLE_UNKNOWN;
  double total = 0;
  double device = 0;  // of them, the line "Device Error"
  std::vector<std::pair<std::string, double>> lines;
};
Faults read_faults(const DriverCard& card);

Reading read_heartbeat(const DriverCard& card);

// One per core, as many as asked for. A file with more or fewer lines than cores is an error.
std::vector<Reading> read_clocks(const DriverCard& card, uint32_t cores);     // MHz
std::vector<Reading> read_occupancy(const DriverCard& card, uint32_t cores);  // 0 or 1
CoreCounters read_counters(const DriverCard& card, uint32_t core);

// The largest figures over the cores: each shows the whole card's, free cores show nothing.
struct MemoryUse {
  Reading used, total;
};
MemoryUse read_memory(const DriverCard& card, uint32_t cores);

// The ranges the driver made nodes for; empty if it does not say.
std::vector<CoreRange> read_ranges(const DriverCard& card);

}  // namespace farmhand::furiosa
