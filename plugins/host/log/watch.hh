// SPDX-License-Identifier: Apache-2.0
// The node's events: what the kernel's log says of faults.
#pragma once

#include <farmhand/events.hh>

#include "log/kernel_log.hh"
#include "log/storm.hh"
#include "source.hh"

namespace farmhand::node {

// Used by one call at a time, beside all other calls.
class LogWatch {
 public:
  // `path` is /dev/kmsg or a file that stands in for it; empty: there is no log to watch.
  LogWatch(const Roots& roots, std::string path)
      : devices_(roots.sys + "/bus/pci/devices/"), path_(path), log_(std::move(path)) {}

  // Emits the events that come, or ends the call at its deadline or when cancelled.
  void wait(Call& call, uint32_t node);
  void end() { log_.close(); }

 private:
  void open();
  bool look_at(Call& call, uint32_t node, LogRecord record);
  const LogPattern* meaning_of(const LogRecord& record) const;

  std::string devices_;
  std::string path_;
  KernelLog log_;
  Storm storm_;
};

}  // namespace farmhand::node
