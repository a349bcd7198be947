// SPDX-License-Identifier: Apache-2.0
// The messages of a session, in both directions: what either end takes from the network.
#include "fuzz.hh"
#include "samples.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  Seeds all;
  for (const auto& message : sample_node_messages())
    all.push_back(wire::encode_node_message(message));
  for (const auto& message : sample_coordinator_messages())
    all.push_back(wire::encode_coordinator_message(message));
  return all;
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::require_stable(input, wire::encode_node_message, wire::decode_node_message);
  fuzz::require_stable(input, wire::encode_coordinator_message, wire::decode_coordinator_message);
  return 0;
}
