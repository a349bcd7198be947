// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

namespace farmhand::nvidia {

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
  record.memory_bytes = card.memory_bytes;
  call.emit(record);
  if (card.model == nullptr) return;
  for (const Peak& peak : card.model->peaks) {
    call.emit(peak_record(card.handle, peak.dtype, peak.tera_ops, peak.source));
  }
}

}  // namespace farmhand::nvidia
