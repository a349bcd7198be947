// SPDX-License-Identifier: Apache-2.0
#include "sync/error_body.hh"

namespace farmhand {

// Not a JSON parser: it finds the one member that our own coordinator writes, and undoes the
// escapes that a sentence can hold.
std::string sentence_of(int status, std::string_view body) {
  constexpr std::string_view kMarker = "\"message\":\"";
  const size_t at = body.find(kMarker);
  if (at == std::string_view::npos)
    return "the coordinator answered with HTTP status " + std::to_string(status);
  std::string text;
  for (const char* c = body.data() + at + kMarker.size(); c != body.data() + body.size(); ++c) {
    if (*c == '"') break;
    if (*c == '\\' && c + 1 != body.data() + body.size()) ++c;
    text += *c;
  }
  return text;
}

}  // namespace farmhand
