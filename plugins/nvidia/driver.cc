// SPDX-License-Identifier: Apache-2.0
#include "driver.hh"

#include <farmhand/identity.hh>

namespace farmhand::nvidia {

namespace {

// The value behind `Name:` in a text of such lines.
std::string_view value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(&text));
    if (!line.starts_with(name) || line.substr(name.size()).find(':') != 0) continue;
    return trimmed(line.substr(name.size() + 1));
  }
  return {};
}

}  // namespace

std::optional<DriverEntry> find_driver_entry(const Root& root, const std::string& pci) {
  const Text file = read_text(root / ("proc/driver/nvidia/gpus/" + pci + "/information"));
  if (!file.ok()) return std::nullopt;
  DriverEntry entry;
  // Question marks stand for what the driver has not read.
  const auto known = [](std::string_view text) { return text.find('?') == std::string_view::npos; };
  const std::string_view uuid = value_of(file.text, "GPU UUID");
  if (known(uuid)) entry.uuid = name_from(uuid);
  const std::string_view vbios = value_of(file.text, "Video BIOS");
  if (known(vbios)) entry.vbios = version_from(vbios);
  entry.minor = integer_from<uint32_t>(value_of(file.text, "Device Minor"));
  return entry;
}

std::optional<uint32_t> find_capability(const Root& root, uint32_t minor, const std::string& part) {
  const std::string path =
      "proc/driver/nvidia/capabilities/gpu" + std::to_string(minor) + "/mig/" + part + "/access";
  const Text file = read_text(root / path);
  return file.ok() ? integer_from<uint32_t>(value_of(file.text, "DeviceFileMinor")) : std::nullopt;
}

}  // namespace farmhand::nvidia
