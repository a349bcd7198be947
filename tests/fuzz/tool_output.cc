// SPDX-License-Identifier: Apache-2.0
// What vendors' tools print, as plugins read it through the SDK.
#include "farmhand/json.hh"
#include "fuzz.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  return {R"({"devices":[{"name":"npu0","temp":41.5e0,"ok":true,"x":null}],"v":"1\u00e9\n"})",
          "[[[[1,-2.5E-3,\"\\ud83d\\ude00\"]]]]", "\"a\"", "  {}  "};
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const JsonDocument document = JsonReader(input).read();
  if (document.ok()) return 0;
  fuzz::require(!document.problem.empty(), "what is no JSON has a sentence");
  return 0;
}
