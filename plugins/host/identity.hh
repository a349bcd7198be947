// SPDX-License-Identifier: Apache-2.0
// Who the node is: a key that stays over reboots, and what it is made of.
#pragma once

#include <cstdint>
#include <string>

#include "source.hh"

namespace farmhand::node {

struct Identity {
  std::string key;
  std::string model;     // the server's, or else the processor's
  std::string firmware;  // of the board
  std::string kernel;
  std::string note;
  uint64_t memory_bytes = 0;
};

Identity identity_of(const Roots& roots, const std::string& machine_id_file);

}  // namespace farmhand::node
