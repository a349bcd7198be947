// SPDX-License-Identifier: Apache-2.0
#include "node.hh"

namespace farmhand::node {

namespace {

constexpr uint32_t kIdsMax = 65536;

void emit_metric(Call& call, const Slot& slot) {
  const Quantity& quantity = *slot.quantity;
  fh_metric record =
      metric_record(slot.id, quantity.name, quantity.metric_kind, quantity.unit, quantity.help);
  record.interval_ms = quantity.interval_ms;
  record.label = str(quantity.label);
  if (record.label.len != 0) record.label_value = str(slot.label_value);
  call.emit(record);
}

}  // namespace

void Node::declare(Call& call) {
  for (Place& place : places_) place.present = false;
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    sources_[s]->scan();
    std::vector<Slot>& slots = sources_[s]->slots();
    for (uint32_t at = 0; at < slots.size(); ++at) {
      const uint32_t id = id_of(slots[at]);
      if (id == kIdsMax) continue;
      slots[at].id = id;
      places_[id] = {s, at, true};
      emit_metric(call, slots[at]);
    }
  }
}

// Numbers run out only after tens of thousands of different devices came and went.
uint32_t Node::id_of(const Slot& slot) {
  const auto [found, fresh] =
      ids_.try_emplace(std::string(slot.quantity->name) + '\n' + slot.label_value, places_.size());
  if (!fresh) return found->second;
  if (places_.size() == kIdsMax) {
    ids_.erase(found);
    return kIdsMax;
  }
  places_.emplace_back();
  return found->second;
}

void Node::mark(std::span<const uint32_t> ids) {
  touched_.assign(sources_.size(), false);
  for (const uint32_t id : ids) {
    if (id >= places_.size() || !places_[id].present) continue;
    const Place& place = places_[id];
    touched_[place.source] = true;
    sources_[place.source]->slots()[place.slot].wanted = true;
  }
}

void Node::sample(Call& call, std::span<const uint32_t> ids) {
  mark(ids);
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    if (!touched_[s]) continue;
    sources_[s]->read();
    for (Slot& slot : sources_[s]->slots()) {
      if (slot.wanted) call.sample_with_status(slot.id, slot.status, slot.value, slot.boottime_ns);
      slot.wanted = false;
    }
  }
}

}  // namespace farmhand::node
