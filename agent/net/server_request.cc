// SPDX-License-Identifier: Apache-2.0
#include "net/server_request.hh"

#include <libwebsockets.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/headers.hh"
#include "net/tls.hh"

namespace farmhand::net {

namespace {

std::vector<std::pair<std::string, std::string>> query_of(lws* wsi) {
  std::vector<std::pair<std::string, std::string>> query;
  std::array<char, 1024> part;
  for (int i = 0;; ++i) {
    const int size = lws_hdr_copy_fragment(wsi, part.data(), static_cast<int>(part.size()),
                                           WSI_TOKEN_HTTP_URI_ARGS, i);
    if (size < 0) return query;
    const std::string_view text(part.data(), static_cast<size_t>(size));
    const size_t equals = std::min(text.find('='), text.size());
    query.emplace_back(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
}

std::string bearer_of(lws* wsi) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string header = header_of(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
  return header.starts_with(kBearer) ? header.substr(kBearer.size()) : "";
}

// Only a certificate that OpenSSL verified says who somebody is.
std::string verified_uri_of(lws* wsi) {
  if (lws_is_ssl(wsi) == 0) return {};
  lws_tls_cert_info_results info{};
  const int failed = lws_tls_peer_cert_info(wsi, LWS_TLS_CERT_INFO_VERIFIED, &info, 0);
  if (failed != 0 || info.verified != 1) return {};
  return farmhand_uri_of_peer(lws_get_ssl(wsi));
}

}  // namespace

Request request_from(lws* wsi, std::string_view path) {
  return {.method = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 ? "POST" : "GET",
          .path = std::string(path),
          .query = query_of(wsi),
          .bearer = bearer_of(wsi),
          .peer_uri = verified_uri_of(wsi),
          .accept = header_of(wsi, WSI_TOKEN_HTTP_ACCEPT),
          .content_type = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE),
          .body = {}};
}

std::optional<uint64_t> content_length_of(lws* wsi) {
  const std::string text = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

std::optional<std::string> Request::find_query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace farmhand::net
