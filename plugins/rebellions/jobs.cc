// SPDX-License-Identifier: Apache-2.0
#include "jobs.hh"

#include "groups.hh"

namespace farmhand::rebellions {

namespace {

Numbers set_of(const std::vector<uint32_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

// The devices whose nodes the job sees: its own in a container, all on the node itself.
Numbers visible(const Root& root, const Lease& lease, const std::vector<uint32_t>& numbers) {
  if (lease.container) return set_of(numbers);
  Numbers all;
  for (const std::string& name : names_in(root / "dev")) {
    if (!name.starts_with("rbln")) continue;
    if (const auto number = integer_from<uint32_t>(name.substr(4))) all.insert(*number);
  }
  return all;
}

// An entry is the place among the `/dev/rbln*` that are present (RBLN-SW/vllm-rbln@0afa1ac,
// vllm_rbln/v1/worker/utils.py), which is the device's number only while none is missing.
std::string places_of(const std::vector<uint32_t>& numbers, const Numbers& present) {
  std::vector<uint32_t> places;
  for (const uint32_t number : numbers) {
    places.push_back(static_cast<uint32_t>(std::distance(present.begin(), present.find(number))));
  }
  return joined(places);
}

}  // namespace

// By the driver's link to the PCI device, else by the tool, asked anew: never by what was
// enumerated, for each change of groups may number the devices otherwise.
std::vector<std::optional<uint32_t>> Jobs::find_numbers(const Call& call,
                                                        const Cards& cards) const {
  const DriverCards driver = find_driver_cards(root_);
  std::optional<ToolReport> report;
  std::vector<std::optional<uint32_t>> numbers;
  for (const auto& card : cards) {
    std::optional<uint32_t> number;
    for (const DriverCard& each : driver.cards) {
      if (!each.pci.empty() && each.pci == card->pci) number = each.number;
    }
    if (!number && !report) report = tool_.report_now(call);
    for (size_t i = 0; !number && i < report->cards.size(); ++i) {
      if (report->cards[i].pci == card->pci) number = report->cards[i].number;
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<uint32_t> Jobs::numbers_now(const Call& call, const Cards& cards) const {
  std::vector<uint32_t> numbers;
  const auto found = find_numbers(call, cards);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) {
      fail(FH_E_DEVICE_LOST, "neither driver nor tool say which number %s has",
           cards[i]->key.c_str());
    }
    numbers.push_back(*found[i]);
  }
  return numbers;
}

void Jobs::regroup(Call& call, const Cards& cards) const {
  const GroupLock lock(call, lock_path_);
  Numbers devices = set_of(numbers_now(call, cards));
  auto groups = read_groups(call, root_, tool_);
  if (!groups || group_of(*groups, devices) != 0) return;
  const std::vector<uint32_t> old = groups_within(*groups, devices);
  if (!old.empty()) {
    tool_.group(call, {"-d", joined(old)});
    devices = set_of(numbers_now(call, cards));
    groups = read_groups(call, root_, tool_);
  }
  if (!groups) fail(FH_E_INTERNAL, "the RSD groups cannot be read any more");
  tool_.group(call, {"-c", std::to_string(free_group(*groups)), "-a", joined(devices)});
}

void Jobs::prepare(Call& call, const Lease& lease, const Cards& cards) const {
  if (cards.empty()) return;
  for (const Leased& each : lease.devices) {
    if (!each.slice.empty()) fail(FH_E_INVALID, "a device cannot be leased in parts");
  }
  std::vector<uint32_t> numbers = numbers_now(call, cards);
  if (set_of(numbers).size() != numbers.size()) {
    fail(FH_E_INVALID, "the lease holds a device twice");
  }
  auto groups = read_groups(call, root_, tool_);
  if (!groups) return emit(call, lease, numbers, std::nullopt);
  uint32_t group = group_of(*groups, set_of(numbers));
  if (group == 0 && !make_) {
    fail(FH_E_INVALID, "no RSD group has exactly these devices: 'rbln-smi group -c <id> -a %s'",
         joined(set_of(numbers)).c_str());
  }
  if (group == 0) {
    groups_within(*groups, set_of(numbers));  // before anything is touched
    regroup(call, cards);
    numbers = numbers_now(call, cards);
    groups = read_groups(call, root_, tool_);
    group = groups ? group_of(*groups, set_of(numbers)) : 0;
    if (group == 0) fail(FH_E_INTERNAL, "the tool made the RSD group, and it is not there");
  }
  emit(call, lease, numbers, group);
}

// In the container the group is always `/dev/rsd0` (internal/cdi/generator.go).
void Jobs::emit(Call& call, const Lease& lease, const std::vector<uint32_t>& numbers,
                std::optional<uint32_t> group) const {
  std::vector<std::string> nodes;
  for (const uint32_t number : set_of(numbers))
    nodes.push_back("dev/rbln" + std::to_string(number));
  if (group) nodes.push_back("dev/rsd" + std::to_string(*group));
  for (const std::string& node : nodes) {
    if (!exists(root_ / node)) fail(FH_E_DEVICE_LOST, "the driver made no node /%s", node.c_str());
    const bool renamed = lease.container && node.starts_with("dev/rsd");
    call.emit(node_record("/" + node, renamed ? "/dev/rsd0" : ""));
  }
  const std::string places = places_of(numbers, visible(root_, lease, numbers));
  call.emit(variable_record("RBLN_DEVICES", places));
  call.emit(variable_record("RBLN_VISIBLE_DEVICES", places));
}

void Jobs::release(Call& call, const Cards& cards) const {
  if (!make_ || cards.empty()) return;
  Numbers devices;
  for (const auto& number : find_numbers(call, cards)) {
    if (number) devices.insert(*number);  // of one that is gone there is nothing to take back
  }
  const auto groups = read_groups(call, root_, tool_);
  if (!groups) return;
  const auto ours = [&](const Groups& now) {
    std::vector<uint32_t> found;
    for (const auto& [group, members] : now) {
      const bool within =
          std::includes(devices.begin(), devices.end(), members.begin(), members.end());
      if (group != 0 && !members.empty() && within) found.push_back(group);
    }
    return found;
  };
  if (ours(*groups).empty()) return;
  const GroupLock lock(call, lock_path_);
  tool_.group(call, {"-d", joined(ours(*groups))});
}

}  // namespace farmhand::rebellions
