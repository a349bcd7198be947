// SPDX-License-Identifier: Apache-2.0
// One of everything that goes over the wire, for seeds.
#pragma once

#include "wire/record.hh"
#include "wire/sync.hh"

namespace farmhand::fuzz {

std::vector<wire::Record> sample_records();
wire::Segment sample_segment();
std::vector<wire::NodeMessage> sample_node_messages();
std::vector<wire::CoordinatorMessage> sample_coordinator_messages();

}  // namespace farmhand::fuzz
