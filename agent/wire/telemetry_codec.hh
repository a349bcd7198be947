// SPDX-License-Identifier: Apache-2.0
// Telemetry in columns, as record.proto describes. For this folder only.
#pragma once

#include "base/result.hh"
#include "farmhand/v1/record.pb.h"
#include "wire/telemetry.hh"

namespace farmhand::wire {

void pack(::farmhand::v1::Telemetry& out, const Telemetry& telemetry);
Result<Telemetry> unpack(const ::farmhand::v1::Telemetry& in);

}  // namespace farmhand::wire
