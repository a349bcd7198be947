// SPDX-License-Identifier: Apache-2.0
// Hosts that were killed and whose end is awaited. One that the kernel does not let go of, because
// a call of it sleeps uninterruptibly, is parked: counted and shown, and nobody waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "plugin/host_process.hh"

namespace farmhand {

class Graves {
 public:
  // `on_change` runs when a host was parked or is gone.
  Graves(Loop& loop, const Clock& clock, uint64_t kill_ms, std::function<void()> on_change);

  void bury(std::unique_ptr<HostProcess> host);

  uint32_t parked() const;
  bool all_parked() const { return parked() == graves_.size(); }

 private:
  struct Grave {
    std::unique_ptr<HostProcess> host;
    uint64_t killed_ns;
    bool parked = false;
  };
  void on_gone(const HostProcess* host);
  void park();

  const Clock& clock_;
  const uint64_t kill_ms_;
  std::function<void()> on_change_;
  std::vector<Grave> graves_;
  Timer timer_;
};

}  // namespace farmhand
