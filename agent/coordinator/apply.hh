// SPDX-License-Identifier: Apache-2.0
// Applies a batch of segments: effects, ledger, archive and watermark in one transaction, all of
// it or nothing. Runs on the store thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/store.hh"
#include "wire/sync.hh"

namespace farmhand::coordinator {

struct Applied {
  // Where the lane stands after this: what the node is told. With sequence 0 it has nothing yet.
  wire::Watermark watermark;
  std::optional<wire::Nack> nack;  // a record that cannot be read; nothing of the batch was applied
  std::string refusal;             // why the batch does not belong here; empty: it did
  uint64_t records = 0;
  uint64_t gaps = 0;
  uint64_t known = 0;  // segments that had been applied before
};

Result<Applied> apply(Store& store, int64_t node, wire::Segments& batch, int64_t now_ns);

}  // namespace farmhand::coordinator
