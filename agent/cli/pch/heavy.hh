// SPDX-License-Identifier: Apache-2.0
// The two large headers that every file here needs, compiled once: without this each of some twenty
// small files takes seconds. Guarded by name: this is a compiler's main file, where `once` is
// refused.
#ifndef FARMHAND_CLI_HEAVY_HH
#define FARMHAND_CLI_HEAVY_HH

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#endif
