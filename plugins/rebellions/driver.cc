// SPDX-License-Identifier: Apache-2.0
#include "driver.hh"

namespace farmhand::rebellions {

namespace {

constexpr double kBytesMost = 1e15;

std::optional<uint32_t> number_of(std::string_view name) {
  constexpr std::string_view kPrefix = "rbln";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  return integer_from<uint32_t>(name.substr(kPrefix.size()));
}

}  // namespace

DriverCards find_driver_cards(const Root& root) {
  DriverCards found;
  const std::string folder = root / "sys/class/rebellions";
  const Names names = names_in(folder);
  found.loaded = names.ok();
  for (const std::string& name : names) {
    const auto number = number_of(name);
    if (!number) continue;
    DriverCard card;
    card.number = *number;
    card.folder = folder + "/" + name;
    if (!exists(card.folder)) continue;  // it goes at this moment: a link to nowhere
    card.pci = pci_address_from(link_name(card.folder + "/device"));
    card.part = name_from(read_text(card.folder + "/card_name").text);
    const Text version = read_text(card.folder + "/kernel_version");
    card.version = version_from(version.text);
    card.status = version.status;
    found.cards.push_back(std::move(card));
  }
  return found;
}

Reading read_status(const DriverCard& card) {
  const Text content = read_text(card.folder + "/status");
  if (!content.ok()) return no_reading(content.status);
  const auto number = integer_from<uint32_t>(content.text);
  return number ? good(*number) : no_reading(FH_SAMPLE_ERROR);
}

MemoryUse memory_from(const Reading& used, const Reading& total) {
  MemoryUse use{within(used, 0, kBytesMost), within(total, 1, kBytesMost)};
  if (use.used.ok() && use.total.ok() && use.used.value > use.total.value) {
    use.used = no_reading(FH_SAMPLE_ERROR);
  }
  return use;
}

MemoryUse read_memory(const DriverCard& card) {
  return memory_from(read_number(card.folder + "/dram_used"),
                     read_number(card.folder + "/dram_total"));
}

}  // namespace farmhand::rebellions
