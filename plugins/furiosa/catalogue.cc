// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

#include <algorithm>

namespace farmhand::furiosa {

namespace {

constexpr std::string_view kWarboySource =
    "FuriosaAI SDK documentation, warboy.rst (furiosa-ai/furiosa-sdk@6f39635)";
constexpr std::string_view kRngdSource =
    "FuriosaAI documentation v2026.3.0, overview/rngd (furiosa-ai.github.io)";

constexpr Peak kWarboyPeaks[] = {{"int8", 64, kWarboySource}};
constexpr Peak kRngdPeaks[] = {{"int4", 1024, kRngdSource},
                               {"int8", 512, kRngdSource},
                               {"fp8", 512, kRngdSource},
                               {"bf16", 256, kRngdSource}};

// Never derive a peak from the clock: the documents say 1.0 GHz and the tool prints 2000 MHz.
constexpr Model kModels[] = {{"RNGD", kRngdPeaks, 51'002'736'640, 8, 32, 16},
                             {"Warboy", kWarboyPeaks, 0, 2, 16, 8}};

constexpr uint32_t kRngdPciId = 0x0001;  // FuriosaAI documentation v2024.1.0, prerequisites

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const Model* find_model(std::string_view name) {
  for (const Model& model : kModels) {
    if (same_but_for_case(model.name, name)) return &model;
  }
  return nullptr;
}

const Model* find_model_of_pci(uint32_t device_id) {
  return device_id == kRngdPciId ? find_model("RNGD") : nullptr;
}

}  // namespace farmhand::furiosa
