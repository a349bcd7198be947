// SPDX-License-Identifier: Apache-2.0
#include "jobs.hh"

#include <algorithm>

#include "driver.hh"

namespace farmhand::nvidia {

namespace {

void require_node(const Root& root, const std::string& node) {
  if (exists(root / std::string_view(node).substr(1))) return;
  fail(FH_E_UNSUPPORTED,
       "the driver's node %s is not there: run 'nvidia-modprobe -u -c 0' or start "
       "nvidia-persistenced",
       node.c_str());
}

std::vector<std::string> shared_nodes(const Root& root) {
  std::vector<std::string> nodes{"/dev/nvidiactl", "/dev/nvidia-uvm"};
  for (const std::string& node : nodes) require_node(root, node);
  if (exists(root / "dev/nvidia-uvm-tools")) nodes.emplace_back("/dev/nvidia-uvm-tools");
  return nodes;
}

// A slice is opened by two nodes more: of its GPU instance and of its compute instance.
std::vector<std::string> slice_nodes(const Root& root, const Card& card, const Slice& slice) {
  const std::string instance = "gi" + std::to_string(slice.gpu_instance);
  std::vector<std::string> nodes;
  for (const std::string& part :
       {instance, instance + "/ci" + std::to_string(slice.compute_instance)}) {
    const auto number = find_capability(root, *card.minor, part);
    if (!number) {
      fail(FH_E_DEVICE_LOST, "the driver shows no capability %s of %s", part.c_str(),
           card.key.c_str());
    }
    nodes.push_back("/dev/nvidia-caps/nvidia-cap" + std::to_string(*number));
  }
  return nodes;
}

// What the variables name it by: card or slice by UUID, for indices change.
std::string add(const Root& root, const Card& card, const std::string& key, const nvml::Api& api,
                std::vector<std::string>* nodes) {
  if (!card.managed() || !card.minor || card.uuid.empty()) {
    fail(FH_E_UNSUPPORTED, "%s cannot be used: %s", card.key.c_str(),
         card.note.empty() ? "its UUID or number is not known" : card.note.c_str());
  }
  const std::string node = "/dev/nvidia" + std::to_string(*card.minor);
  require_node(root, node);
  nodes->push_back(node);
  const SliceList slices = slices_of(card, api);
  if (key.empty() && slices.divided) {
    fail(FH_E_INVALID, "%s is divided by MIG: lease its slices", card.key.c_str());
  }
  if (key.empty()) return card.uuid;
  const auto slice = std::find_if(slices.all.begin(), slices.all.end(),
                                  [&](const Slice& each) { return each.key == key; });
  if (slice == slices.all.end()) {
    fail(FH_E_INVALID, "%s has no slice '%s'", card.key.c_str(), key.c_str());
  }
  for (std::string& each : slice_nodes(root, card, *slice)) nodes->push_back(std::move(each));
  return slice->key;
}

}  // namespace

void prepare_lease(Call& call, const Root& root, const Lease& lease,
                   const std::vector<std::shared_ptr<const Card>>& cards, Nvml& library) {
  if (cards.empty()) return;
  const Nvml::Use use(library);
  if (!use.ready()) fail(FH_E_AGAIN, "NVIDIA's library is not open: no card can be given to a job");
  std::vector<std::string> nodes = shared_nodes(root);
  std::vector<std::string> names;
  for (size_t at = 0; at < cards.size(); ++at) {
    names.push_back(add(root, *cards[at], lease.devices[at].slice, library.api(), &nodes));
    if (std::count(names.begin(), names.end(), names.back()) > 1) {
      fail(FH_E_INVALID, "the lease holds %s twice", names.back().c_str());
    }
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  for (const std::string& node : nodes) call.emit(node_record(node));
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  call.emit(variable_record("CUDA_VISIBLE_DEVICES", list));
  call.emit(variable_record("NVIDIA_VISIBLE_DEVICES", list));
}

}  // namespace farmhand::nvidia
