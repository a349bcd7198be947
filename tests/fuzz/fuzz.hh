// SPDX-License-Identifier: Apache-2.0
// What a fuzz target is: the seeds that its encoders make, and an entry function that takes any
// bytes. The function is libFuzzer's, so that a target can be linked with that instead of
// driver.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand::fuzz {

using Seeds = std::vector<std::string>;

Seeds seeds();  // the target's

// Says which promise was broken, and aborts.
void require(bool holds, const char* promise);

// A file without a name, mode 0600, that holds these bytes while it lives.
class BytesFile {
 public:
  explicit BytesFile(std::string_view bytes);
  ~BytesFile();
  BytesFile(const BytesFile&) = delete;
  BytesFile& operator=(const BytesFile&) = delete;
  std::string path() const;

 private:
  int fd_;
};

// What was decoded can be encoded, that can be decoded, and says the same again. Bytes are compared
// and not values, for a NaN equals nothing.
template <typename Encode, typename Decode>
void require_stable(std::string_view input, Encode encode, Decode decode) {
  auto decoded = decode(input);
  if (!decoded) return;
  const std::string once = encode(*decoded);
  auto again = decode(once);
  require(again.ok(), "what was encoded can be decoded");
  require(encode(*again) == once, "a second encoding says the same as the first");
}

}  // namespace farmhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
