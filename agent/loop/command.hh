// SPDX-License-Identifier: Apache-2.0
// A foreign command: it gets nothing of ours, and nothing of it stays. It runs in a session of its
// own with `/` as its directory, the environment given and no descriptor but 0, 1 and 2; what it
// writes is caught up to a limit; when it ends, or its time is over, its whole group is killed.
// What left the group by a session of its own (a daemon) is out of reach and lives on.
//
// Not by uv_spawn: libuv 1.44 forks, and a fork copies the page tables of the agent while the loop
// stands still. Here the child borrows our memory until it execs, as with vfork.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"
#include "loop/loop.hh"
#include "loop/stream.hh"
#include "loop/timer.hh"
#include "loop/wakeup.hh"

namespace farmhand {

class Command {
 public:
  struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    bool operator==(const User&) const = default;
  };
  struct Spec {
    std::vector<std::string> argv;  // argv[0] is the path
    std::vector<std::string> env;   // `NAME=value`; these and no others
    std::string input;              // on its standard input, up to 60 kB; empty: /dev/null
    size_t output_max = 64 * 1024;  // what it writes beyond this is read and thrown away
    uint64_t timeout_ms = 10'000;
    uint64_t grace_ms = 1'000;  // from SIGTERM to SIGKILL
    int nice = 10;
    std::optional<User> user;  // nothing: as we are
  };
  struct End {
    int status = 0;  // exit code, when signal is 0
    int signal = 0;
    bool timed_out = false;
    bool stopped = false;  // on request
    bool parked = false;   // not ended: SIGKILL does not reach it
    bool cut = false;      // there was more output
    std::string output;
    std::string errors;  // the first of what it wrote to its standard error
    uint64_t cpu_ns = 0;
  };

  // `on_end` runs once, never before `start` returns, and may destroy the Command; before that once
  // with `parked` set where the process hangs in the kernel and cannot be killed.
  static Result<std::unique_ptr<Command>> start(Loop& loop, const Spec& spec,
                                                std::function<void(End)> on_end);
  ~Command();  // kills the group; `on_end` does not run

  void stop();  // its time is over now
  pid_t pid() const { return pid_; }

 private:
  static constexpr size_t kErrorsMax = 1024;

  Command(Loop& loop, const Spec& spec, std::function<void(End)> on_end);
  Result<void> spawn(const Spec& spec);
  void catch_output(Fd out, Fd err);
  void terminate();
  void slay();
  void on_child_signal();
  void on_stream_end();
  void finish();

  Loop& loop_;
  std::function<void(End)> on_end_;
  size_t output_max_;
  uint64_t grace_ms_;
  End end_;
  pid_t pid_ = -1;  // -1: reaped
  int streams_open_ = 0;
  bool over_ = false;
  std::optional<Stream> output_;
  std::optional<Stream> errors_;
  Timer timer_;
  SignalWatch children_;
};

}  // namespace farmhand
