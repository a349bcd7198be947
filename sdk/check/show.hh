// SPDX-License-Identifier: Apache-2.0
// `farmhand-plugin-check show`: what the plugin gives, once, for the vendor's own eyes.
#pragma once

#include "options.hh"

namespace farmhand::check {

int show(const Options& options);  // the exit code

}  // namespace farmhand::check
