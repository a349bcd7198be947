// SPDX-License-Identifier: Apache-2.0
// Saves what can be read of a damaged queue file into a fresh one, in bounded time. Rows keep epoch
// and numbers, as some of them may have been applied without our hearing of it; what cannot be read
// becomes a gap.
#pragma once

#include "outbox/tables.hh"

namespace farmhand {

constexpr uint64_t kSalvageMs = 3000;

// `fresh` has no epoch yet. Says how many rows were saved; an error is of the fresh file. Not one
// transaction: the caller keeps a mark until all is done, and begins anew after a crash.
Result<uint64_t> salvage(const std::string& damaged_path, const std::string& vfs, Tables& fresh);

}  // namespace farmhand
