// SPDX-License-Identifier: Apache-2.0
// Which devices a node should have: declared (`furiosa/rngd:8`), or learned from what was seen. A
// learned device stays expected until the operator forgets it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"
#include "device/inventory.hh"

namespace farmhand {

struct ExpectedDevice {
  std::string key;
  std::string vendor;
  std::string model;
  std::string pci;
  int32_t numa_node = -1;
  int32_t index = -1;
  bool operator==(const ExpectedDevice&) const = default;
};

// `furiosa/rngd:8`: so many of a model; without a number one.
struct ExpectedModel {
  std::string vendor;
  std::string model;
  uint32_t count = 1;

  static Result<ExpectedModel> parse(std::string_view text);
  std::string text() const { return vendor + '/' + model; }
  bool fits(std::string_view vendor, std::string_view model) const;  // whatever the case
};

class Expected {
 public:
  struct Difference {
    enum class Kind : uint8_t { kMissing, kExtra, kMoved, kRenumbered } kind;
    std::string key;  // empty: of the node
    std::string sentence;
  };

  void declare(std::vector<ExpectedModel> models) { declared_ = std::move(models); }
  bool declared() const { return !declared_.empty(); }
  void restore(ExpectedDevice device);
  const std::map<std::string, ExpectedDevice, std::less<>>& learned() const { return learned_; }

  // True when what is remembered of it changed: a new device, or another number, model or node.
  // The slot stays as learned, for the difference stands until the operator forgets the device.
  bool learn(const DeviceInfo& info);
  bool forget(std::string_view key);

  // Of one device that is there, against what was learned.
  std::vector<Difference> compare(const DeviceInfo& info) const;
  // Of the numbers that were declared.
  std::vector<Difference> count(const Inventory& inventory) const;

 private:
  std::vector<ExpectedModel> declared_;
  std::map<std::string, ExpectedDevice, std::less<>> learned_;
};

}  // namespace farmhand
