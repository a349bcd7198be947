// SPDX-License-Identifier: Apache-2.0
// Real models, for simulated devices: peak figures with their sources, memory, power, link.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace farmhand::sim {

struct PeakFigure {
  std::string_view dtype;
  double tera_ops;
  std::string_view source;
};

// What a maker states; where nothing is public the simulator's own assumption, listed in README.md.
struct Model {
  std::string_view name;
  std::string_view vendor;
  std::span<const PeakFigure> peaks;
  uint64_t memory_bytes;  // as the driver shows it where that is known
  double idle_watt;
  double full_watt;
  uint32_t cores;
  double core_mhz;
  double memory_mhz;
  uint32_t link_generation;
  uint32_t link_width;
  bool energy_counter;  // false: the agent has to integrate power, as with the real part
};

std::span<const Model> catalogue();

// Case, blanks, '-' and '_' do not matter: `h100-sxm5` is `H100 SXM5`. Null: no such model.
const Model* find_model(std::string_view name);

}  // namespace farmhand::sim
