// SPDX-License-Identifier: Apache-2.0
// Which accelerators the kernel's own interfaces serve, and what an operator adds to them.
#pragma once

#include <cstdint>
#include <farmhand/settings.hh>
#include <optional>
#include <string>
#include <vector>

namespace farmhand::accel {

// Whose files lie in the device's folder beside those of PCI and hwmon.
enum class Family { kOther, kIvpu, kXdna, kQaic, kTenstorrent };

struct Model {
  uint32_t vendor_id;
  uint32_t device_id;
  Family family;
  std::string vendor;
  std::string model;
};

class Catalogue {
 public:
  // Reads the setting `match`: `1d0f:7064=aws/Trainium` and so on. Fails with a sentence.
  explicit Catalogue(const Settings& settings);

  const Model* find(uint32_t vendor_id, uint32_t device_id) const;

  // For a device of no known model: the vendor's word, or its number.
  static std::string vendor_of(uint32_t vendor_id);

 private:
  std::vector<Model> models_;
};

}  // namespace farmhand::accel
