// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

namespace farmhand::rebellions {

namespace {

uint64_t memory_of(const Card& card) {
  if (card.places.library && card.places.library->memory_bytes > 0) {
    return card.places.library->memory_bytes;
  }
  if (card.places.tool && card.places.tool->memory.total.ok()) {
    return static_cast<uint64_t>(card.places.tool->memory.total.value);
  }
  return card.model != nullptr && !card.virtual_function() ? card.model->memory_bytes : 0;
}

}  // namespace

void list(Call& call, const Card& card) {
  fh_device record = device_record(card.handle, card.key);
  record.state = card.state;
  record.numa_node = card.numa_node;
  record.index = card.index;
  record.model = str(card.model_name);
  record.serial = str(card.serial);
  record.uuid = str(card.uuid);
  record.pci = str(card.pci);
  record.firmware = str(card.firmware);
  record.driver = str(card.driver_version);
  record.note = str(card.note);
  record.memory_bytes = memory_of(card);
  call.emit(record);
  // What part of the chip a virtual function may use, nobody says.
  if (card.model == nullptr || card.virtual_function()) return;
  for (const Peak& peak : card.model->peaks) {
    call.emit(peak_record(card.handle, peak.dtype, peak.tera_ops, peak.source));
  }
}

}  // namespace farmhand::rebellions
