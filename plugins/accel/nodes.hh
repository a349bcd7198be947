// SPDX-License-Identifier: Apache-2.0
// The device nodes of a device, as its drivers state them.
#pragma once

#include <farmhand/sysfs.hh>
#include <string>
#include <vector>

namespace farmhand::accel {

// Paths as a job sees them, `/dev/accel/accel0`, for every member of a class below the device's
// folder. Nodes that steer a display are left out.
std::vector<std::string> nodes_of(const std::string& folder);

}  // namespace farmhand::accel
