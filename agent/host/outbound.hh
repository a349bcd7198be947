// SPDX-License-Identifier: Apache-2.0
// Frames on their way to the agent. Any thread adds; whoever finishes a batch sends it with one
// write.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "plugin/frame_bytes.hh"

namespace farmhand::host {

using frame::append_string;
using frame::bytes_of;

class Outbound {
 public:
  explicit Outbound(int fd) : fd_(fd) {}

  // `head` and `body` become one frame's content.
  void add(frame::Type type, std::string_view head, std::string_view body = {});
  void flush();

 private:
  const int fd_;
  std::mutex mutex_;
  std::string bytes_;
};

}  // namespace farmhand::host
