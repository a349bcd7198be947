// SPDX-License-Identifier: Apache-2.0
// What a package could compute at most, where that is known.
#pragma once

#include <string>
#include <vector>

#include "topology.hh"

namespace farmhand::cpu {

struct Peak {
  std::string dtype;
  double tera_ops;
  std::string source;
};

// Operations per cycle of a known microarchitecture x cores x a clock that somebody guarantees:
// `clock_mhz` if not 0, else the base frequency that the kernel shows. None where either is
// unknown: a virtual machine's clock and a processor's highest boost are no basis for a promise.
std::vector<Peak> peaks_of(const Root& root, const Package& package, int64_t clock_mhz);

}  // namespace farmhand::cpu
