// SPDX-License-Identifier: Apache-2.0
// Inventories, plugin states and metric tables to and from protobuf. For this folder only.
#pragma once

#include "base/result.hh"
#include "farmhand/v1/record.pb.h"
#include "wire/inventory.hh"
#include "wire/telemetry.hh"

namespace farmhand::wire {

void pack(::farmhand::v1::Inventory& out, const Inventory& inventory);
void pack(::farmhand::v1::PluginState& out, const PluginState& plugin);
void pack(::farmhand::v1::MetricTable& out, const MetricTable& table);

Result<Inventory> unpack(const ::farmhand::v1::Inventory& in);
Result<PluginState> unpack(const ::farmhand::v1::PluginState& in);
Result<MetricTable> unpack(const ::farmhand::v1::MetricTable& in);

}  // namespace farmhand::wire
