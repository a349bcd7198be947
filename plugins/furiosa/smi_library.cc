// SPDX-License-Identifier: Apache-2.0
#include "smi_library.hh"

#include <cstring>

namespace farmhand::furiosa {

namespace {

// Oversized and zeroed for each call, and given back when the value is taken out of it.
using Buffer = std::unique_ptr<std::byte[]>;
Buffer fresh_buffer() {
  return std::make_unique<std::byte[]>(smi::kBufferBytes);
}

template <class Struct>
std::unique_ptr<Struct> taken_from(const Buffer& buffer) {
  static_assert(sizeof(Struct) <= smi::kBufferBytes);
  auto value = std::make_unique<Struct>();
  memcpy(value.get(), buffer.get(), sizeof(Struct));
  return value;
}

const char* model_of(uint32_t architecture) {
  constexpr const char* kNames[] = {"Warboy", "RNGD", "RNGD-Max", "RNGD-S"};
  return architecture < std::size(kNames) ? kNames[architecture] : "";
}

std::string text_of(const smi::Version& version) {
  const std::string hash = name_from(text_in(version.hash, sizeof version.hash));
  const std::string numbers = std::to_string(version.major) + "." + std::to_string(version.minor) +
                              "." + std::to_string(version.patch);
  return hash.empty() ? numbers : numbers + ", " + hash;
}

template <class T>
std::vector<T> for_each_core(uint32_t cores, const T& value) {
  return std::vector<T>(cores, value);
}

}  // namespace

void SmiLibrary::load() {
  if (usable_ || names_.empty()) return;
  if (!library_.loaded()) library_ = Library::open(names_);
  description_ = library_.problem();
  if (!library_.loaded()) return;
  find_functions();
  if (too_old()) {
    description_ = library_.name() + " is of 2024-08 or 2024-09, whose layouts differ: not used";
    return;
  }
  description_ = library_.problem();
  if (!library_.complete()) return;
  const int32_t code = init_ != nullptr ? init_() : smi::kOk;
  usable_ = code == smi::kOk;
  description_ = usable_ ? library_.name() + " is in use"
                         : library_.name() + " does not start: code " + std::to_string(code);
}

bool SmiLibrary::too_old() const {
  return library_.has("furiosa_smi_get_device_utilization");
}

void SmiLibrary::find_functions() {
  Library fresh = Library::open({library_.name()});  // forgets what an earlier try missed
  library_ = fresh;
  library_.need(&handles_, {"furiosa_smi_get_device_handles"});
  library_.need(&info_, {"furiosa_smi_get_device_info"});
  library_.find(&init_, {"furiosa_smi_init"});
  library_.find(&driver_, {"furiosa_smi_get_driver_info"});
  library_.find(&disabled_, {"furiosa_smi_get_disabled_devices"});
  library_.find(&statuses_, {"furiosa_smi_get_device_core_status"});
  library_.find(&liveness_, {"furiosa_smi_get_device_liveness"});
  library_.find(&temperature_, {"furiosa_smi_get_device_temperature"});
  library_.find(&power_, {"furiosa_smi_get_device_power_consumption"});
  library_.find(&counters_, {"furiosa_smi_get_device_performance_counter"});
  library_.find(&clocks_, {"furiosa_smi_get_core_frequency"});
  library_.find(&memory_clock_, {"furiosa_smi_get_memory_frequency"});
  library_.find(&memory_, {"furiosa_smi_get_memory_utilization"});
  library_.find(&throttle_, {"furiosa_smi_get_throttle_reason"});
  using Kind = Release::MemoryKind;
  release_.entries_name_their_core = clocks_ != nullptr;
  release_.five_is_lost = library_.has("furiosa_smi_disable_device");
  // The symbol was away from 2025-03 to 2025-12 and came back with another struct. With the one
  // sign of the new release and without the other it is neither: left alone.
  release_.memory = memory_ == nullptr                           ? Kind::kNone
                    : clocks_ == nullptr && throttle_ == nullptr ? Kind::kOld
                    : clocks_ != nullptr && throttle_ != nullptr ? Kind::kNew
                                                                 : Kind::kNone;
}

// Codes from 5 on moved by one in 2025-08; a third party's table moves those above 9 once more. So
// only these are read, and any other is an error.
int32_t SmiLibrary::status_of(int32_t code) const {
  if (code == smi::kOk) return FH_SAMPLE_OK;
  if (code == (release_.five_is_lost ? 8 : 7)) return FH_SAMPLE_NO_PERMISSION;
  if (code == (release_.five_is_lost ? 17 : 16)) return FH_SAMPLE_NOT_SUPPORTED;
  if (code == (release_.five_is_lost ? 6 : 5)) return FH_SAMPLE_UNKNOWN;  // busy
  return FH_SAMPLE_ERROR;
}

template <class Struct>
Answer<Struct> SmiLibrary::ask(OfDevice* function, uint32_t handle) {
  Answer<Struct> answer;
  if (function == nullptr) {
    answer.status = FH_SAMPLE_NOT_SUPPORTED;
    return answer;
  }
  const Buffer buffer = fresh_buffer();
  answer.code = function(handle, buffer.get());
  answer.status = status_of(answer.code);
  answer.lost = release_.five_is_lost && answer.code == smi::kLost;
  answer.value = taken_from<Struct>(buffer);
  return answer;
}

template <class Struct>
std::unique_ptr<Struct> SmiLibrary::ask_all(Global* function, int32_t* code) {
  if (function == nullptr) return nullptr;
  const Buffer buffer = fresh_buffer();
  *code = function(buffer.get());
  return *code == smi::kOk ? taken_from<Struct>(buffer) : nullptr;
}

std::optional<SmiCard> SmiLibrary::card_of(uint32_t handle) {
  const Answer<smi::Info> info = ask<smi::Info>(info_, handle);
  if (!info.ok()) return std::nullopt;
  const smi::Info& given = *info.value;
  SmiCard card;
  card.handle = handle;
  card.pci = pci_address_from(text_in(given.bdf, sizeof given.bdf));
  card.serial = name_from(text_in(given.serial, sizeof given.serial));
  card.uuid = name_from(text_in(given.uuid, sizeof given.uuid));
  card.name = name_from(text_in(given.name, sizeof given.name));
  card.model = model_of(given.architecture);
  card.firmware = text_of(given.firmware);
  card.cores = given.core_count <= kCoresMax ? given.core_count : 0;
  card.numa_node = given.numa_node >= -1 && given.numa_node < 1024 ? given.numa_node : -1;
  if (card.pci.empty()) return std::nullopt;
  return card;
}

std::optional<std::vector<SmiCard>> SmiLibrary::cards(std::string* problem) {
  int32_t code = -1;
  const auto list = ask_all<smi::Handles>(handles_, &code);
  if (!list) {
    *problem = library_.name() + " gives no list of devices: code " + std::to_string(code);
    return std::nullopt;
  }
  if (list->count > smi::kHandlesMax) {
    *problem = library_.name() + " says it has " + std::to_string(list->count) +
               " devices, more than its list holds: a release this plugin does not know";
    return std::nullopt;
  }
  std::vector<SmiCard> cards;
  for (uint32_t i = 0; i < list->count; ++i) {
    if (auto card = card_of(list->handles[i])) cards.push_back(std::move(*card));
  }
  if (list->count > 0 && cards.empty()) {
    *problem = library_.name() +
               " gives devices without a PCI address: a release this plugin does "
               "not know";
    return std::nullopt;
  }
  return cards;
}

bool SmiLibrary::is_still(uint32_t handle, const std::string& pci) {
  const auto card = card_of(handle);
  return card && card->pci == pci;
}

bool SmiLibrary::is_drained(const std::string& pci) {
  int32_t code = -1;
  const auto list = ask_all<smi::Disabled>(disabled_, &code);
  for (uint32_t i = 0; list && i < list->count && i < smi::kHandlesMax; ++i) {
    if (pci_address_from(text_in(list->bdf[i], sizeof list->bdf[i])) == pci) return true;
  }
  return false;
}

std::string SmiLibrary::driver_version() {
  int32_t code = -1;
  const auto version = ask_all<smi::Version>(driver_, &code);
  return version ? text_of(*version) : std::string();
}

Answer<smi::Temperature> SmiLibrary::temperature(uint32_t handle) {
  return ask<smi::Temperature>(temperature_, handle);
}

Answer<smi::Power> SmiLibrary::power(uint32_t handle) {
  return ask<smi::Power>(power_, handle);
}

Answer<uint32_t> SmiLibrary::throttle(uint32_t handle) {
  return ask<uint32_t>(throttle_, handle);
}

Answer<uint32_t> SmiLibrary::memory_clock(uint32_t handle) {
  return ask<uint32_t>(memory_clock_, handle);
}

Answer<uint8_t> SmiLibrary::liveness(uint32_t handle) {
  return ask<uint8_t>(liveness_, handle);
}

std::vector<CoreCounters> SmiLibrary::counters(uint32_t handle, uint32_t cores) {
  const auto all_with = [&](int32_t status) {
    return for_each_core(cores, CoreCounters{.status = status});
  };
  auto all = all_with(FH_SAMPLE_ERROR);
  const auto put = [&](uint32_t core, uint64_t cycles, uint64_t busy) {
    if (core >= cores) return;
    all[core] = {
        .status = FH_SAMPLE_OK, .source = CounterSource::kLibrary, .all = cycles, .busy = busy};
  };
  if (!release_.entries_name_their_core) {
    const auto answer = ask<smi::OldCounters>(counters_, handle);
    if (!answer.ok()) return all_with(answer.status);
    if (answer.value->count > smi::kCoresMax) return all;
    for (uint32_t i = 0; i < answer.value->count; ++i) {
      put(i, answer.value->cores[i].all, answer.value->cores[i].busy);
    }
    return all;
  }
  const auto answer = ask<smi::Counters>(counters_, handle);
  if (!answer.ok()) return all_with(answer.status);
  if (answer.value->count > smi::kCoresMax) return all;
  for (uint32_t i = 0; i < answer.value->count; ++i) {
    const smi::Cycles& each = answer.value->cores[i];
    put(each.core, each.all, each.busy);
  }
  return all;
}

std::vector<Reading> SmiLibrary::clocks(uint32_t handle, uint32_t cores) {
  const auto answer = ask<smi::Frequencies>(clocks_, handle);
  if (!answer.ok()) return for_each_core(cores, no_reading(answer.status));
  auto readings = for_each_core(cores, no_reading(FH_SAMPLE_ERROR));
  if (answer.value->count > smi::kCoresMax) return readings;
  for (uint32_t i = 0; i < answer.value->count; ++i) {
    const smi::CoreValue& each = answer.value->cores[i];
    if (each.core < cores) readings[each.core] = within(good(each.value), 1, 10'000);
  }
  return readings;
}

std::vector<Reading> SmiLibrary::occupancy(uint32_t handle, uint32_t cores) {
  auto readings = for_each_core(cores, no_reading(FH_SAMPLE_ERROR));
  const auto put = [&](uint32_t core, uint32_t value) {
    if (core < cores && value <= 1) readings[core] = good(value);
  };
  if (!release_.entries_name_their_core) {
    const auto answer = ask<smi::OldStatuses>(statuses_, handle);
    if (!answer.ok()) return for_each_core(cores, no_reading(answer.status));
    if (answer.value->count > smi::kStatusesMax) return readings;
    for (uint32_t i = 0; i < answer.value->count; ++i) put(i, answer.value->status[i]);
    return readings;
  }
  const auto answer = ask<smi::Statuses>(statuses_, handle);
  if (!answer.ok()) return for_each_core(cores, no_reading(answer.status));
  if (answer.value->count > smi::kStatusesMax) return readings;
  for (uint32_t i = 0; i < answer.value->count; ++i) {
    put(answer.value->cores[i].core, answer.value->cores[i].value);
  }
  return readings;
}

// DRAM and shared DRAM make up the device's memory.
Answer<smi::OldMemory> SmiLibrary::memory(uint32_t handle) {
  using Kind = Release::MemoryKind;
  if (release_.memory != Kind::kNew) {
    return ask<smi::OldMemory>(release_.memory == Kind::kOld ? memory_ : nullptr, handle);
  }
  const auto answer = ask<smi::Memory>(memory_, handle);
  Answer<smi::OldMemory> sum{.status = answer.status,
                             .code = answer.code,
                             .lost = answer.lost,
                             .value = std::make_unique<smi::OldMemory>()};
  if (!answer.ok()) return sum;
  for (const smi::MemoryBlocks* blocks : {&answer.value->dram, &answer.value->dram_shared}) {
    if (blocks->count > smi::kCoresMax) {
      sum.status = FH_SAMPLE_ERROR;
      return sum;
    }
    for (uint32_t i = 0; i < blocks->count; ++i) {
      sum.value->total_bytes += blocks->blocks[i].total_bytes;
      sum.value->used_bytes += blocks->blocks[i].used_bytes;
    }
  }
  return sum;
}

}  // namespace farmhand::furiosa
