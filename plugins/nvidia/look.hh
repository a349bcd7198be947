// SPDX-License-Identifier: Apache-2.0
// One look at a card, within one call: the library's answers as readings. What several series or
// checks need is asked once. After the first answer that the card is lost nothing more is asked.
#pragma once

#include "card.hh"
#include "library.hh"

namespace farmhand::nvidia {

template <class Value>
struct Answer {
  nvml::Ret code = nvml::kSuccess;
  Value value{};

  bool ok() const { return code == nvml::kSuccess; }
};

// Rows that were or will be replaced by spare ones (Ampere and later), or pages taken out of use
// (before it); `failed` is of rows only.
struct Repairs {
  Reading corrected, uncorrected, pending, failed;
  bool pages = false;
};

struct MemoryUse {
  Reading used, total;
};

class Look {
 public:
  // Throws FH_E_DEVICE_LOST if the card left, FH_E_PERMISSION if it may not be read, FH_E_AGAIN if
  // the library is between two sessions.
  Look(const Card& card, Nvml& library);

  Reading utilization();
  Reading memory_utilization();
  Reading memory_used() { return memory().used; }
  Reading memory_total() { return memory().total; }
  Reading temperature();
  Reading memory_temperature();
  Reading slowdown_limit();
  Reading shutdown_limit();
  Reading power();
  Reading power_limit();
  Reading energy();
  Reading core_clock();
  Reading memory_clock();
  Reading performance();
  Reading throttle();
  Reading corrected() { return ecc(nvml::kCorrected, nvml::kAggregate); }
  Reading uncorrected() { return ecc(nvml::kUncorrected, nvml::kAggregate); }
  Reading corrected_now() { return ecc(nvml::kCorrected, nvml::kVolatile); }
  Reading uncorrected_now() { return ecc(nvml::kUncorrected, nvml::kVolatile); }
  Reading repaired();
  Reading repaired_corrected() { return repairs().corrected; }
  Reading repaired_uncorrected() { return repairs().uncorrected; }
  Reading repair_pending() { return repairs().pending; }
  Reading repair_failed() { return repairs().failed; }
  Reading link_generation();
  Reading link_width();
  Reading link_generation_max();
  Reading link_width_max();
  Reading replays();
  Reading link_corrected();
  Reading link_nonfatal();
  Reading link_fatal();
  Reading processes() { return processes_of(card_.device); }
  Reading fabric_up(uint32_t link);
  Reading fabric_errors(uint32_t link);
  Reading recovery_action();

  const Repairs& repairs();
  // Of the card or of one of its slices.
  MemoryUse memory_of(nvml::Device device);
  Reading processes_of(nvml::Device device);
  const nvml::Api& api() const { return api_; }
  uint64_t throttle_code() const { return throttle_code_; }  // as the vendor gave it
  bool needs_reset() const { return needs_reset_; }
  // Throws FH_E_DEVICE_LOST if an answer said so.
  void require_present() const;
  const Card& card() const { return card_; }

 private:
  template <class Value, class... Arguments, class... Given>
  Answer<Value> ask(nvml::Ret (*question)(nvml::Device, Arguments...), Given... given) {
    return ask_of<Value>(card_.device, question, given...);
  }
  template <class Value, class... Arguments, class... Given>
  Answer<Value> ask_of(nvml::Device device, nvml::Ret (*question)(nvml::Device, Arguments...),
                       Given... given);
  nvml::Ret heard(nvml::Ret code);
  template <class... Arguments, class... Given>
  Reading number(double least, double most, nvml::Ret (*question)(nvml::Device, Arguments...),
                 Given... given);
  Reading field(uint32_t id);
  Reading ecc(uint32_t error, uint32_t counter);
  Reading retired(uint32_t cause);
  const MemoryUse& memory();
  const Answer<nvml::Utilization>& rates();
  const PciErrors& link_errors();

  const Card& card_;
  Nvml& library_;
  Nvml::Use use_;
  const nvml::Api& api_;
  bool lost_ = false;
  bool needs_reset_ = false;
  uint64_t throttle_code_ = 0;
  std::optional<Answer<nvml::Utilization>> rates_;
  std::optional<MemoryUse> memory_;
  std::optional<Repairs> repairs_;
  std::optional<PciErrors> link_errors_;
};

}  // namespace farmhand::nvidia
