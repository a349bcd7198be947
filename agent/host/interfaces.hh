// SPDX-License-Identifier: Apache-2.0
// Which interfaces the plugin offers, held against its manifest: the agent, and the operator who
// reads the manifest, count on what is listed there.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.hh"
#include "host/library.hh"

namespace farmhand::host {

// A table by its id, or null.
using FindTable = std::function<const void*(std::string_view id)>;

// Every listed interface is there, of its frozen size and with every function; no standard one is
// there that is not listed. A vendor's own is only looked for when it is listed.
Result<void> check_interfaces(const FindTable& find, const Expected& expected);

}  // namespace farmhand::host
