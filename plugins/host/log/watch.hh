// SPDX-License-Identifier: Apache-2.0
// The node's events: what the kernel's log says of faults.
#pragma once

#include <farmhand/events.hh>
#include <memory>

#include "log/log_source.hh"
#include "log/storm.hh"
#include "source.hh"

namespace farmhand::node {

// Used by one call at a time, beside all other calls.
class LogWatch {
 public:
  // `log` is /dev/kmsg or a file that stands in for it; `journal`: the journal is asked; empty:
  // there is no log to watch. Where /dev/kmsg may not be read the journal is asked too, by
  // `journalctl`, unless that is empty.
  LogWatch(const Roots& roots, std::string log, std::string journalctl)
      : devices_(roots.sys + "/bus/pci/devices/"),
        log_(std::move(log)),
        journalctl_(std::move(journalctl)) {}

  // Emits the events that come, or ends the call at its deadline or when cancelled.
  void wait(Call& call, uint32_t node);
  void end() { source_.reset(); }

 private:
  void open();
  void open_journal();
  bool look_at(Call& call, uint32_t node, LogRecord record);
  const LogPattern* meaning_of(const LogRecord& record) const;

  std::string devices_;
  std::string log_, journalctl_;
  std::unique_ptr<LogSource> source_;  // open, or none
  Storm storm_;
};

}  // namespace farmhand::node
