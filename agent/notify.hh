// SPDX-License-Identifier: Apache-2.0
// What systemd is told: sd_notify(3) is one datagram to the socket named in the environment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farmhand {

class Notify {
 public:
  Notify();  // reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the
             // environment

  void ready() { send("READY=1"); }
  void reloading(uint64_t monotonic_us);
  void stopping() { send("STOPPING=1"); }
  void status(std::string_view sentence) { send("STATUS=" + std::string(sentence)); }
  void alive() { send("WATCHDOG=1"); }

  // How often systemd wants to hear `alive`, or 0: half of the limit, as its manual advises.
  uint64_t watchdog_ms() const { return watchdog_ms_; }

 private:
  void send(const std::string& message);

  std::string socket_;
  uint64_t watchdog_ms_ = 0;
};

}  // namespace farmhand
