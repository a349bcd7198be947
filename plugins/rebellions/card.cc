// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <farmhand/roster.hh>

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
  fh_device record = record_of(card);
  record.index = card.index;
  record.memory_bytes = memory_of(card);
  call.emit(record);
  // What part of the chip a virtual function may use, nobody says.
  if (card.model == nullptr || card.virtual_function()) return;
  emit_peaks(call, card.handle, card.model->peaks);
}

}  // namespace farmhand::rebellions
