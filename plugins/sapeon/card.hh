// SPDX-License-Identifier: Apache-2.0
// One card as of one enumeration, and one look at it.
#pragma once

#include <farmhand/checks.hh>
#include <farmhand/hwmon.hh>
#include <farmhand/pci.hh>
#include <memory>

#include "adapter.hh"
#include "catalogue.hh"

namespace farmhand::sapeon {

// What only the card's own calls touch, of which the host makes one at a time.
struct Memory {
  Growth uncorrected;
  LinkErrors link_errors, port_errors;
};

struct Card {
  uint32_t handle = 0;
  std::string key;  // serial, else UUID, else PCI address
  std::string serial, uuid, pci, model_name, firmware, driver_version, note;
  const Model* model = nullptr;
  int32_t state = FH_DEVICE_UNMANAGED;
  int32_t numa_node = -1;
  uint64_t memory_bytes = 0;  // 0: not known
  std::optional<PciDevice> device;
  std::vector<Sensor> sensors;
  std::shared_ptr<Memory> memory;
};

// The device record and its peaks.
void list(Call& call, const Card& card);

class Look {
 public:
  // Throws FH_E_DEVICE_LOST for a card that left the bus or that the adapter calls lost.
  Look(const Card& card, Adapter& adapter, const Call& call);

  const Card& card() const { return card_; }
  // What the adapter says of this card; null: nothing, then `problem` says why.
  const AdapterCard* said() const { return said_; }
  const std::string& problem() const { return problem_; }

  Reading reading(Quantity quantity) const;
  Reading throttle() const;
  // There is an adapter, and what it last said of this card is not known.
  bool unheard() const { return configured_ && said_ == nullptr; }
  uint64_t said_ns() const { return seen_ ? seen_->boottime_ns : 0; }

 private:
  const Card& card_;
  std::shared_ptr<const Adapter::Seen> seen_;
  const AdapterCard* said_ = nullptr;
  bool configured_;
  std::string problem_;
};

const AdapterCard* find_card(const Report& report, const Card& card);

}  // namespace farmhand::sapeon
