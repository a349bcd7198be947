// SPDX-License-Identifier: Apache-2.0
// One HTTP request out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hh"
#include "net/context.hh"
#include "net/tls.hh"
#include "net/url.hh"

namespace farmhand::net {

struct HttpRequest {
  Url url;
  std::string address;  // the resolved one (loop/resolve); the certificate must name url.host
  ClientTls tls;
  std::string method = "GET";  // or POST
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type;  // with a body
  std::string body;
  uint64_t timeout_ms = 10000;              // for all of it
  size_t body_bytes_max = size_t{8} << 20;  // of the answer
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string body;
};

class HttpClient {
 public:
  using Done = std::function<void(Result<HttpResponse>)>;

  // `done` runs once, never before `send` has returned, and may destroy the HttpClient. Any status
  // is a response; an error means that there was none.
  static Result<std::unique_ptr<HttpClient>> send(Context& context, HttpRequest request, Done done);
  ~HttpClient();  // drops the request; `done` does not run

 private:
  class Connection;
  explicit HttpClient(std::shared_ptr<Connection> connection);

  std::shared_ptr<Connection> connection_;
};

}  // namespace farmhand::net
