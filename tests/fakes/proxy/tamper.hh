// SPDX-License-Identifier: Apache-2.0
// What the faults make of bytes and messages.
#pragma once

#include <optional>
#include <string>

#include "faults.hh"
#include "wire/sync.hh"

namespace farmhand::proxy {

void truncate(Faults& faults, std::string& bytes);

void duplicate_segments(wire::Segments& batch);
void reorder_segments(Faults& faults, wire::Segments& batch);

wire::Watermark end_of(const wire::Segments& batch);
// A record of the batch, drawn.
uint64_t record_of(Faults& faults, const wire::Segments& batch);

// Something else than the coordinator said, when one of the faults about acknowledgements happens.
std::optional<wire::Watermark> lie_about(Faults& faults, wire::Watermark truth);

}  // namespace farmhand::proxy
