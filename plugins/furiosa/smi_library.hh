// SPDX-License-Identifier: Apache-2.0
// libfuriosa_smi.so, found at run time. FuriosaAI calls it legacy from SDK 2026.4 on: it is asked
// only for what the driver's files do not say.
//
// Which release it is must be concluded from the symbols that are there. Each call gets 128 KiB of
// zeroes, whatever its struct has today; only code 0 is trusted, and only what is plausible.
#pragma once

#include <farmhand/identity.hh>
#include <farmhand/library.hh>
#include <farmhand/reading.hh>
#include <memory>
#include <mutex>

#include "cores.hh"
#include "cycles.hh"
#include "smi_declarations.hh"

namespace farmhand::furiosa {

// What one call gave: the struct, or a status and the library's code.
template <class Struct>
struct Answer {
  int32_t status = FH_SAMPLE_UNKNOWN;
  int32_t code = -1;
  bool lost = false;  // the library says that the device is lost
  std::unique_ptr<Struct> value;

  bool ok() const { return status == FH_SAMPLE_OK; }
};

struct SmiCard {
  uint32_t handle = 0;
  std::string pci, serial, uuid, model, name, firmware;
  uint32_t cores = 0;
  int32_t numa_node = -1;
};

class SmiLibrary {
 public:
  explicit SmiLibrary(std::vector<std::string> names) : names_(std::move(names)) {}

  // Loads and initialises at the first call that finds it; tries again later if that failed. May
  // block, as any vendor's call.
  void load();

  bool usable() const { return usable_; }
  bool present() const { return library_.loaded(); }
  // One sentence on the release found, or on what is wrong.
  const std::string& description() const { return description_; }

  // Nothing, and why, if the list itself is not plausible.
  std::optional<std::vector<SmiCard>> cards(std::string* problem);
  bool is_drained(const std::string& pci);

  Answer<smi::Temperature> temperature(uint32_t handle);
  Answer<smi::Power> power(uint32_t handle);
  Answer<uint32_t> throttle(uint32_t handle);
  Answer<uint32_t> memory_clock(uint32_t handle);
  Answer<uint8_t> liveness(uint32_t handle);
  std::vector<CoreCounters> counters(uint32_t handle, uint32_t cores);
  std::vector<Reading> clocks(uint32_t handle, uint32_t cores);
  std::vector<Reading> occupancy(uint32_t handle, uint32_t cores);
  Answer<smi::OldMemory> memory(uint32_t handle);
  std::string driver_version();
  // Whether the handle still means the card at this address.
  bool is_still(uint32_t handle, const std::string& pci);

 private:
  using Global = int32_t(void*);
  using OfDevice = int32_t(uint32_t, void*);

  // What the symbols say; see vendors' history in README.md.
  struct Release {
    bool entries_name_their_core = false;  // since 2025-03
    bool five_is_lost = false;             // since 2025-08-05
    enum class MemoryKind : uint8_t { kNone, kOld, kNew } memory = MemoryKind::kNone;
  };

  void find_functions();
  bool too_old() const;
  int32_t status_of(int32_t code) const;
  template <class Struct>
  Answer<Struct> ask(OfDevice* function, uint32_t handle);
  template <class Struct>
  std::unique_ptr<Struct> ask_all(Global* function, int32_t* code);
  std::optional<SmiCard> card_of(uint32_t handle);

  std::vector<std::string> names_;
  Library library_;
  Release release_;
  bool usable_ = false;
  std::string description_ = "not looked for";

  int32_t (*init_)() = nullptr;
  Global *handles_ = nullptr, *driver_ = nullptr, *disabled_ = nullptr;
  OfDevice *info_ = nullptr, *statuses_ = nullptr, *liveness_ = nullptr, *temperature_ = nullptr,
           *power_ = nullptr, *counters_ = nullptr, *clocks_ = nullptr, *memory_clock_ = nullptr,
           *memory_ = nullptr, *throttle_ = nullptr;
};

}  // namespace farmhand::furiosa
