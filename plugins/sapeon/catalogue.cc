// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

namespace farmhand::sapeon {

namespace {

constexpr Peak kX220[] = {
    {"int8", 87, "m.sedaily.com 26295E52E3 and zdnet.co.kr 2022-09-13 (MLPerf v2.1), press"}};
// The announced number has no data type; it must not be added to any that has.
constexpr Peak kX330[] = {
    {"unstated", 367,
     "announcement of 2023-11, third party, unverified; the data type is not stated"}};

constexpr Model kModels[] = {{"X220", kX220}, {"X330", kX330}};

}  // namespace

const Model* find_model(std::string_view name) {
  for (const Model& model : kModels) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

}  // namespace farmhand::sapeon
