// SPDX-License-Identifier: Apache-2.0
// Host name to address, on libuv's own pool: the only work it ever does for us.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hh"
#include "loop/loop.hh"

namespace farmhand {

// One look-up. Destroying it drops the answer. `done` gets the first address as text.
class Resolve {
 public:
  Resolve(Loop& loop, const std::string& host, std::function<void(Result<std::string>)> done);
  ~Resolve();
  Resolve(const Resolve&) = delete;
  Resolve& operator=(const Resolve&) = delete;

 private:
  struct Request;
  std::shared_ptr<Request> request_;  // shared with libuv until the pool is done with it
};

}  // namespace farmhand
