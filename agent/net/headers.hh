// SPDX-License-Identifier: Apache-2.0
// HTTP headers in libwebsockets' hands. For this folder only.
#pragma once

#include <string>
#include <string_view>

struct lws;

namespace farmhand::net {

// `token` is a lws_token_indexes; empty where the other side sent none.
std::string header_of(lws* wsi, int token);

// Writes a header at `*at`; false when there is no room before `end`.
bool add_header(lws* wsi, std::string_view name, std::string_view value, unsigned char** at,
                unsigned char* end);

}  // namespace farmhand::net
