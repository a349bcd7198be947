// SPDX-License-Identifier: Apache-2.0
// The PCI bus as the kernel shows it below <root>/sys/bus/pci/devices. Nothing here touches the
// configuration space or wakes a device; the vendor's driver need not be there.
//
//   for (const farmhand::PciDevice& each : farmhand::scan_pci(root, 0x1ed2).devices) …
//
// File names: linux Documentation/ABI/testing/sysfs-bus-pci, Documentation/PCI/sysfs-pci.rst.
#pragma once

#include "farmhand/sysfs.hh"

namespace farmhand {

struct PciDevice {
  std::string address;  // `0000:03:00.0`: the folder's name
  std::string folder;
  uint32_t vendor = 0;
  uint32_t device = 0;
  uint32_t class_code = 0;  // 24 bits: 0x120000 is a processing accelerator
  int32_t numa_node = -1;   // -1: none or not known
  std::string driver;       // the bound driver's name; empty: none
  bool virtual_function = false;
  int64_t virtual_functions = 0;  // switched on: the device itself is then not to be used

  uint32_t base_class() const { return class_code >> 16; }
  bool bound() const { return !driver.empty(); }
};

// `status` is not OK where there is no PCI bus to look at, which is not the same as no device.
struct PciScan {
  int32_t status = FH_SAMPLE_OK;
  std::vector<PciDevice> devices;
};

// Nothing where the ids cannot be read: the device went away meanwhile.
inline std::optional<PciDevice> find_pci(const Root& root, const std::string& address) {
  PciDevice found;
  found.address = address;
  found.folder = root / ("sys/bus/pci/devices/" + address);
  const auto vendor = find_hex(found.folder + "/vendor");
  const auto device = find_hex(found.folder + "/device");
  if (!vendor || !device) return std::nullopt;
  found.vendor = static_cast<uint32_t>(*vendor);
  found.device = static_cast<uint32_t>(*device);
  found.class_code = static_cast<uint32_t>(find_hex(found.folder + "/class").value_or(0));
  found.numa_node = static_cast<int32_t>(find_integer(found.folder + "/numa_node").value_or(-1));
  found.driver = link_name(found.folder + "/driver");
  found.virtual_function = exists(found.folder + "/physfn");
  found.virtual_functions = find_integer(found.folder + "/sriov_numvfs").value_or(0);
  return found;
}

// Every device, or those of one vendor, by address.
inline PciScan scan_pci(const Root& root, std::optional<uint32_t> vendor = std::nullopt) {
  PciScan scan;
  const Names addresses = names_in(root / "sys/bus/pci/devices");
  scan.status = addresses.status;
  for (const std::string& address : addresses) {
    std::optional<PciDevice> found = find_pci(root, address);
    if (found && (!vendor || found->vendor == *vendor)) scan.devices.push_back(std::move(*found));
  }
  return scan;
}

// The bridge above a device: its link partner, which may be the one that counts the errors. Empty
// below a root bus.
inline std::string upstream_of(const std::string& folder) {
  const std::string real = resolved(folder);
  const size_t cut = real.rfind('/');
  if (cut == std::string::npos || cut == 0) return {};
  const std::string parent = real.substr(0, cut);
  return exists(parent + "/vendor") ? parent : std::string();
}

// The PCI Express generation of a rate in GT/s, 0 if there is none of that rate (linux
// include/linux/pci.h, pci_speed_string: 2.5, 5.0, 8.0, 16.0, 32.0, 64.0 GT/s).
inline int generation_of(double gigatransfers) {
  constexpr double kRates[] = {2.5, 5, 8, 16, 32, 64, 128};
  for (size_t at = 0; at < std::size(kRates); ++at) {
    if (gigatransfers == kRates[at]) return static_cast<int>(at) + 1;
  }
  return 0;
}

// A rate and a number of lanes. `Unknown` as a rate is an error, and so are 0, 63 (all bits set:
// the device fell off the bus) and 255 (not known to the kernel) as a number of lanes.
struct PciLink {
  Reading speed, speed_max;  // GT/s
  Reading width, width_max;  // lanes
};

// `32.0 GT/s PCIe`, on older kernels `8 GT/s`.
inline Reading read_link_speed(const std::string& path) {
  const Text content = read_text(path);
  if (!content.ok()) return no_reading(content.status);
  std::string_view text = content.text;
  const auto rate = number_from(take_word(&text));
  const bool known = rate && take_word(&text) == "GT/s" && generation_of(*rate) != 0;
  return known ? good(*rate) : no_reading(FH_SAMPLE_ERROR);
}

inline PciLink read_link(const std::string& folder) {
  return {read_link_speed(folder + "/current_link_speed"),
          read_link_speed(folder + "/max_link_speed"),
          within(read_number(folder + "/current_link_width"), 1, 32),
          within(read_number(folder + "/max_link_width"), 1, 32)};
}

// The same, but the largest values are those that device and slot can do together: a fast card in a
// slow slot is not degraded.
inline PciLink reachable_link(const std::string& folder) {
  PciLink link = read_link(folder);
  const std::string above = upstream_of(folder);
  if (above.empty()) return link;
  const PciLink slot = read_link(above);
  const auto lower = [](Reading* mine, const Reading& other) {
    if (mine->ok() && other.ok()) mine->value = std::min(mine->value, other.value);
  };
  lower(&link.speed_max, slot.speed_max);
  lower(&link.width_max, slot.width_max);
  return link;
}

// Errors that the device has seen (AER), since boot: the last line, `TOTAL_ERR_COR 2`. The lines
// above it need not add up to it (linux Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats);
// a file without it was cut short.
struct PciErrors {
  Reading corrected, nonfatal, fatal;
};

inline Reading read_aer_total(const std::string& path, std::string_view total) {
  const Text content = read_text(path);
  if (!content.ok()) return no_reading(content.status);
  for (std::string_view text = content.text; !text.empty();) {
    std::string_view line = take_line(&text);
    if (take_word(&line) != total) continue;
    const auto count = integer_from<uint64_t>(trimmed(line));
    if (count) return good(static_cast<double>(*count));
  }
  return no_reading(FH_SAMPLE_ERROR);
}

inline PciErrors read_errors(const std::string& folder) {
  return {read_aer_total(folder + "/aer_dev_correctable", "TOTAL_ERR_COR"),
          read_aer_total(folder + "/aer_dev_nonfatal", "TOTAL_ERR_NONFATAL"),
          read_aer_total(folder + "/aer_dev_fatal", "TOTAL_ERR_FATAL")};
}

}  // namespace farmhand
