// SPDX-License-Identifier: Apache-2.0
// One look at a device, within one call: each value from the first place that has it, in the order
// driver's files, library, tool. What is read once serves the whole look.
#pragma once

#include <chrono>
#include <mutex>

#include "card.hh"

namespace farmhand::rebellions {

// The library's temperature is in °C by its binding's comment and in m°C in some releases; the
// header names no unit. No chip has a reading that makes sense in both: below 1 °C nothing in a
// rack is cold, above 200 °C nothing works. Once one device was seen in °C the library speaks °C,
// and a large number is nonsense, not a m°C.
class HeatUnit {
 public:
  enum class Kind : uint8_t { kDetect, kCelsius, kMillicelsius };

  explicit HeatUnit(Kind kind) : kind_(kind) {}

  Reading from(double raw) {
    const Reading degrees = within(good(raw), 1, 200);
    const Reading thousandths = within(good(raw * 1e-3), 1, 200);
    if (kind_ == Kind::kCelsius) return degrees;
    if (kind_ == Kind::kMillicelsius) return thousandths;
    if (degrees.ok()) celsius_seen_ = true;
    return degrees.ok() || celsius_seen_ ? degrees : thousandths;
  }

 private:
  Kind kind_;
  std::atomic<bool> celsius_seen_{false};
};

// What all devices share. The library is behind one lock, for nothing says that it may be called
// twice at once. Who waits for it longer than this leaves it out; so a call that hangs for one
// device does not hold up the others.
struct Shared {
  static constexpr std::chrono::milliseconds kWait{50};

  MlLibrary library;
  SmiTool tool;
  HeatUnit heat;
  StatusTable table;
  std::timed_mutex lock;  // of library
};

class Look {
 public:
  // Throws FH_E_DEVICE_LOST if the device left, and FH_E_PERMISSION if it may not be read.
  Look(const Card& card, Shared& shared, const Call& call, const Root& root);

  Reading temperature();
  Reading power();
  Reading utilization();
  Reading power_state();
  Pace pace();
  Reading throttle();
  const Contexts& contexts();
  const MemoryUse& memory();
  Reading status();           // the driver's number; NOT_SUPPORTED: it has none
  std::string tool_status();  // the tool's word; empty: it is not asked
  const PciLink& link();
  const PciErrors& link_errors();

  double temperature_raw() const { return temperature_raw_; }  // as the library gave it
  // The library said that it does not find the device, or that the driver refused its call.
  bool lost() const { return lost_; }
  bool refused() const { return refused_; }
  const Card& card() const { return card_; }
  uint64_t began_ns() const { return began_ns_; }

 private:
  void find_driver(const Root& root);
  template <class Ask>
  auto from_library(Ask ask) -> std::optional<decltype(ask(std::declval<MlLibrary&>()))>;
  Raw raw_of(Raw (MlLibrary::*question)(ml::Handle) const);
  Reading or_tool(const Reading& library, Reading ToolCard::*member);
  const ToolCard* tool_card();

  const Card& card_;
  Shared& shared_;
  const Call& call_;
  std::optional<DriverCard> driver_;  // where the device is now
  uint64_t began_ns_;
  bool library_left_out_ = false;
  bool library_checked_ = false;
  bool lost_ = false;
  bool refused_ = false;
  double temperature_raw_ = 0;

  std::shared_ptr<const ToolReport> report_;
  std::optional<Reading> power_state_;
  std::optional<Contexts> contexts_;
  std::optional<MemoryUse> memory_;
  std::optional<PciLink> link_;
  std::optional<PciErrors> link_errors_;
};

}  // namespace farmhand::rebellions
