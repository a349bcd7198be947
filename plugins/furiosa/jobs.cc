// SPDX-License-Identifier: Apache-2.0
#include "jobs.hh"

#include <algorithm>

#include "slices.hh"

namespace farmhand::furiosa {

namespace {

// One leased card or part of it, as the driver numbers it now.
struct Granted {
  const Card* card;
  DriverCard driver;
  CoreRange cores;
  bool whole;
};

DriverCard driver_card_of(const Card& card, const DriverCards& now) {
  for (const DriverCard& each : now.cards) {
    if (each.pci == card.pci && each.uuid == card.uuid) return each;
  }
  fail(FH_E_DEVICE_LOST, "the driver does not show %s", card.key.c_str());
}

void require_together(const std::vector<Granted>& all) {
  for (size_t a = 0; a < all.size(); ++a) {
    for (size_t b = a + 1; b < all.size(); ++b) {
      if (all[a].driver.family != all[b].driver.family) {
        fail(FH_E_INVALID, "a job uses RNGD or Warboy cards, not both: their numbers collide");
      }
      const bool apart = all[a].card != all[b].card || all[a].cores.last < all[b].cores.first ||
                         all[b].cores.last < all[a].cores.first;
      if (!apart) {
        fail(FH_E_INVALID, "the lease holds cores of %s twice", all[a].card->key.c_str());
      }
    }
  }
}

// What is behind `npu3` in a node's name: `pe0-1`, `ch7r`, `_mgmt`, nothing. None of another card:
// `npu31` is not `npu3`.
std::optional<std::string_view> behind(std::string_view name, const std::string& npu) {
  if (!name.starts_with(npu)) return std::nullopt;
  name.remove_prefix(npu.size());
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') return std::nullopt;
  return name;
}

// A part of a card gets the nodes of its own cores and those that all parts share.
bool is_granted(std::string_view rest, const Granted& granted) {
  if (rest.starts_with("pe")) {
    const auto range = range_from(rest.substr(2));
    return range && granted.cores.contains(*range);
  }
  if (granted.whole || rest.empty()) return true;
  constexpr std::string_view kShared[] = {"mgmt", "_mgmt", "ch", "dmar", "bar"};
  return std::any_of(std::begin(kShared), std::end(kShared),
                     [&](std::string_view shared) { return rest.starts_with(shared); });
}

std::vector<std::string> nodes_of(const Granted& granted, const Root& root) {
  const bool rngd = granted.driver.family == Family::kRngd;
  const std::string folder = rngd ? "dev/rngd" : "dev";
  const std::string npu = "npu" + std::to_string(granted.driver.number);
  std::vector<std::string> nodes;
  bool core = false, management = false;
  for (const std::string& name : names_in(root / folder)) {
    const auto rest = behind(name, npu);
    if (!rest || !is_granted(*rest, granted)) continue;
    core = core || rest->starts_with("pe");
    management = management || rest->ends_with("mgmt");
    nodes.push_back("/" + folder + "/" + name);
  }
  if (!core || !management) {
    fail(FH_E_DEVICE_LOST, "the driver made no nodes for %s: looked for /%s/%s*",
         granted.card->key.c_str(), folder.c_str(), npu.c_str());
  }
  return nodes;
}

// `npu:0,npu:1:0-3` (lablup, ray, furiosa-llm --devices: third party and documentation).
std::string devices_variable(const std::vector<Granted>& all) {
  std::string list;
  for (const Granted& each : all) {
    list += (list.empty() ? "npu:" : ",npu:") + std::to_string(each.driver.number);
    if (!each.whole) list += ":" + name_of(each.cores);
  }
  return list;
}

// Chip numbers, ascending (furiosa-ai/furiosa-opt, CHANGELOG).
std::string visible_variable(const std::vector<Granted>& all) {
  std::vector<uint32_t> numbers;
  for (const Granted& each : all) numbers.push_back(each.driver.number);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::string list;
  for (const uint32_t number : numbers) list += (list.empty() ? "" : ",") + std::to_string(number);
  return list;
}

}  // namespace

void prepare_lease(Call& call, const Root& root, const Lease& lease,
                   const std::vector<std::shared_ptr<const Card>>& cards) {
  const DriverCards now = find_driver_cards(root);
  std::vector<Granted> all;
  for (size_t i = 0; i < cards.size(); ++i) {
    const std::string& slice = lease.devices[i].slice;
    if (!cards[i]->places.driver) {
      fail(FH_E_UNSUPPORTED, "%s has no driver that makes nodes", cards[i]->key.c_str());
    }
    all.push_back({cards[i].get(), driver_card_of(*cards[i], now), cores_of_slice(*cards[i], slice),
                   slice.empty()});
  }
  require_together(all);
  std::vector<std::string> nodes;
  for (const Granted& each : all) {
    for (std::string& node : nodes_of(each, root)) nodes.push_back(std::move(node));
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  for (const std::string& node : nodes) call.emit(node_record(node));
  if (all.empty()) return;
  call.emit(variable_record("FURIOSA_DEVICES", devices_variable(all)));
  if (all[0].driver.family == Family::kRngd) {
    call.emit(variable_record("FURIOSA_VISIBLE_DEVICES", visible_variable(all)));
  }
}

}  // namespace farmhand::furiosa
