// SPDX-License-Identifier: Apache-2.0
// The plugin host's first thread: reads what the agent asks and hands it to the workers. It never
// calls the plugin, so that the agent is heard whatever the plugin does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/crew.hh"
#include "host/instance.hh"
#include "host/outbound.hh"
#include "plugin/call_page.hh"

namespace farmhand::host {

class Host {
 public:
  Host(int channel_fd, int library_fd, CallPage& page)
      : channel_fd_(channel_fd), library_fd_(library_fd), page_(page), out_(channel_fd) {}

  // Until the agent is gone; then this process and its children end.
  [[noreturn]] void run();

 private:
  void wait();
  void read();
  void take_frames();
  bool on_frame(frame::Type type, std::string_view content);
  bool on_hello(std::string_view content);
  bool on_call(frame::Operation operation, std::string_view content);
  bool on_sample(std::string_view content);
  bool on_stop();

  const int channel_fd_;
  const int library_fd_;
  CallPage& page_;
  Outbound out_;
  std::optional<Instance> instance_;
  std::optional<Crew> crew_;
  std::string in_;
  int pause_ms_ = -1;  // until the crew is looked after; -1: it is idle
};

}  // namespace farmhand::host
