// SPDX-License-Identifier: Apache-2.0
// An epoch is one life of a node's outbox. The current one is kept outside the queue file, so that
// a queue file from another life is known as such.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "base/result.hh"

namespace farmhand {

class StateFile;

struct Epoch {
  uint64_t counter = 0;              // larger is newer
  std::array<uint8_t, 16> random{};  // tells two lives of the same counter apart
  auto operator<=>(const Epoch&) const = default;
};

// Called on the store thread.
class EpochStore {
 public:
  virtual ~EpochStore() = default;
  virtual Result<std::optional<Epoch>> load() = 0;
  virtual Result<void> save(const Epoch& epoch) = 0;  // durable when it returns
};

// An error of the store, which says nothing of the queue file: that stays as it is, and is tried
// again.
inline Error of_the_state(const Error& error) {
  return {error.code == Errc::kNoSpace ? error.code : Errc::kUnavailable, error.message};
}

// The current epoch in state.db, key `outbox.epoch`.
class StateEpochStore final : public EpochStore {
 public:
  explicit StateEpochStore(StateFile& state) : state_(state) {}
  Result<std::optional<Epoch>> load() override;
  Result<void> save(const Epoch& epoch) override;

 private:
  StateFile& state_;
};

}  // namespace farmhand
