// SPDX-License-Identifier: Apache-2.0
#include "loop/resolve.hh"

#include <array>
#include <utility>

namespace farmhand {

struct Resolve::Request {
  uv_getaddrinfo_t uv;
  std::function<void(Result<std::string>)> done;
  std::shared_ptr<Request> self;  // held while libuv may call back
};

namespace {

std::string text_of(const addrinfo& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ai_family == AF_INET6) {
    uv_ip6_name(reinterpret_cast<sockaddr_in6*>(address.ai_addr), text.data(), text.size());
  } else {
    uv_ip4_name(reinterpret_cast<sockaddr_in*>(address.ai_addr), text.data(), text.size());
  }
  return text.data();
}

}  // namespace

Resolve::Resolve(Loop& loop, const std::string& host, std::function<void(Result<std::string>)> done)
    : request_(std::make_shared<Request>()) {
  request_->done = std::move(done);
  request_->uv.data = request_.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const auto finish = [](uv_getaddrinfo_t* uv, int status, addrinfo* found) {
    const auto request = std::move(static_cast<Request*>(uv->data)->self);
    const auto done = std::move(request->done);
    if (done && status == 0) done(text_of(*found));
    if (done && status != 0) {
      done(Error{Errc::kUnavailable, std::string("resolve the name: ") + uv_strerror(status)});
    }
    uv_freeaddrinfo(found);
  };
  request_->self = request_;
  const int status =
      uv_getaddrinfo(&loop.uv(), &request_->uv, finish, host.c_str(), nullptr, &hints);
  if (status != 0) finish(&request_->uv, status, nullptr);
}

Resolve::~Resolve() {
  request_->done = nullptr;
  if (request_->self) uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));
}

}  // namespace farmhand
