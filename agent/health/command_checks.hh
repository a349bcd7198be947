// SPDX-License-Identifier: Apache-2.0
// Runs the commands that check a node and its devices: when the schedule says, each for the node
// once or for every device its filter names, and tells what they found.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "config/check_file.hh"
#include "health/schedule.hh"
#include "loop/command.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "plugin/finding.hh"
#include "plugin/model.hh"

namespace farmhand {

class CommandChecks {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // `subject` empty: the node. `source` is `command <name>`.
    virtual void on_finding(const std::string& subject, const std::string& source,
                            const Finding& finding) = 0;
    // The check is no longer defined, for none of its subjects.
    virtual void on_source_gone(const std::string& source) = 0;
  };
  struct Counts {
    uint64_t started = 0;
    uint64_t not_started = 0;
    uint64_t timed_out = 0;
    uint64_t missed = 0;  // turns that found the last run not ended
    uint64_t cpu_ns = 0;  // of the commands
    uint32_t running = 0;
  };

  CommandChecks(Loop& loop, const Clock& clock, uint64_t seed, Listener& listener);
  ~CommandChecks();  // kills what runs

  // Checks that stay as they were are not disturbed; one that is gone or changed while it runs is
  // stopped, and what it still says is not told.
  void set(std::vector<CommandDefinition> definitions);
  void set_devices(const std::vector<DeviceInfo>& devices);
  Counts counts() const;

 private:
  struct Target {
    CommandDefinition definition;
    std::string subject;
    std::vector<std::string> env;
    bool operator==(const Target&) const = default;
  };
  struct Run {
    uint64_t serial = 0;
    std::unique_ptr<Command> command;
  };
  void arrange();
  void start_due();
  void start(const std::string& id);
  void on_end(const std::string& id, uint64_t serial, const Command::End& end);
  void retire(const std::string& id);
  void wait();

  Loop& loop_;
  const Clock& clock_;
  Listener& listener_;
  CheckSchedule schedule_;
  std::vector<CommandDefinition> definitions_;
  std::vector<DeviceInfo> devices_;
  std::map<std::string, Target, std::less<>> targets_;  // by check and subject
  std::map<std::string, Run, std::less<>> running_;
  std::map<uint64_t, std::unique_ptr<Command>> dying_;  // by serial; of checks that are gone
  uint64_t serial_ = 0;
  Counts counts_;
  Timer timer_;
};

}  // namespace farmhand
