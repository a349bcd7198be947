// SPDX-License-Identifier: Apache-2.0
#include "driver.hh"

#include <farmhand/pci.hh>
#include <map>

namespace farmhand::furiosa {

namespace {

constexpr double kMegahertzLeast = 1;  // a running core's clock is not 0
constexpr double kMegahertzMost = 10'000;
constexpr double kBytesMost = 1e15;

struct ClassKind {
  Family family;
  const char* name;
  std::string_view prefix, suffix;  // around N
};
constexpr ClassKind kClasses[] = {{Family::kRngd, "rngd_mgmt", "rngd!npu", "mgmt"},
                                  {Family::kWarboy, "npu_mgmt", "npu", "_mgmt"}};

std::optional<uint32_t> number_between(std::string_view name, std::string_view prefix,
                                       std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  return integer_from<uint32_t>(
      name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
}

DriverCard card_in(const ClassKind& kind, uint32_t number, const std::string& folder) {
  DriverCard card;
  card.family = kind.family;
  card.number = number;
  card.folder = folder;
  const Text busname = read_text(folder + "/busname");
  card.status = busname.status;
  card.pci = pci_address_from(busname.text);
  card.serial = name_from(read_text(folder + "/device_sn").text);
  card.uuid = name_from(read_text(folder + "/device_uuid").text);
  card.model = name_from(read_text(folder + "/device_type").text);
  card.firmware = version_from(read_text(folder + "/fw_version").text);
  card.version = version_from(read_text(folder + "/version").text);
  return card;
}

// Lines `name: value` or `name value`, the value hexadecimal with 0x or decimal. Nothing if a line
// is neither: the file was cut short.
std::optional<std::map<std::string, uint64_t, std::less<>>> fields_in(std::string_view text) {
  std::map<std::string, uint64_t, std::less<>> fields;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(&text));
    if (line.empty()) continue;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view value = trimmed(line.substr(colon + 1));
    const auto number = value.starts_with("0x") ? hex_from(value) : integer_from<uint64_t>(value);
    if (!number) return std::nullopt;
    fields[std::string(line.substr(0, colon))] = *number;
  }
  return fields;
}

std::optional<uint64_t> find(const std::map<std::string, uint64_t, std::less<>>& fields,
                             std::string_view name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::vector<Reading> per_core(const std::string& path, uint32_t cores, double least, double most) {
  const Text content = read_text(path);
  if (!content.ok()) return std::vector<Reading>(cores, no_reading(content.status));
  std::vector<Reading> readings;
  for (std::string_view text = content.text; !text.empty();) {
    const auto number = only_number_in(take_line(&text));
    readings.push_back(number ? within(good(*number), least, most) : no_reading(FH_SAMPLE_ERROR));
  }
  if (readings.size() != cores) readings.assign(cores, no_reading(FH_SAMPLE_ERROR));
  return readings;
}

std::string core_folder(const DriverCard& card, uint32_t core) {
  return card.core_base() + "pe" + std::to_string(core);
}

CoreCounters warboy_counters(const std::string& text) {
  CoreCounters counters{.source = CounterSource::kKernel, .busy_wraps_at_32 = true};
  const auto fields = fields_in(text);
  const auto low = fields ? find(*fields, "CycleCount") : std::nullopt;
  const auto high = fields ? find(*fields, "CycleCountHigh") : std::nullopt;
  const auto busy = fields ? find(*fields, "TaskExecutionTime") : std::nullopt;
  counters.status = low && high && busy ? FH_SAMPLE_OK : FH_SAMPLE_ERROR;
  counters.all = high.value_or(0) << 32 | low.value_or(0);
  counters.busy = busy.value_or(0);
  return counters;
}

CoreCounters rngd_counters(const std::string& text) {
  CoreCounters counters{.source = CounterSource::kKernel};
  const auto fields = fields_in(text);
  const auto all = fields ? find(*fields, "CycleCount") : std::nullopt;
  const auto busy = fields ? find(*fields, "TaskCycleCount") : std::nullopt;
  counters.status = all && busy ? FH_SAMPLE_OK : FH_SAMPLE_ERROR;
  counters.all = all.value_or(0);
  counters.busy = busy.value_or(0);
  return counters;
}

}  // namespace

std::string DriverCard::core_base() const {
  const size_t slash = folder.rfind('/');
  const std::string npu = (family == Family::kRngd ? "rngd!npu" : "npu") + std::to_string(number);
  return folder.substr(0, slash + 1) + npu;
}

DriverCards find_driver_cards(const Root& root) {
  DriverCards found;
  for (const ClassKind& kind : kClasses) {
    const std::string folder = root / (std::string("sys/class/") + kind.name);
    const Names names = names_in(folder);
    found.classes += names.ok() ? 1 : 0;
    for (const std::string& name : names) {
      const auto number = number_between(name, kind.prefix, kind.suffix);
      if (!number) continue;
      // Warboy's class also shows FPGA prototypes, whose platform is VITIS.
      const std::string platform = read_text(folder + "/" + name + "/platform_type").text;
      if (!platform.empty() && platform != "FuriosaAI") continue;
      found.cards.push_back(card_in(kind, *number, folder + "/" + name));
    }
  }
  return found;
}

bool is_still(const DriverCard& card) {
  return pci_address_from(read_text(card.folder + "/busname").text) == card.pci &&
         name_from(read_text(card.folder + "/device_uuid").text) == card.uuid;
}

State read_state(const DriverCard& card) {
  const char* file = card.family == Family::kRngd ? "/device_state" : "/alive";
  const Text content = read_text(card.folder + file);
  State state{Liveness::kUnknown, content.status, clean(content.text)};
  if (content.ok() && content.text == "1") state.liveness = Liveness::kAlive;
  if (content.ok() && content.text == "0") state.liveness = Liveness::kDead;
  return state;
}

Faults read_faults(const DriverCard& card) {
  const Text content = read_text(card.folder + "/atr_error");
  Faults faults{.status = content.status, .lines = {}};
  if (!content.ok()) return faults;
  const auto fields = fields_in(content.text);
  faults.status = fields && find(*fields, "Device Error") ? FH_SAMPLE_OK : FH_SAMPLE_ERROR;
  if (faults.status != FH_SAMPLE_OK) return faults;
  for (const auto& [name, count] : *fields) {
    if (name.ends_with("done")) continue;
    faults.lines.emplace_back(clean(name), static_cast<double>(count));
    faults.total += static_cast<double>(count);
    if (name == "Device Error") faults.device = static_cast<double>(count);
  }
  return faults;
}

Reading read_heartbeat(const DriverCard& card) {
  return within(read_number(card.folder + "/heartbeat"), 0, 1.9e19);
}

std::vector<Reading> read_clocks(const DriverCard& card, uint32_t cores) {
  // The format of Warboy's ne_clk_freq_info is in no public source.
  if (card.family == Family::kWarboy) return std::vector<Reading>(cores, no_reading(1));
  return per_core(card.folder + "/npu_clocks", cores, kMegahertzLeast, kMegahertzMost);
}

std::vector<Reading> read_occupancy(const DriverCard& card, uint32_t cores) {
  std::vector<Reading> readings = per_core(card.folder + "/pe_occupancy", cores, 0, 1);
  for (Reading& each : readings) {
    if (each.ok() && each.value != 0 && each.value != 1) each = no_reading(FH_SAMPLE_ERROR);
  }
  return readings;
}

// Warboy's perf_regs refuse with EACCES while nothing uses the core (perf_regs.rs calls that "not
// in use"), which is not a matter of our permissions.
CoreCounters read_counters(const DriverCard& card, uint32_t core) {
  const bool rngd = card.family == Family::kRngd;
  const Text content = read_text(core_folder(card, core) + (rngd ? "/metrics" : "/perf_regs"));
  if (content.ok()) return rngd ? rngd_counters(content.text) : warboy_counters(content.text);
  const bool idle = !rngd && content.error == EACCES;
  return {.status = idle ? FH_SAMPLE_UNKNOWN : content.status};
}

MemoryUse read_memory(const DriverCard& card, uint32_t cores) {
  MemoryUse most{no_reading(FH_SAMPLE_NOT_SUPPORTED), no_reading(FH_SAMPLE_NOT_SUPPORTED)};
  const auto fail_with = [&](int32_t status) { most = {no_reading(status), no_reading(status)}; };
  for (uint32_t core = 0; core < cores; ++core) {
    const Text content = read_text(core_folder(card, core) + "/alloc_status");
    if (!content.ok()) {
      if (!most.used.ok()) fail_with(content.status);
      continue;
    }
    if (content.text.empty()) {  // a free core: that says nothing of the card
      if (!most.used.ok()) fail_with(FH_SAMPLE_UNKNOWN);
      continue;
    }
    const auto fields = fields_in(content.text);
    const auto value = [&](const char* name) {
      return fields ? find(*fields, name) : std::nullopt;
    };
    const auto capacity = value("dram_capacity"), shared = value("shared_capacity");
    const auto usage = value("dram_usage"), shared_usage = value("shared_usage");
    if (!capacity || !usage) return {no_reading(FH_SAMPLE_ERROR), no_reading(FH_SAMPLE_ERROR)};
    const double total = static_cast<double>(*capacity) + static_cast<double>(shared.value_or(0));
    const double used = static_cast<double>(*usage) + static_cast<double>(shared_usage.value_or(0));
    if (used > total || total > kBytesMost) {
      return {no_reading(FH_SAMPLE_ERROR), no_reading(FH_SAMPLE_ERROR)};
    }
    most.used = good(std::max(used, most.used.ok() ? most.used.value : 0));
    most.total = good(std::max(total, most.total.ok() ? most.total.value : 0));
  }
  return most;
}

std::vector<CoreRange> read_ranges(const DriverCard& card) {
  if (card.family == Family::kRngd) {
    const Text content = read_text(card.folder + "/cur_pe_ids");
    return content.ok() ? ranges_from(content.text).value_or(std::vector<CoreRange>())
                        : std::vector<CoreRange>();
  }
  std::vector<CoreRange> ranges;
  const std::string base = card.core_base();
  const size_t slash = base.rfind('/');
  const std::string prefix = base.substr(slash + 1) + "pe";
  for (const std::string& name : names_in(base.substr(0, slash))) {
    if (!name.starts_with(prefix)) continue;
    if (const auto range = range_from(name.substr(prefix.size()))) ranges.push_back(*range);
  }
  sort_ranges(&ranges);
  return ranges;
}

}  // namespace farmhand::furiosa
