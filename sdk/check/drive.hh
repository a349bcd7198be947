// SPDX-License-Identifier: Apache-2.0
// The calls of every interface, and a walk through all of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rig.hh"

namespace farmhand::check {

// Each gives the status; what was emitted is in rig.last(). FH_E_UNSUPPORTED without an interface.
int32_t enumerate(Rig& rig);
int32_t metrics(Rig& rig, uint32_t device);
int32_t sample(Rig& rig, uint32_t device, std::span<const uint32_t> ids);
int32_t check(Rig& rig, uint32_t device);
int32_t wait(Rig& rig);
int32_t tests(Rig& rig, uint32_t device);
int32_t run_test(Rig& rig, uint32_t device, const std::string& name, uint64_t budget_ns);
int32_t reset_kinds(Rig& rig, uint32_t device);
int32_t reset(Rig& rig, uint32_t device, int32_t reset_kind);
int32_t slices(Rig& rig, uint32_t device);
int32_t profiles(Rig& rig, uint32_t device);
int32_t divide(Rig& rig, uint32_t device, std::span<const std::string> names);

struct LeaseIdea {
  std::string id;
  std::vector<uint32_t> devices;
  std::string kept;
};
int32_t prepare(Rig& rig, const LeaseIdea& lease);
int32_t release(Rig& rig, const LeaseIdea& lease);

// The devices it lists now and the ids of each one's series.
struct Known {
  SeenDevice device;
  std::vector<SeenMetric> metrics;
  std::vector<uint32_t> ids() const;
};
std::vector<Known> know(Rig& rig);

// Every call that only reads, on up to `most` devices, of a started instance.
void visit(Rig& rig, size_t most = 4);

}  // namespace farmhand::check
