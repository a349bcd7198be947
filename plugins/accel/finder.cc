// SPDX-License-Identifier: Apache-2.0
#include "finder.hh"

#include <farmhand/call.hh>
#include <map>

namespace farmhand::accel {

namespace {

// PCI base class: processing accelerators (PCI Code and ID Assignment; linux
// include/linux/pci_ids.h).
constexpr uint32_t kAcceleratorClass = 0x12;

// The drivers whose classes are looked at. `accel` is the kernel's (linux
// drivers/accel/drm_accel.c), `tenstorrent` the vendor's (tenstorrent/tt-kmd
// docs/sysfs-attributes.md).
struct Class {
  const char* name;
  const char* prefix;  // of a member's name, followed by its number
};
constexpr Class kClasses[] = {{"accel", "accel"}, {"tenstorrent", "tenstorrent!"}};

// Drivers that hold a device for somebody else.
bool gives_away(std::string_view driver) {
  return driver == "vfio-pci" || driver == "pci-stub" || driver == "uio_pci_generic";
}

// A serial number of all zeros is one that was never read or programmed.
bool is_serial(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0x") != std::string_view::npos;
}

// `Serial Number: 4291…` (linux Documentation/ABI/stable/sysfs-bus-mhi;
// drivers/bus/mhi/host/init.c); the controller is a child of the PCI device.
std::string mhi_serial(const std::string& folder) {
  for (const std::string& child : names_in(folder)) {
    if (!child.starts_with("mhi")) continue;
    const std::string text = word_in_file(folder + "/" + child + "/serial_number");
    const std::string serial(trimmed(text.substr(std::min(text.rfind(':') + 1, text.size()))));
    if (is_serial(serial)) return serial;
  }
  return {};
}

// A board's serial number is the same for all of its chips; serial and chip together are unique.
void identify_tenstorrent(Found* found) {
  const std::string& folder = found->class_folder;
  found->serial = word_in_file(folder + "/tt_serial");
  found->uuid = word_in_file(folder + "/tt_asic_id");
  found->firmware = word_in_file(folder + "/tt_fw_bundle_ver");
  const std::string card = word_in_file(folder + "/tt_card_type");
  if (!card.empty() && card != "unknown") found->model = card;
  if (!is_serial(found->uuid)) found->uuid.clear();
  if (!is_serial(found->serial)) found->serial.clear();
  if (found->serial.empty()) return;
  found->key = found->uuid.empty() ? found->serial : found->serial + "-" + found->uuid;
}

void identify(Found* found) {
  switch (found->family) {
    case Family::kTenstorrent:
      return identify_tenstorrent(found);
    case Family::kQaic:
      found->serial = mhi_serial(found->folder);
      if (!found->serial.empty()) found->key = found->serial;
      return;
    case Family::kXdna: {
      const std::string name = word_in_file(found->folder + "/vbnv");
      if (!name.empty()) found->model = name;
      found->firmware = word_in_file(found->folder + "/fw_version");
      return;
    }
    default:
      return;
  }
}

// How far the driver brings it.
void judge(Found* found) {
  if (found->driver.empty()) {
    found->state = FH_DEVICE_UNMANAGED;
    found->note = "on the bus, but no driver is bound to it";
  } else if (gives_away(found->driver)) {
    found->state = FH_DEVICE_UNMANAGED;
    found->note = "given away: its driver is " + found->driver;
  } else if (found->class_folder.empty() && found->family != Family::kOther) {
    found->state = FH_DEVICE_UNMANAGED;
    found->note =
        "the driver " + found->driver + " is bound, but shows no device: see the kernel's log";
  } else if (found->key == found->pci) {
    found->note = "named by its slot: the driver shows no serial number";
  }
}

Found found_from(const PciDevice& device, const Model* model) {
  Found found;
  char ids[16];
  snprintf(ids, sizeof ids, "%04x:%04x", device.vendor, device.device);
  found.key = found.pci = device.address;
  found.folder = device.folder;
  found.vendor = model != nullptr ? model->vendor : Catalogue::vendor_of(device.vendor);
  found.model = model != nullptr ? model->model : ids;
  found.family = model != nullptr ? model->family : Family::kOther;
  found.driver = device.driver;
  found.numa_node = device.numa_node;
  return found;
}

// Class members by the folder of the device they belong to.
struct Member {
  std::string folder;
  int32_t index;
};
std::map<std::string, Member> class_members(const Root& root, bool* any) {
  std::map<std::string, Member> members;
  for (const Class& each : kClasses) {
    const std::string folder = root / ("sys/class/" + std::string(each.name));
    const Names names = names_in(folder);
    *any |= names.ok();
    for (const std::string& name : names) {
      const auto number =
          name.starts_with(each.prefix)
              ? integer_from<int32_t>(std::string_view(name).substr(strlen(each.prefix)))
              : std::nullopt;
      const std::string device = number ? resolved(folder + "/" + name + "/device") : "";
      if (!device.empty()) members[device] = {folder + "/" + name, *number};
    }
  }
  return members;
}

// An accelerator on another bus, such as a system-on-chip's own.
Found found_from(const std::string& folder, const Member& member) {
  Found found;
  found.key = folder.substr(folder.rfind('/') + 1);
  found.folder = folder;
  found.class_folder = member.folder;
  found.index = member.index;
  found.driver = link_name(folder + "/driver");
  found.model = found.driver.empty() ? "accelerator" : found.driver;
  found.vendor = "platform";
  found.note = "named by its place on the node's own bus";
  return found;
}

// The same serial number twice is no identity: then all but the first go by their slot.
void make_unique(std::vector<Found>* devices) {
  std::map<std::string, int> seen;
  for (Found& each : *devices) {
    if (seen[each.key]++ == 0) continue;
    each.key += "@" + each.pci;
    each.note = "its serial number is that of another device here";
  }
}

}  // namespace

std::vector<Found> find_devices(const Root& root, const Catalogue& catalogue,
                                const FinderOptions& options) {
  bool any_class = false;
  std::map<std::string, Member> members = class_members(root, &any_class);
  const PciScan scan = scan_pci(root);
  if (scan.status != FH_SAMPLE_OK && !any_class) {
    fail(FH_E_UNSUPPORTED, "not detectable: there is no %s and no accelerator class",
         (root / "sys/bus/pci/devices").c_str());
  }
  std::vector<Found> devices;
  for (const PciDevice& device : scan.devices) {
    const auto member = members.extract(resolved(device.folder));
    const Model* model = catalogue.find(device.vendor, device.device);
    const bool skipped = std::count(options.skip.begin(), options.skip.end(), device.vendor) != 0;
    const bool other = options.others && !skipped && device.base_class() == kAcceleratorClass;
    if (member.empty() && model == nullptr && !other) continue;
    if (device.virtual_functions > 0) continue;  // its virtual functions are used instead
    Found found = found_from(device, model);
    if (!member.empty()) {
      found.class_folder = member.mapped().folder;
      found.index = member.mapped().index;
    }
    identify(&found);
    judge(&found);
    devices.push_back(std::move(found));
  }
  for (const auto& [folder, member] : members) devices.push_back(found_from(folder, member));
  make_unique(&devices);
  return devices;
}

}  // namespace farmhand::accel
