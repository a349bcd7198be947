// SPDX-License-Identifier: Apache-2.0
// What the kernel driver shows of a card without the library, below /proc/driver/nvidia: who it is
// before anybody touches it, and which node a slice has. Names of files and lines:
// NVIDIA/open-gpu-kernel-modules, kernel-open/nvidia/{nv-procfs,nv-caps}.c; the
// slices' file as used by ComputeCanada/puppet-magic_castle,
// site/profile/files/slurm/nvidia_gres.sh.
#pragma once

#include <farmhand/sysfs.hh>

#include <optional>

namespace farmhand::nvidia {

struct DriverEntry {
  std::string uuid;               // empty: the driver has not read it yet
  std::string vbios;              // empty: not known
  std::optional<uint32_t> minor;  // N of /dev/nvidiaN
};

// Nothing where the driver does not show the card at this address.
std::optional<DriverEntry> find_driver_entry(const Root& root, const std::string& pci);

// N of /dev/nvidia-caps/nvidia-capN for a part of card `minor`: `gi2` or `gi2/ci0`.
std::optional<uint32_t> find_capability(const Root& root, uint32_t minor, const std::string& part);

}  // namespace farmhand::nvidia
