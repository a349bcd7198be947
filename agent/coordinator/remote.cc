// SPDX-License-Identifier: Apache-2.0
#include "coordinator/remote.hh"

#include <optional>

#include "base/file.hh"
#include "coordinator/coordinator.hh"
#include "loop/resolve.hh"
#include "net/http_client.hh"
#include "sync/error_body.hh"

namespace farmhand::coordinator {
namespace {

std::string take_line(std::string& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string line = text.substr(0, end);
  text.erase(0, std::min(end + 1, text.size()));
  return line;
}

struct Call {
  Loop& loop;
  net::Context& net;
  net::HttpRequest request;
  std::optional<Result<net::HttpResponse>> response;
  std::unique_ptr<net::HttpClient> client;

  void finish(Result<net::HttpResponse> result) {
    response = std::move(result);
    loop.stop();
  }
  void send(Result<std::string> address) {
    if (!address) return finish(address.error());
    request.address = *address;
    auto sent = net::HttpClient::send(net, request, [this](auto r) { finish(std::move(r)); });
    if (!sent) return finish(sent.error());
    client = std::move(*sent);
  }
};

}  // namespace

Result<Remote> remote_of(const std::string& state_dir) {
  auto endpoint = read_file(endpoint_path(state_dir));
  if (!endpoint)
    return endpoint.error().in("no coordinator has run with state directory '" + state_dir + "'");
  auto token = read_file(admin_token_path(state_dir));
  if (!token) return token.error();
  Remote remote;
  remote.url = take_line(*endpoint);
  remote.ca_file = take_line(*endpoint);
  remote.token = take_line(*token);
  return remote;
}

Result<std::string> ask_remote(const Remote& remote, const std::string& method,
                               const std::string& path) {
  auto url = net::parse_url(remote.url);
  if (!url) return url.error();
  Loop loop;
  auto net = net::Context::create(loop);
  if (!net) return net.error();
  std::optional<Result<net::HttpResponse>> response;
  {
    Call call{loop, **net, {}, {}, {}};
    call.request.url = url->with_path(path);
    call.request.tls.ca_file = remote.ca_file;
    call.request.method = method;
    call.request.headers = {{"authorization", "Bearer " + remote.token}};
    Resolve resolve(loop, url->host, [&call](auto address) { call.send(std::move(address)); });
    while (!call.response && loop.run_once()) {
    }
    response = std::move(call.response);
  }
  if (!response) return Error{Errc::kInternal, "the request was not answered"};
  if (!*response) return response->error();
  if ((*response)->status != 200)
    return Error{Errc::kRefused, sentence_of((*response)->status, (*response)->body)};
  return std::move((*response)->body);
}

}  // namespace farmhand::coordinator
