// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <farmhand/roster.hh>

namespace farmhand::furiosa {

void list(Call& call, const Card& card) {
  fh_device record = record_of(card);
  record.index = card.index;
  if (card.model != nullptr) record.memory_bytes = card.model->memory_bytes;
  call.emit(record);
  if (card.model == nullptr) return;
  emit_peaks(call, card.handle, card.model->peaks);
}

}  // namespace farmhand::furiosa
