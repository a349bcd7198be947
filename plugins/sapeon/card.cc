// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <farmhand/roster.hh>

namespace farmhand::sapeon {

void list(Call& call, const Card& card) {
  fh_device record = record_of(card);
  record.memory_bytes = card.memory_bytes;
  call.emit(record);
  if (card.model == nullptr) return;
  emit_peaks(call, card.handle, card.model->peaks);
}

const AdapterCard* find_card(const Report& report, const Card& card) {
  for (const AdapterCard& each : report.cards) {
    const bool here = !each.pci.empty() && each.pci == card.pci;
    const bool same = !each.serial.empty() && each.serial == card.serial;
    // Another serial number in the same slot is another card.
    const bool other = !each.serial.empty() && !card.serial.empty() && !same;
    if (same || (here && !other)) return &each;
  }
  return nullptr;
}

Look::Look(const Card& card, Adapter& adapter, const Call& call)
    : card_(card), configured_(adapter.configured()) {
  if (card.device && !exists(card.device->folder + "/vendor")) {
    fail(FH_E_DEVICE_LOST, "%s left the PCI bus", card.pci.c_str());
  }
  seen_ = adapter.report(call);
  if (!seen_) {
    problem_ = "the adapter did not answer lately";
  } else if (!seen_->value.ok()) {
    problem_ = seen_->value.problem;
  } else {
    said_ = find_card(seen_->value, card);
    if (said_ == nullptr) problem_ = "the adapter does not name this card";
  }
  if (said_ == nullptr && !card.device) fail(FH_E_DEVICE_LOST, "%s", problem_.c_str());
}

Reading Look::reading(Quantity quantity) const {
  return said_ != nullptr ? (*said_)[quantity] : no_reading(FH_SAMPLE_UNKNOWN);
}

Reading Look::throttle() const {
  return said_ != nullptr ? said_->throttle : no_reading(FH_SAMPLE_UNKNOWN);
}

}  // namespace farmhand::sapeon
