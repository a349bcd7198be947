// SPDX-License-Identifier: Apache-2.0
#include "wire/text.hh"

#include <google/protobuf/stubs/logging.h>

namespace farmhand::wire {

namespace {

// Protobuf prints a line on stderr for each bad text it meets. The sender of garbage would fill our
// journal, and the decoder's error says it already.
const auto g_loud_handler = google::protobuf::SetLogHandler(nullptr);

bool is_tail(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80;
}

// The length of the well-formed sequence at the front (Unicode 15, table 3-7); 0: there is none.
size_t sequence_length(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  const auto second = text.size() > 1 ? static_cast<uint8_t>(text[1]) : uint8_t{0};
  if (first >= 0xc2 && first <= 0xdf) return is_tail(text, 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // surrogates
    return is_tail(text, 1) && is_tail(text, 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return is_tail(text, 1) && is_tail(text, 2) && is_tail(text, 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace farmhand::wire
