// SPDX-License-Identifier: Apache-2.0
#include "nodes.hh"

#include <farmhand/parse.hh>

namespace farmhand::accel {

namespace {

// The line `DEVNAME=accel/accel0` of a member's uevent (linux drivers/base/core.c, dev_uevent).
std::string node_in(const std::string& uevent) {
  const std::string content = read_text(uevent).text;
  for (std::string_view text = content; !text.empty();) {
    const std::string_view line = take_line(&text);
    if (line.starts_with("DEVNAME=")) return "/dev/" + std::string(trimmed(line.substr(8)));
  }
  return {};
}

// `/dev/dri/card0` sets display modes; computing needs `renderD128` only.
bool is_display(std::string_view node) {
  return node.starts_with("/dev/dri/card") || node.starts_with("/dev/accel/accel_control");
}

}  // namespace

// <device>/<class>/<member>/uevent; links lead out of the device and are not followed.
std::vector<std::string> nodes_of(const std::string& folder) {
  std::vector<std::string> nodes;
  for (const std::string& class_name : names_in(folder)) {
    const std::string members = folder + "/" + class_name;
    if (!link_name(members).empty()) continue;
    for (const std::string& member : names_in(members)) {
      const std::string node = node_in(members + "/" + member + "/uevent");
      if (!node.empty() && !is_display(node)) nodes.push_back(node);
    }
  }
  return nodes;
}

}  // namespace farmhand::accel
