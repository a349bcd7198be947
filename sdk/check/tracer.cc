// SPDX-License-Identifier: Apache-2.0
#include "tracer.hh"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace farmhand::check {

namespace {

// A vforked child is not followed: it shares the memory and can only exec or leave.
constexpr long kOptions = PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                          PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;

long resume(int request, pid_t tid, long signal) {
  return ptrace(static_cast<__ptrace_request>(request), tid, nullptr, signal);
}

// And not one thread of several.
bool is_process(pid_t tid) {
  std::ifstream status("/proc/" + std::to_string(tid) + "/status");
  for (std::string word; status >> word;) {
    if (word != "Tgid:") continue;
    pid_t group = 0;
    status >> group;
    return group == tid;
  }
  return false;
}

}  // namespace

Tracer::Tracer(pid_t pid) : root_(pid) {
  attached_ = pid != 0 && ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) == 0;
}

bool Tracer::wait(pid_t pid, int& status) {
  for (;;) {
    const pid_t tid = waitpid(attached_ ? -1 : pid, &status, WNOHANG | (attached_ ? __WALL : 0));
    if (tid == 0 || (tid < 0 && errno == EINTR)) return false;
    if (tid < 0) return true;
    if (tid == pid && (WIFEXITED(status) || WIFSIGNALED(status))) return true;
    if (WIFSTOPPED(status)) on_stop(tid, status);
  }
}

void Tracer::on_stop(pid_t tid, int status) {
  const int event = status >> 16;
  const int signal = WSTOPSIG(status);
  // The child's first stop may come before its parent's report of it.
  if (event == PTRACE_EVENT_STOP && tid != root_ && is_process(tid)) forked_.emplace(tid, false);
  const auto child = forked_.find(tid);
  const bool watched = child != forked_.end() && !child->second;
  const int go_on = watched ? PTRACE_SYSCALL : PTRACE_CONT;
  if (event == PTRACE_EVENT_STOP) {
    const bool group_stop =
        signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    resume(group_stop ? PTRACE_LISTEN : go_on, tid, 0);
  } else if (event != 0) {
    on_event(tid, event);
    resume(go_on, tid, 0);
  } else if (signal == (SIGTRAP | 0x80)) {
    if (watched && asked_for_exec(tid)) child->second = true;
    resume(watched && !child->second ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0);
  } else {
    resume(go_on, tid, signal);
  }
}

void Tracer::on_event(pid_t tid, int event) {
  unsigned long child = 0;
  if (event != PTRACE_EVENT_FORK) return;
  if (ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &child) == 0) {
    forked_.emplace(static_cast<pid_t>(child), false);
  }
}

// An exec that fails counts too: the tool is just not installed.
bool Tracer::asked_for_exec(pid_t tid) const {
  __ptrace_syscall_info info{};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) return false;
  return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
         (info.entry.nr == SYS_execve || info.entry.nr == SYS_execveat);
}

bool Tracer::forked_without_exec() const {
  return std::any_of(forked_.begin(), forked_.end(), [](const auto& each) { return !each.second; });
}

}  // namespace farmhand::check
