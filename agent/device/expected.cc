// SPDX-License-Identifier: Apache-2.0
#include "device/expected.hh"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace farmhand {

namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<ExpectedModel> ExpectedModel::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const size_t colon = text.rfind(':');
  const bool numbered = colon != text.npos && slash != text.npos && colon > slash;
  ExpectedModel out;
  out.vendor = text.substr(0, slash);
  if (slash != text.npos) {
    out.model = text.substr(slash + 1, numbered ? colon - slash - 1 : text.npos);
  }
  bool whole = true;
  if (numbered) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, out.count);
    whole = parsed.ec == std::errc() && parsed.ptr == end && out.count > 0;
  }
  if (whole && !out.vendor.empty() && !out.model.empty()) return out;
  return Error{Errc::kInvalid, "'" + std::string(text) +
                                   "' is no expected device; write vendor/model:number, such as "
                                   "\"furiosa/rngd:8\""};
}

bool ExpectedModel::fits(std::string_view other_vendor, std::string_view other_model) const {
  return same_word(vendor, other_vendor) && same_word(model, other_model);
}

void Expected::restore(ExpectedDevice device) {
  std::string key = device.key;
  learned_.insert_or_assign(std::move(key), std::move(device));
}

bool Expected::learn(const DeviceInfo& info) {
  ExpectedDevice fresh{info.key, info.vendor, info.model, info.pci, info.numa_node, info.index};
  const auto known = learned_.find(info.key);
  if (known != learned_.end()) {
    if (!known->second.pci.empty()) fresh.pci = known->second.pci;
    if (known->second.numa_node >= 0) fresh.numa_node = known->second.numa_node;
    if (known->second == fresh) return false;
  }
  learned_.insert_or_assign(info.key, std::move(fresh));
  return true;
}

bool Expected::forget(std::string_view key) {
  const auto known = learned_.find(key);
  if (known == learned_.end()) return false;
  learned_.erase(known);
  return true;
}

std::vector<Expected::Difference> Expected::compare(const DeviceInfo& info) const {
  using Kind = Difference::Kind;
  std::vector<Difference> out;
  const auto known = learned_.find(info.key);
  if (known == learned_.end()) return out;
  const ExpectedDevice& was = known->second;
  if (!was.pci.empty() && !info.pci.empty() && was.pci != info.pci) {
    out.push_back({Kind::kMoved, info.key, "it sits at " + info.pci + ", it was at " + was.pci});
  } else if (was.numa_node >= 0 && info.numa_node >= 0 && was.numa_node != info.numa_node) {
    out.push_back({Kind::kMoved, info.key,
                   "it is at NUMA node " + std::to_string(info.numa_node) + ", it was at " +
                       std::to_string(was.numa_node)});
  }
  if (was.index >= 0 && info.index >= 0 && was.index != info.index) {
    out.push_back(
        {Kind::kRenumbered, info.key,
         "it has number " + std::to_string(info.index) + ", it had " + std::to_string(was.index)});
  }
  return out;
}

std::vector<Expected::Difference> Expected::count(const Inventory& inventory) const {
  using Kind = Difference::Kind;
  std::vector<Difference> out;
  for (const ExpectedModel& model : declared_) {
    uint32_t there = 0;
    for (const auto& [key, device] : inventory.devices()) {
      if (device.presence == Presence::kMissing) continue;
      if (model.fits(device.info.vendor, device.info.model)) ++there;
    }
    if (there == model.count) continue;
    out.push_back({there < model.count ? Kind::kMissing : Kind::kExtra, "",
                   std::to_string(model.count) + " of " + model.text() + " are expected, " +
                       std::to_string(there) + (there == 1 ? " is there" : " are there")});
  }
  return out;
}

}  // namespace farmhand
