// SPDX-License-Identifier: Apache-2.0
#include "cli/coordinator_client.hh"

#include <cstdlib>
#include <optional>

#include "cli/agent_client.hh"
#include "cli/secret.hh"
#include "config/fleet_config.hh"
#include "loop/loop.hh"
#include "loop/resolve.hh"
#include "net/http_client.hh"

namespace farmhand::cli {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string config_path() {
  const std::string base = environment("XDG_CONFIG_HOME");
  return (base.empty() ? environment("HOME") + "/.config" : base) + "/farmhand/fleet.toml";
}

void fill(std::string& wanted, const std::string& other) {
  if (wanted.empty()) wanted = other;
}

// Turns the loop until `ready`: the one request of this process.
template <typename T>
T waited_for(Loop& loop, const std::optional<T>& ready) {
  while (!ready && loop.run_once()) {
  }
  return ready ? *ready : T(Error{Errc::kInternal, "the loop ended without an answer"});
}

Result<std::string> resolved(Loop& loop, const std::string& host) {
  std::optional<Result<std::string>> found;
  const Resolve resolve(loop, host,
                        [&](Result<std::string> address) { found = std::move(address); });
  return waited_for(loop, found);
}

Result<net::HttpResponse> sent(Loop& loop, net::HttpRequest request) {
  auto address = resolved(loop, request.url.host);
  if (!address) return Error{Errc::kUnavailable, address.error().message};
  request.address = std::move(*address);
  auto context = net::Context::create(loop);
  if (!context) return context.error();
  std::optional<Result<net::HttpResponse>> response;
  auto client = net::HttpClient::send(
      **context, std::move(request),
      [&](Result<net::HttpResponse> answer) { response = std::move(answer); });
  if (!client) return client.error();
  return waited_for(loop, response);
}

// A coordinator we do not trust is as good as not there; a file of our own that cannot be read is
// another matter.
Error unreachable(const Coordinator& coordinator, const Error& error) {
  const std::string sentence =
      "cannot reach the coordinator at " + coordinator.url + ": " + error.message;
  switch (error.code) {
    case Errc::kUnavailable:
    case Errc::kTimeout:
      return {error.code, sentence + "; does it run there? --url names another one"};
    case Errc::kNotFound:
    case Errc::kInvalid:
      return error;
    default:
      return {Errc::kUnavailable, sentence};
  }
}

Result<Document> exchanged(const Coordinator& coordinator, net::HttpRequest request) {
  const auto url = net::parse_url(coordinator.url);
  if (!url) return url.error();
  const auto token = secret_from(coordinator.token_file);
  if (!token) return token.error().in("operator token");
  request.url = url->with_path(request.url.path);
  request.tls.ca_file = coordinator.ca;
  request.headers.emplace_back("authorization", "Bearer " + *token);
  request.body_bytes_max = size_t{64} << 20;
  Loop loop;
  const auto response = sent(loop, std::move(request));
  if (!response) return unreachable(coordinator, response.error());
  auto document = document_from(response->body, "the coordinator at " + coordinator.url);
  if (!document || response->status < 300) return document;
  return Error{Errc::kRefused, "the coordinator at " + coordinator.url + " answered with status " +
                                   std::to_string(response->status)};
}

}  // namespace

Result<Coordinator> completed(Coordinator given) {
  fill(given.url, environment("FARMHAND_FLEET_URL"));
  fill(given.ca, environment("FARMHAND_FLEET_CA"));
  fill(given.token_file, environment("FARMHAND_FLEET_TOKEN_FILE"));
  if (given.url.empty() || given.ca.empty() || given.token_file.empty()) {
    const auto config = load_fleet_config(config_path());
    if (!config && config.error().code != Errc::kNotFound) return config.error();
    const FleetConfig known = config ? *config : FleetConfig();
    fill(given.url, known.coordinator.url);
    fill(given.ca, known.coordinator.ca);
    fill(given.token_file, known.coordinator.token_file);
  }
  const char* missing = given.url.empty() ? "where is the coordinator? Give --url https://host:port"
                        : given.token_file.empty() ? "who asks? Give --token-file FILE"
                        : given.ca.empty()         ? "whom to trust? Give --ca FILE"
                                                   : nullptr;
  if (missing == nullptr) return given;
  return Error{Errc::kInvalid, std::string(missing) +
                                   ", set FARMHAND_FLEET_URL, FARMHAND_FLEET_CA and "
                                   "FARMHAND_FLEET_TOKEN_FILE, or write [coordinator] url, ca and "
                                   "token_file into " +
                                   config_path()};
}

Result<Document> get(const Coordinator& coordinator, const std::string& path, const Query& query) {
  net::HttpRequest request;
  request.url.path = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    request.url.path += separator + name + "=" + net::percent_encode(value);
    separator = '&';
  }
  return exchanged(coordinator, std::move(request));
}

Result<Document> post(const Coordinator& coordinator, const std::string& path, std::string body,
                      const std::string& content_type) {
  net::HttpRequest request;
  request.url.path = path;
  request.method = "POST";
  request.body = std::move(body);
  request.content_type = content_type;
  return exchanged(coordinator, std::move(request));
}

}  // namespace farmhand::cli
