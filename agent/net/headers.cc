// SPDX-License-Identifier: Apache-2.0
#include "net/headers.hh"

#include <libwebsockets.h>

#include <algorithm>

namespace farmhand::net {

std::string header_of(lws* wsi, int token) {
  const auto index = static_cast<lws_token_indexes>(token);
  std::string value(static_cast<size_t>(lws_hdr_total_length(wsi, index)) + 1, '\0');
  const int size = lws_hdr_copy(wsi, value.data(), static_cast<int>(value.size()), index);
  value.resize(static_cast<size_t>(std::max(size, 0)));
  return value;
}

bool add_header(lws* wsi, std::string_view name, std::string_view value, unsigned char** at,
                unsigned char* end) {
  const std::string token = std::string(name) + ":";  // for libwebsockets the colon belongs to it
  return lws_add_http_header_by_name(wsi, reinterpret_cast<const unsigned char*>(token.c_str()),
                                     reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()), at, end) == 0;
}

}  // namespace farmhand::net
