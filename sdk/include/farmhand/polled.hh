// SPDX-License-Identifier: Apache-2.0
// One look that serves all devices: a vendor's tool shows every card in one run, while the host
// samples the cards one by one and at once.
//
//   farmhand::Polled<Report> polled;
//   const auto seen = polled.get(kEveryNs, [&] { return run_the_tool(call); });
//   if (seen) use(seen->value, seen->boottime_ns);
#pragma once

#include <memory>
#include <mutex>

#include "farmhand/call.hh"

namespace farmhand {

template <class Value>
class Polled {
 public:
  struct Seen {
    Value value;
    uint64_t boottime_ns;  // when the look began: the value is no newer
  };

  // The last look, or a new one where that is older. While another call is looking: the last one,
  // whatever its age, or null if there is none yet; nobody waits for another's tool.
  template <class Read>
  std::shared_ptr<const Seen> get(uint64_t every_ns, Read read) {
    const auto fresh = [&](const auto& seen) {
      return seen && boottime_ns() - seen->boottime_ns < every_ns;
    };
    if (auto seen = last(); fresh(seen)) return seen;
    const std::unique_lock looking(looking_, std::try_to_lock);
    if (!looking.owns_lock()) return last();
    if (auto seen = last(); fresh(seen)) return seen;
    const uint64_t began_ns = boottime_ns();
    auto seen = std::make_shared<const Seen>(Seen{read(), began_ns});
    const std::lock_guard lock(guard_);
    return last_ = std::move(seen);
  }

 private:
  std::shared_ptr<const Seen> last() {
    const std::lock_guard lock(guard_);
    return last_;
  }

  std::mutex looking_;
  std::mutex guard_;  // of last_
  std::shared_ptr<const Seen> last_;
};

}  // namespace farmhand
