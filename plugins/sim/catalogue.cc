// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

#include <cctype>
#include <string>

namespace farmhand::sim {

namespace {

constexpr std::string_view kWarboySource =
    "FuriosaAI SDK documentation, warboy.rst (furiosa-ai/furiosa-sdk@6f39635)";
constexpr std::string_view kRngdSource =
    "FuriosaAI documentation v2026.3.0, overview/rngd (furiosa-ai.github.io)";
constexpr std::string_view kAtomSource =
    "Rebellions ATOM white papers (kr.rebellions.ai); ascii.jp 2026-03-09, press";
constexpr std::string_view kAtomMaxSource = "four ATOM chips; press, unverified";
constexpr std::string_view kRebelSource = "rebellions.ai/?p=92503";
constexpr std::string_view kX220Source =
    "m.sedaily.com 26295E52E3 and zdnet.co.kr 2022-09-13 (MLPerf v2.1), press";
constexpr std::string_view kX330Source =
    "announcement of 2023-11, third party, unverified; the data type is not stated";
constexpr std::string_view kH100Source =
    "the maker's data sheet as quoted by glennklockwood.com/garden/processors/h100; dense";
constexpr std::string_view kL40sSource = "the maker's table as resold, third party; dense";

constexpr PeakFigure kWarboy[] = {{"int8", 64, kWarboySource}};
constexpr PeakFigure kRngd[] = {{"int4", 1024, kRngdSource},
                                {"int8", 512, kRngdSource},
                                {"fp8", 512, kRngdSource},
                                {"bf16", 256, kRngdSource}};
constexpr PeakFigure kAtom[] = {
    {"fp16", 32, kAtomSource}, {"int8", 128, kAtomSource}, {"int4", 256, kAtomSource}};
constexpr PeakFigure kAtomMax[] = {{"fp16", 128, kAtomMaxSource},
                                   {"int8", 512, kAtomMaxSource},
                                   {"int4", 1024, "four times ATOM's figure; derived"}};
constexpr PeakFigure kRebelQuad[] = {{"fp16", 1000, kRebelSource}, {"fp8", 2000, kRebelSource}};
constexpr PeakFigure kX220[] = {{"int8", 87, kX220Source}};
// The announced number has no data type; it must not be added to any that has.
constexpr PeakFigure kX330[] = {{"unstated", 367, kX330Source}};
constexpr PeakFigure kH100Sxm5[] = {{"fp16", 989.4, kH100Source},
                                    {"bf16", 989.4, kH100Source},
                                    {"fp8", 1978.9, kH100Source},
                                    {"int8", 1978.9, kH100Source}};
constexpr PeakFigure kL40s[] = {
    {"fp16", 362.05, kL40sSource}, {"bf16", 362.05, kL40sSource}, {"fp8", 733, kL40sSource}};

constexpr uint64_t kGb = 1'000'000'000;
constexpr uint64_t kMib = 1 << 20;

// No source states the peaks of X220 Compact and X330 Prime, so they have none.
// clang-format off
// name, vendor, peaks, memory, idle W, full W, cores, core MHz, memory MHz, link gen, width, energy
constexpr Model kModels[] = {
    {"Warboy",       "furiosa",    kWarboy,    16 * kGb,        10,  60,  2,   2000, 2133, 4, 8,  false},
    {"RNGD",         "furiosa",    kRngd,      51002736640,     38,  150, 8,   2000, 1500, 5, 16, false},
    {"ATOM",         "rebellions", kAtom,      16077 * kMib,    6.1, 43.9, 8,  1000, 2000, 5, 16, false},
    {"ATOM+",        "rebellions", kAtom,      16077 * kMib,    6.1, 43.9, 8,  1000, 2000, 5, 16, false},
    {"ATOM-Max",     "rebellions", kAtomMax,   64308 * kMib,    25,  350, 32,  1000, 2000, 5, 16, false},
    {"REBEL-Quad",   "rebellions", kRebelQuad, 143360 * kMib,   100, 600, 64,  2000, 2400, 5, 16, false},
    {"X220",         "sapeon",     kX220,      16 * kGb,        20,  135, 8,   1000, 2000, 4, 16, false},
    {"X220 Compact", "sapeon",     {},         8 * kGb,         12,  65,  8,   1000, 2000, 4, 16, false},
    {"X330",         "sapeon",     kX330,      16 * kGb,        18,  120, 16,  1000, 2000, 5, 16, false},
    {"X330 Prime",   "sapeon",     {},         32 * kGb,        35,  250, 32,  1000, 2000, 5, 16, false},
    {"H100 SXM5",    "nvidia",     kH100Sxm5,  80 * kGb,        70,  700, 132, 1980, 2619, 5, 16, true},
    {"L40S",         "nvidia",     kL40s,      48 * kGb,        35,  350, 142, 2520, 2250, 4, 16, true},
};
// clang-format on

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    out.push_back(static_cast<char>(tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

}  // namespace

std::span<const Model> catalogue() {
  return kModels;
}

const Model* find_model(std::string_view name) {
  const std::string wanted = folded(name);
  for (const Model& model : kModels) {
    if (folded(model.name) == wanted) return &model;
  }
  return nullptr;
}

}  // namespace farmhand::sim
