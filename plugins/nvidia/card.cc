// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <farmhand/roster.hh>

namespace farmhand::nvidia {

void list(Call& call, const Card& card) {
  fh_device record = record_of(card);
  record.index = card.index;
  record.memory_bytes = card.memory_bytes;
  call.emit(record);
  if (card.model == nullptr) return;
  emit_peaks(call, card.handle, card.model->peaks);
}

}  // namespace farmhand::nvidia
