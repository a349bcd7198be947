// SPDX-License-Identifier: Apache-2.0
// Every name has an address, a moment later: in the place of loop/resolve.cc.
#include "loop/resolve.hh"

#include "virtual_loop.hh"

namespace farmhand {

struct Resolve::Request {
  std::function<void(Result<std::string>)> done;
};

Resolve::Resolve(Loop& loop, const std::string&, std::function<void(Result<std::string>)> done)
    : request_(std::make_shared<Request>(Request{std::move(done)})) {
  simulation::after_ns(loop, simulation::kMillisecond, [weak = std::weak_ptr(request_)] {
    const auto request = weak.lock();
    if (request && request->done) request->done(std::string("192.0.2.1"));
  });
}

Resolve::~Resolve() {
  request_->done = nullptr;
}

}  // namespace farmhand
