// SPDX-License-Identifier: Apache-2.0
// Follows a process and what it forks, to tell a child that calls exec from one that goes on
// running the plugin's code.
#pragma once

#include <sys/types.h>

#include <map>

namespace farmhand::check {

class Tracer {
 public:
  explicit Tracer(pid_t pid);  // 0: traces nothing, only waits
  bool attached() const { return attached_; }

  // Handles what happened since; true once `pid` has ended.
  bool wait(pid_t pid, int& status);

  bool forked_without_exec() const;

 private:
  void on_stop(pid_t tid, int status);
  void on_event(pid_t tid, int event);
  bool asked_for_exec(pid_t tid) const;

  pid_t root_;
  bool attached_ = false;
  std::map<pid_t, bool> forked_;  // child: it called exec
};

}  // namespace farmhand::check
