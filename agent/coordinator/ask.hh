// SPDX-License-Identifier: Apache-2.0
// The way from the loop to the store and back: work runs on the store thread, what it returns comes
// back to the loop. Nothing comes back once the Ask is gone.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "coordinator/store.hh"
#include "store/thread.hh"

namespace farmhand::coordinator {

class Ask {
 public:
  Ask(StoreThread& thread, Store& store) : thread_(thread), store_(store) {}

  template <typename Work, typename Then>
  void operator()(Work work, Then then) {
    using Out = decltype(work(std::declval<Store&>()));
    auto out = std::make_shared<std::optional<Out>>();
    thread_.submit(
        [out, store = &store_, work = std::move(work)]() mutable { *out = work(*store); },
        [out, alive = std::weak_ptr<int>(alive_), then = std::move(then)]() mutable {
          if (alive.lock()) then(std::move(**out));
        });
    // A job of its own, so that the answer does not wait for a checkpoint.
    thread_.submit([store = &store_] { store->tidy(); });
  }

 private:
  StoreThread& thread_;
  Store& store_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace farmhand::coordinator
