// SPDX-License-Identifier: Apache-2.0
// What a plugin host gives up before it touches the plugin, and what it ties itself to.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace farmhand::host {

// Whom to become: `uid:gid:gid,gid…`, the first gid the primary one.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};
Result<Identity> parse_identity(std::string_view text);

// Changes user and groups. It is done here and not between fork and exec, because the agent holds
// only the capabilities for it, and libuv's way has no supplementary groups.
Result<void> become(const Identity& identity);

// Unless root on purpose: no capability survives, and no exec gives one back.
Result<void> drop_capabilities();

// Own session; when `parent` ends, this process and its children end.
Result<void> die_with(pid_t parent);

// Ends this process and every child that stayed in its group. Safe in a signal handler.
[[noreturn]] void end_group();

}  // namespace farmhand::host
