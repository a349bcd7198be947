// SPDX-License-Identifier: Apache-2.0
// librbln-ml.so.1, found at run time. It knows temperature, power, P-state, utilisation and
// contexts, which the driver's files do not; it has no call for a device's status.
#pragma once

#include <farmhand/identity.hh>
#include <farmhand/library.hh>
#include <farmhand/reading.hh>
#include <memory>

#include "ml_declarations.hh"

namespace farmhand::rebellions {

struct MlCard {
  ml::Handle handle = 0;
  uint32_t number = 0, group = 0, chiplets = 0;
  std::string pci, uuid, serial, part, firmware, driver;
  uint64_t memory_bytes = 0;
  int32_t numa_node = -1;
};

// A number of one call, its unit still the library's.
struct Raw {
  int32_t status = FH_SAMPLE_UNKNOWN;
  int32_t code = -1;
  double value = 0;
};

// The live contexts of a device together.
struct Contexts {
  int32_t status = FH_SAMPLE_UNKNOWN;
  int32_t code = -1;
  double count = 0, memory_bytes = 0, faulty = 0;

  bool ok() const { return status == FH_SAMPLE_OK; }
};

class MlLibrary {
 public:
  explicit MlLibrary(std::vector<std::string> names) : names_(std::move(names)) {}

  // Loads and initialises; anew when the driver's numbers are others than at the last time, for the
  // library opens its nodes only then. With `only`, no other device is opened.
  void load(const std::vector<uint32_t>& numbers, bool only);

  bool usable() const { return usable_; }
  // One sentence on what is in use, or on what is wrong.
  const std::string& description() const { return description_; }

  // Nothing, and why, if the list itself is not plausible.
  std::optional<std::vector<MlCard>> cards(std::string* problem);
  bool is_still(const MlCard& card);

  Raw temperature(ml::Handle handle) const { return ask(temperature_, handle); }
  Raw power(ml::Handle handle) const { return ask(power_, handle); }  // µW
  Raw power_state(ml::Handle handle) const { return ask(power_state_, handle); }
  Raw utilization(ml::Handle handle) const { return ask(utilization_, handle); }
  Contexts contexts(ml::Handle handle) const;

 private:
  using Number = int32_t(ml::Handle, uint32_t*);
  using Struct = int32_t(ml::Handle, void*);
  using Text = int32_t(ml::Handle, char*, size_t);

  void find_functions();
  static Raw ask(Number* function, ml::Handle handle);
  std::optional<MlCard> card_of(ml::Handle handle) const;
  std::string text_of(Text* function, ml::Handle handle) const;

  std::vector<std::string> names_;
  Library library_;
  std::vector<uint32_t> opened_;
  bool usable_ = false;
  std::string description_ = "not looked for";

  int32_t (*init_)() = nullptr;
  int32_t (*init_with_)(const uint32_t*, size_t) = nullptr;
  int32_t (*shutdown_)() = nullptr;
  int32_t (*count_)(uint32_t*) = nullptr;
  int32_t (*handle_)(uint32_t, ml::Handle*) = nullptr;
  Struct *info_ = nullptr, *hardware_ = nullptr;
  Text *kernel_ = nullptr, *firmware_ = nullptr;
  Number *temperature_ = nullptr, *power_ = nullptr, *power_state_ = nullptr,
         *utilization_ = nullptr;
  int32_t (*contexts_)(ml::Handle, void*, size_t) = nullptr;
};

}  // namespace farmhand::rebellions
