// SPDX-License-Identifier: Apache-2.0
// Records of every lane, with the columns of telemetry: what the coordinator finds in a segment.
#include "fuzz.hh"
#include "samples.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  Seeds all;
  for (const auto& record : sample_records()) all.push_back(wire::encode_record(record));
  return all;
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  fuzz::require_stable({reinterpret_cast<const char*>(data), size}, wire::encode_record,
                       wire::decode_record);
  return 0;
}
