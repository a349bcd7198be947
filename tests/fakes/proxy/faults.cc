// SPDX-License-Identifier: Apache-2.0
#include "faults.hh"

#include <cstdlib>

#include "base/json.hh"

namespace farmhand::proxy {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames = {"up_drop",
                                                              "up_delay_ms",
                                                              "up_duplicate",
                                                              "up_reorder",
                                                              "up_truncate",

                                                              "up_cut",
                                                              "down_drop",
                                                              "down_delay_ms",
                                                              "down_duplicate",
                                                              "down_reorder",
                                                              "down_truncate",

                                                              "down_cut",
                                                              "swallow",
                                                              "segments_duplicate",
                                                              "segments_reorder",
                                                              "replay",
                                                              "ack_other_lane",
                                                              "ack_beyond",
                                                              "ack_inside",
                                                              "ack_other_chain",
                                                              "ack_other_epoch",
                                                              "ack_stale",
                                                              "ack_early",
                                                              "ack_without_applying",
                                                              "nack",
                                                              "poison",
                                                              "welcome_other_chain"};

std::optional<size_t> find_fault(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return i;
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Fault fault) {
  return kNames[static_cast<size_t>(fault)];
}

Result<void> Faults::set(const std::vector<std::pair<std::string, std::string>>& named) {
  std::array<double, kFaultCount> chances{};
  for (const auto& [name, text] : named) {
    const auto fault = find_fault(name);
    if (!fault) return Error{Errc::kInvalid, "there is no fault '" + name + "'"};
    char* end = nullptr;
    chances[*fault] = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || chances[*fault] < 0)
      return Error{Errc::kInvalid, "'" + text + "' of fault '" + name + "' is not a number"};
  }
  chances_ = chances;
  return {};
}

bool Faults::happens(Fault fault) {
  const double chance = chances_[index(fault)];
  if (chance <= 0) return false;
  if (std::uniform_real_distribution<double>()(random_) >= chance) return false;
  count(fault);
  return true;
}

uint64_t Faults::below(uint64_t limit) {
  return limit == 0 ? 0 : random_() % limit;
}

std::string Faults::json() const {
  Json json;
  json.object();
  for (size_t i = 0; i < kFaultCount; ++i)
    if (counts_[i] > 0) json.member(kNames[i], counts_[i]);
  return json.end().take();
}

}  // namespace farmhand::proxy
