// SPDX-License-Identifier: Apache-2.0
// What a shared library exports, read from the file and not from the running process: a plugin that
// exports more than its entry could take over other libraries' symbols, so it is never loaded.
#pragma once

#include "base/result.hh"

namespace farmhand::host {

// Nothing but `farmhand_plugin_v<N>` objects, among them the one of our major.
Result<void> check_exports(int fd);

}  // namespace farmhand::host
