// SPDX-License-Identifier: Apache-2.0
#include "slices.hh"

namespace farmhand::furiosa {

namespace {

std::string key_of(const Card& card, const CoreRange& range) {
  return card.key + "/cores/" + name_of(range);
}

std::string profile_of(uint32_t count) {
  return std::to_string(count) + "core";
}

// The range of all cores is the device itself.
bool is_part(const Card& card, const CoreRange& range) {
  return range.count() < card.cores;
}

bool is_occupied(Look& look, const CoreRange& range) {
  for (uint32_t core = range.first; core <= range.last; ++core) {
    const Reading held = look.occupied(core);
    if (held.ok() && held.value == 1) return true;
  }
  return false;
}

}  // namespace

void list_slices(Call& call, Look& look) {
  const Card& card = look.card();
  for (const CoreRange& range : card.ranges) {
    if (!is_part(card, range)) continue;
    const std::string key = key_of(card, range);
    const std::string profile = profile_of(range.count());
    fh_slice record = slice_record(key, profile, FH_SLICE_FIXED);
    if (is_occupied(look, range)) record.flags |= FH_SLICE_OCCUPIED;
    record.core_first = range.first;
    record.core_count = range.count();
    record.core_total = card.cores;
    call.emit(record);
  }
}

void list_profiles(Call& call, const Card& card) {
  for (uint32_t count = 1; count < card.cores; ++count) {
    uint32_t ways = 0;
    for (const CoreRange& range : card.ranges) ways += range.count() == count ? 1 : 0;
    if (ways == 0) continue;
    const std::string name = profile_of(count);
    const std::string help = count == 1 ? "One core." : std::to_string(count) + " cores, fused.";
    call.emit(profile_record(name, count, ways, help));
  }
}

CoreRange cores_of_slice(const Card& card, const std::string& slice) {
  if (slice.empty()) return {0, card.cores == 0 ? 0 : card.cores - 1};
  std::string known;
  for (const CoreRange& range : card.ranges) {
    if (key_of(card, range) == slice) return range;
    if (is_part(card, range)) known += (known.empty() ? "" : ", ") + name_of(range);
  }
  fail(FH_E_INVALID, "%s has no slice '%s'; its cores are %s", card.key.c_str(), slice.c_str(),
       known.empty() ? "not divided" : known.c_str());
}

}  // namespace farmhand::furiosa
