// SPDX-License-Identifier: Apache-2.0
#include "loop/child.hh"

#include <utility>

namespace farmhand {

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

uv_stdio_container_t stdio_for(int fd) {
  uv_stdio_container_t stdio{};
  stdio.flags = fd < 0 ? UV_IGNORE : UV_INHERIT_FD;
  stdio.data.fd = fd;
  return stdio;
}

}  // namespace

Result<Child> Child::start(Loop& loop, const Spec& spec, std::function<void(Exit)> on_exit) {
  std::vector<char*> argv = pointers_to(spec.argv);
  std::vector<char*> env = pointers_to(spec.env);
  std::vector<uv_stdio_container_t> stdio;
  for (const int fd : spec.fds) stdio.push_back(stdio_for(fd));

  uv_process_options_t options{};
  options.file = argv[0];
  options.args = argv.data();
  options.env = env.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  if (spec.uid && spec.gid) {
    options.flags = UV_PROCESS_SETUID | UV_PROCESS_SETGID;
    options.uid = *spec.uid;
    options.gid = *spec.gid;
  }
  options.exit_cb = [](uv_process_t* process, int64_t status, int signal) {
    auto* body = static_cast<Body*>(process->data);
    body->running = false;
    const auto on_exit = std::move(body->on_exit);
    if (on_exit) on_exit({.status = status, .signal = signal});
  };

  Handle<Body> body(new Body{.uv = {}, .on_exit = std::move(on_exit)});
  body->uv.data = body.get();
  const int status = uv_spawn(&loop.uv(), &body->uv, &options);
  if (status != 0) return error_from_errno("start '" + spec.argv[0] + "'", -status);
  body->running = true;
  return Child(std::move(body));
}

pid_t Child::pid() const {
  return body_->uv.pid;
}

void Child::kill(int signum) {
  if (body_->running) uv_process_kill(&body_->uv, signum);
}

}  // namespace farmhand
