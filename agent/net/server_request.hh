// SPDX-License-Identifier: Apache-2.0
// A request as libwebsockets holds it, and as we do. For this folder only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/server.hh"

struct lws;

namespace farmhand::net {

// Everything but the body.
Request request_from(lws* wsi, std::string_view path);

// What Content-Length says; nothing where the request has none.
std::optional<uint64_t> content_length_of(lws* wsi);

}  // namespace farmhand::net
