// SPDX-License-Identifier: Apache-2.0
// Health transitions to and from protobuf. For this folder only.
#pragma once

#include "base/result.hh"
#include "farmhand/v1/record.pb.h"
#include "wire/health.hh"

namespace farmhand::wire {

void pack(::farmhand::v1::HealthTransition& out, const HealthTransition& transition);
Result<HealthTransition> unpack(const ::farmhand::v1::HealthTransition& in);

}  // namespace farmhand::wire
