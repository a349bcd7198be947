// SPDX-License-Identifier: Apache-2.0
// The devices of a plugin as its last enumeration found them, for the calls that run while another
// one enumerates; and what of them goes into a record.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "farmhand/call.hh"
#include "farmhand/failure.hh"
#include "farmhand/identity.hh"

namespace farmhand {

// A plugin's own struct with `handle`, `key`, `pci`, `serial`, `uuid`, `model_name`, `firmware`,
// `driver_version`, `note`, `state` and `numa_node`, as the record that tells of it. What else is
// known (`index`, `memory_bytes`, the kind) the caller adds.
template <class Device>
fh_device record_of(const Device& device) {
  fh_device record = device_record(device.handle, device.key);
  record.state = device.state;
  record.numa_node = device.numa_node;
  record.model = str(device.model_name);
  record.serial = str(device.serial);
  record.uuid = str(device.uuid);
  record.pci = str(device.pci);
  record.firmware = str(device.firmware);
  record.driver = str(device.driver_version);
  record.note = str(device.note);
  return record;
}

// Each of `peaks` has `dtype`, `tera_ops` and `source`.
template <class Peaks>
void emit_peaks(Call& call, uint32_t handle, const Peaks& peaks) {
  for (const auto& peak : peaks) {
    call.emit(peak_record(handle, peak.dtype, peak.tera_ops, peak.source));
  }
}

// `Device` also has `memory`, a shared_ptr to what the plugin remembers of a device from call to
// call: it stays the same over all enumerations.
template <class Device>
class Roster {
 public:
  using Shared = std::shared_ptr<const Device>;

  // Within enumerate: gives the device its handle and its memory. Not on the list before `set`.
  Shared admit(Device device, KeyBook* book) {
    device.handle = book->handle(device.key);
    auto& memory = memories_[device.handle];
    if (!memory) memory = std::make_shared<Memory>();
    device.memory = memory;
    return std::make_shared<const Device>(std::move(device));
  }
  // The whole list of this enumeration.
  void set(std::vector<Shared> devices) {
    const std::lock_guard lock(guard_);
    devices_ = std::move(devices);
    for (const Shared& each : devices_) handles_end_ = std::max(handles_end_, each->handle + 1);
  }

  // At any time, on any thread.
  std::vector<Shared> all() const {
    const std::lock_guard lock(guard_);
    return devices_;
  }
  // Throws FH_E_INVALID for a handle that was never given, FH_E_DEVICE_LOST for a device that is
  // gone.
  Shared get(uint32_t handle) const {
    const std::lock_guard lock(guard_);
    for (const Shared& each : devices_) {
      if (each->handle == handle) return each;
    }
    if (handle < handles_end_) fail(FH_E_DEVICE_LOST, "the device is not there any more");
    fail(FH_E_INVALID, "no device has the handle %u", handle);
  }

 private:
  using Memory = typename decltype(Device::memory)::element_type;

  std::map<uint32_t, std::shared_ptr<Memory>> memories_;  // of the enumerating thread
  mutable std::mutex guard_;                              // of what follows
  std::vector<Shared> devices_;
  uint32_t handles_end_ = 0;  // handles are given in order: each below was given once
};

}  // namespace farmhand
