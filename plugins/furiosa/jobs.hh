// SPDX-License-Identifier: Apache-2.0
// What a job needs to use its cards: their nodes and the runtime's two variables. Which nodes:
// furiosa-ai/libfuriosa-kubernetes@439eb12, pkg/cdi_spec/{rngd,partitioned_device_renderer}.go.
// They are never opened here: a Warboy core is taken by whoever opens it, and the runtime locks
// `dmar`.
#pragma once

#include <farmhand/jobenv.hh>
#include <memory>

#include "card.hh"

namespace farmhand::furiosa {

// `cards` in the order of the lease. Looks at the driver as it is now.
void prepare_lease(Call& call, const Root& root, const Lease& lease,
                   const std::vector<std::shared_ptr<const Card>>& cards);

}  // namespace farmhand::furiosa
