// SPDX-License-Identifier: Apache-2.0
// Evidence as the bytes of a row in state.db. Each piece: unit u8, flags u8 (1: least, 2: most),
// value f64, least f64, most f64, then name and text, each u16 length and bytes. Bytes that are cut
// short yield what is whole before them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/finding.hh"

namespace farmhand {

std::string bytes_from_evidence(const std::vector<Evidence>& evidence);
std::vector<Evidence> evidence_from_bytes(std::string_view bytes);

}  // namespace farmhand
