// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

namespace farmhand::nvidia {

namespace {

constexpr std::string_view kH100Source =
    "the maker's data sheet as quoted by glennklockwood.com/garden/processors/h100; dense";
constexpr std::string_view kH200Source =
    "the H100's figures, same chip: glennklockwood.com/garden/processors/h100; dense";
constexpr std::string_view kA100Source =
    "NVIDIA A100 Tensor Core GPU Architecture, white paper V1.0, table 1; dense";
constexpr std::string_view kL40sSource = "the maker's table as resold, third party; dense";

constexpr Peak kH100[] = {{"fp16", 989.4, kH100Source},
                          {"bf16", 989.4, kH100Source},
                          {"fp8", 1978.9, kH100Source},
                          {"int8", 1978.9, kH100Source}};
constexpr Peak kH200[] = {{"fp16", 989.4, kH200Source},
                          {"bf16", 989.4, kH200Source},
                          {"fp8", 1978.9, kH200Source},
                          {"int8", 1978.9, kH200Source}};
constexpr Peak kA100[] = {{"fp16", 312, kA100Source},
                          {"bf16", 312, kA100Source},
                          {"int8", 624, kA100Source},
                          {"int4", 1248, kA100Source}};
constexpr Peak kL40s[] = {
    {"fp16", 362.05, kL40sSource}, {"bf16", 362.05, kL40sSource}, {"fp8", 733, kL40sSource}};

// Names: NVIDIA/go-nvml@2f9e261, pkg/nvml/mock. H100 PCIe and NVL run at other clocks, and
// nothing public states their figures dense and by dtype.
constexpr Model kModels[] = {{"NVIDIA H100 80GB HBM3", kH100, true},
                             {"NVIDIA H200", kH200, true},
                             {"NVIDIA A100-SXM4-40GB", kA100, true},
                             {"NVIDIA A100-SXM4-80GB", kA100, true},
                             {"NVIDIA A100-PCIE-40GB", kA100, false},
                             {"NVIDIA A100-PCIE-80GB", kA100, false},
                             {"NVIDIA A100 80GB PCIe", kA100, false},
                             {"NVIDIA B200", {}, true},
                             {"NVIDIA L40S", kL40s, false}};

}  // namespace

const Model* find_model(std::string_view name) {
  for (const Model& model : kModels) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

}  // namespace farmhand::nvidia
