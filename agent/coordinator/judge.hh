// SPDX-License-Identifier: Apache-2.0
// May this segment be applied now? The rules of order, apart from any store: a lane goes on where
// its watermark stands, a newer epoch begins at 1, what is applied already is ignored at any age,
// and everything else is refused with the reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/sync.hh"

namespace farmhand::coordinator {

enum class Judgement : uint8_t {
  kApply,
  kKnown,      // applied before: no effect
  kOutOfPlace  // a hole, another history, an older epoch: see `why`
};

struct Judged {
  Judgement judgement = Judgement::kApply;
  std::string why;
};

// `current`: the lane's watermark in its newest epoch, if it has one. `applied_in_epoch`: how far
// the segment's own epoch is applied (0: not at all).
Judged judge(const wire::Segment& segment, const std::optional<wire::Watermark>& current,
             uint64_t applied_in_epoch);

// The chain after `segment` when the one before it was `before`.
wire::Chain chain_after(const wire::Chain& before, std::string_view bytes);

}  // namespace farmhand::coordinator
