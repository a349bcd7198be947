// SPDX-License-Identifier: Apache-2.0
// The fh_host that the plugin is given: log, emit, cancelled, query.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "farmhand/abi.h"
#include "host/outbound.hh"

namespace farmhand::host {

class Services {
 public:
  explicit Services(Outbound& out) : out_(out) {}

  const fh_host* table();
  void log(int32_t level, std::string_view message);
  // A rule was broken: `enumerate emitted a device key twice`. Goes with the next answer.
  void complain(std::string_view sentence);
  void cancel_all() { cancelled_ = true; }

 private:
  bool may_log(uint32_t& dropped);

  Outbound& out_;
  fh_host table_{};
  std::atomic<bool> cancelled_{false};
  std::mutex log_mutex_;
  uint64_t tokens_at_ns_ = 0;  // when the first of the next lines may go
  uint32_t dropped_ = 0;
};

}  // namespace farmhand::host
