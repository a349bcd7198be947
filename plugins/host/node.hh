// SPDX-License-Identifier: Apache-2.0
// All sources of the node, and the numbers of their series.
#pragma once

#include <farmhand/call.hh>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "source.hh"

namespace farmhand::node {

// Used by one call at a time: the host never makes two for the same device.
class Node {
 public:
  void add(std::unique_ptr<Source> source) { sources_.push_back(std::move(source)); }

  // Looks what there is now, and declares it. A series keeps its number as long as the plugin
  // lives, also over being unplugged.
  void declare(Call& call);

  void sample(Call& call, std::span<const uint32_t> ids);

 private:
  struct Place {
    uint32_t source = 0;
    uint32_t slot = 0;
    bool present = false;
  };

  uint32_t id_of(const Slot& slot);
  void mark(std::span<const uint32_t> ids);

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<bool> touched_;            // by source, during a call
  std::map<std::string, uint32_t> ids_;  // by name and label value
  std::vector<Place> places_;            // by id
};

}  // namespace farmhand::node
