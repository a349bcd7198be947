// SPDX-License-Identifier: Apache-2.0
// What a job needs to use its cards: the driver's nodes, and the variables that CUDA and NVIDIA's
// container runtime read. Which nodes: NVIDIA/nvidia-container-toolkit, and the MIG User Guide
// (docs.nvidia.com/datacenter/tesla/mig-user-guide, Device Nodes and Capabilities).
#pragma once

#include <farmhand/jobenv.hh>

#include <memory>

#include "card.hh"
#include "slices.hh"

namespace farmhand::nvidia {

// `cards` in the order of the lease.
void prepare_lease(Call& call, const Root& root, const Lease& lease,
                   const std::vector<std::shared_ptr<const Card>>& cards, Nvml& library);

}  // namespace farmhand::nvidia
