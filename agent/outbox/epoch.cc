// SPDX-License-Identifier: Apache-2.0
#include "outbox/epoch.hh"

#include "base/bytes.hh"
#include "store/state.hh"

namespace farmhand {

namespace {

constexpr std::string_view kKey = "outbox.epoch";  // counter, 8 bytes little-endian; random, 16

}  // namespace

Result<std::optional<Epoch>> StateEpochStore::load() {
  auto value = state_.find(kKey);
  if (!value) return value.error().in("read the outbox's epoch");
  if (!*value) return std::optional<Epoch>();
  std::string_view rest = **value;
  Epoch epoch;
  const auto counter = take_le<uint64_t>(rest);
  if (!counter || rest.size() != epoch.random.size()) {
    return Error{Errc::kCorrupt, "state.db: 'outbox.epoch' is not 24 bytes"};
  }
  epoch.counter = *counter;
  std::memcpy(epoch.random.data(), rest.data(), rest.size());
  return std::optional<Epoch>(epoch);
}

Result<void> StateEpochStore::save(const Epoch& epoch) {
  std::string value;
  append_le(value, epoch.counter);
  value += raw(epoch.random);
  return state_.set(kKey, value);
}

}  // namespace farmhand
