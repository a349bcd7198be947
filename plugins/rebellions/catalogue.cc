// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

namespace farmhand::rebellions {

namespace {

constexpr std::string_view kAtomSource =
    "Rebellions ATOM white papers (kr.rebellions.ai); ascii.jp 2026-03-09, press";
constexpr std::string_view kQuarterSource =
    "one of four ATOM chips of an ATOM-Max; press, unverified";
constexpr std::string_view kRebelSource = "rebellions.ai/?p=92503";

constexpr Peak kAtomPeaks[] = {
    {"fp16", 32, kAtomSource}, {"int8", 128, kAtomSource}, {"int4", 256, kAtomSource}};
constexpr Peak kQuarterPeaks[] = {
    {"fp16", 32, kQuarterSource}, {"int8", 128, kQuarterSource}, {"int4", 256, kQuarterSource}};
constexpr Peak kRebelPeaks[] = {{"fp16", 1000, kRebelSource}, {"fp8", 2000, kRebelSource}};

constexpr uint64_t kMib = 1 << 20;

// Visible memory: ATOM 16 GiB less 288 MiB, REBEL 144 GiB less 4 GiB (RBLN-SW/vllm-rbln@0afa1ac,
// vllm_rbln/v1/worker/utils.py). CA11, CA15, CA21 and CR23 are in the list of ids, and no public
// source says which product they are.
constexpr Model kModels[] = {
    {"ATOM", "RBLN-CA02", Family::kAtom, kAtomPeaks, 16096 * kMib, 1},
    {"ATOM+", "RBLN-CA12 RBLN-CA22", Family::kAtom, kAtomPeaks, 16096 * kMib, 1},
    {"ATOM-Max", "RBLN-CA25", Family::kAtom, kQuarterPeaks, 16096 * kMib, 4},
    {"REBEL-Quad", "RBLN-CR03 RBLN-CR13", Family::kRebel, kRebelPeaks, 143360 * kMib, 1}};

struct Id {
  uint32_t physical;  // the virtual function's is the next one
  const char* part;
};
// RBLN-SW/rbln-npu-feature-discovery@0c09e7c, deps/rebellions-pci.ids
constexpr Id kIds[] = {{0x1020, "RBLN-CA02"}, {0x1110, "RBLN-CA11"}, {0x1120, "RBLN-CA12"},
                       {0x1150, "RBLN-CA15"}, {0x1210, "RBLN-CA21"}, {0x1220, "RBLN-CA22"},
                       {0x1250, "RBLN-CA25"}, {0x2030, "RBLN-CR03"}, {0x2130, "RBLN-CR13"},
                       {0x2230, "RBLN-CR23"}};

}  // namespace

const Model* find_model(std::string_view part) {
  if (part.empty()) return nullptr;
  for (const Model& model : kModels) {
    std::string_view rest = model.parts;
    while (!rest.empty()) {
      const std::string_view each = rest.substr(0, rest.find(' '));
      if (each == part) return &model;
      rest.remove_prefix(each.size() < rest.size() ? each.size() + 1 : each.size());
    }
  }
  return nullptr;
}

std::string part_of_pci(uint32_t device_id) {
  for (const Id& id : kIds) {
    if (id.physical == (device_id & ~1u)) return id.part;
  }
  return {};
}

}  // namespace farmhand::rebellions
