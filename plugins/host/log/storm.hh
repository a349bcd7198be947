// SPDX-License-Identifier: Apache-2.0
// Of a storm of equal messages the first is told at once, and then once a minute how many there
// were. (Not every n-th: a flapping link would drown everything else of the node.)
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "log/patterns.hh"

namespace farmhand::node {

struct LogEvent {
  const LogPattern* pattern;
  std::string text;  // the message; of a storm its last one
  std::string subject, pci;
  uint64_t count = 1;  // of equal ones, this one included
};

class Storm {
 public:
  // True: tell it now. Otherwise it is counted, and comes with `take_due`.
  bool is_first(const LogEvent& event, uint64_t now_ns);

  // What was held back and is to be told now.
  std::vector<LogEvent> take_due(uint64_t now_ns);

 private:
  struct Held {
    LogEvent event;
    uint64_t since_ns;
  };
  using Key = std::pair<const LogPattern*, std::string>;

  std::map<Key, Held> held_;
};

}  // namespace farmhand::node
