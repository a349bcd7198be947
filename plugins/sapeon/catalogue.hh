// SPDX-License-Identifier: Apache-2.0
// Sapeon's models: what is public of them, with the place.
#pragma once

#include <span>
#include <string_view>

namespace farmhand::sapeon {

struct Peak {
  std::string_view dtype;
  double tera_ops;
  std::string_view source;
};

struct Model {
  std::string_view name;
  std::span<const Peak> peaks;
};

// `X220` and `X330`, exactly so. Null: any other, its variants included, of which only figures of
// unknown origin are public.
const Model* find_model(std::string_view name);

}  // namespace farmhand::sapeon
