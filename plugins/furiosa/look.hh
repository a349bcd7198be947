// SPDX-License-Identifier: Apache-2.0
// One look at a card, within one call: each value from the first place that has it, in the order
// driver's files, library, tool. What is read once serves the whole look.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "card.hh"

namespace farmhand::furiosa {

// The vendor's library behind one lock: nothing says that it may be called twice at once. Who waits
// for it longer than this leaves it out; so a call that hangs for one card does not hold up others.
struct SharedLibrary {
  static constexpr std::chrono::milliseconds kWait{50};

  explicit SharedLibrary(std::vector<std::string> names) : library(std::move(names)) {}
  SmiLibrary library;
  std::timed_mutex lock;
};

class Look {
 public:
  // Throws FH_E_DEVICE_LOST if the card left, and FH_E_PERMISSION if it may not be read.
  Look(const Card& card, SharedLibrary& library, SmiTool& tool, const Call& call, const Root& root);

  Reading temperature();
  Reading ambient();
  Reading core_temperature(uint32_t core);
  Reading power();
  Reading clock(uint32_t core);
  Reading clock_mean();
  Reading memory_clock();
  Reading occupied(uint32_t core);
  Reading utilization(uint32_t core);
  Reading utilization_mean();
  const CoreCounters& counters(uint32_t core);
  const MemoryUse& memory();
  Reading throttle();  // bits FH_THROTTLE_*
  uint32_t throttle_code() const { return throttle_code_; }
  Reading heartbeat();
  const Faults& faults();
  const PciLink& link();
  const PciErrors& link_errors();
  State state();

  // The library said that the card is lost.
  bool lost() const { return lost_; }
  const Card& card() const { return card_; }
  uint64_t began_ns() const { return began_ns_; }

 private:
  void find_driver(const Root& root);
  template <class Ask>
  auto from_library(Ask ask) -> std::optional<decltype(ask(std::declval<SmiLibrary&>(), 0u))>;
  template <class Struct, class Member>
  Reading library_reading(Answer<Struct> (SmiLibrary::*question)(uint32_t), Member member,
                          double least, double most);
  const ToolCard* tool_card();
  std::vector<CoreCounters> read_all_counters();
  Reading sensor(std::string_view label);
  Reading hottest();

  const Card& card_;
  SharedLibrary& library_;
  SmiTool& tool_;
  const Call& call_;
  std::optional<DriverCard> driver_;  // where the card is now
  uint64_t began_ns_;
  bool library_left_out_ = false;
  bool library_checked_ = false;
  bool lost_ = false;
  uint32_t throttle_code_ = 0;

  std::shared_ptr<const ToolReport> report_;
  std::optional<std::vector<Reading>> clocks_, occupied_;
  std::optional<std::vector<CoreCounters>> counters_;
  std::optional<MemoryUse> memory_;
  std::optional<Faults> faults_;
  std::optional<PciLink> link_;
  std::optional<PciErrors> link_errors_;
};

}  // namespace farmhand::furiosa
