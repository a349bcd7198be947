// SPDX-License-Identifier: Apache-2.0
// A child process: started with exactly the descriptors named, its end reported once.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hh"
#include "loop/handle.hh"
#include "loop/loop.hh"

namespace farmhand {

class Child {
 public:
  struct Spec {
    std::vector<std::string> argv;  // argv[0] is the path
    std::vector<std::string> env;   // `NAME=value`; the child gets these and no others
    std::vector<int> fds;           // ours, becoming 0, 1, 2, … there; -1: /dev/null
    std::optional<uid_t> uid;       // changed to before exec; gid must be given too
    std::optional<gid_t> gid;
  };

  struct Exit {
    int64_t status;  // exit code, when signal is 0
    int signal;
  };

  // `on_exit` runs once, never before start returns; not after the Child is destroyed. Destroying
  // it leaves the process alone.
  static Result<Child> start(Loop& loop, const Spec& spec, std::function<void(Exit)> on_exit);

  pid_t pid() const;
  void kill(int signum);  // nothing once the process has ended

 private:
  struct Body {
    uv_process_t uv;
    std::function<void(Exit)> on_exit;
    bool running = false;
  };
  explicit Child(Handle<Body> body) : body_(std::move(body)) {}

  Handle<Body> body_;
};

}  // namespace farmhand
