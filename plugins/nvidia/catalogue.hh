// SPDX-License-Identifier: Apache-2.0
// NVIDIA's models: what is stated of them, dense, with the place where it is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace farmhand::nvidia {

struct Peak {
  std::string_view dtype;
  double tera_ops;
  std::string_view source;
};

struct Model {
  std::string_view name;  // as NVML writes it
  std::span<const Peak> peaks;
  bool fabric;  // on a board that connects every NVLink: one that is down is a fault
};

// Null: a model of which no figures are known; it is shown under its own name, without peaks.
const Model* find_model(std::string_view name);

}  // namespace farmhand::nvidia
