// SPDX-License-Identifier: Apache-2.0
// A vendor's tool, run from a [worker] or [long] call:
//
//   const farmhand::CommandResult done = farmhand::run_command(call, {"acme-smi", "-j"});
//   if (!done.ok()) fail(done.status, "%s", done.sentence.c_str());
//
// FH_E_UNSUPPORTED is a tool that is not installed: not detectable, which is not "no cards".
//
// No shell: the arguments reach the tool as they are. It gets no input, LC_ALL=C, no descriptor of
// ours, and is ended together with what it started when the call's time is over or the host
// cancels. It stays in the plugin host's process group, with which it dies should the agent kill
// the host in the middle of a call; a group of its own would survive that.
#pragma once

#include "farmhand/spawn.hh"

namespace farmhand {

struct CommandLimits {
  uint64_t time_ns = 5'000'000'000;     // or what the call has left, whichever is less
  uint64_t spare_ns = 20'000'000;       // of the call's time, for what follows
  size_t output_max = 4 * 1024 * 1024;  // more is an error: half a document is none
};

struct CommandResult {
  // FH_OK: it ran and ended by itself, whatever its exit code. FH_E_UNSUPPORTED: there is no such
  // tool. FH_E_PERMISSION, FH_E_TIMEOUT, FH_E_CANCELLED, FH_E_INTERNAL.
  int32_t status = FH_E_INTERNAL;
  int exit_code = -1;  // -1: ended by a signal
  std::string output;
  std::string errors;    // the beginning of stderr
  std::string sentence;  // what went wrong, an exit code included; empty if nothing

  bool ok() const { return status == FH_OK && exit_code == 0; }
};

namespace command {

inline constexpr size_t kErrorsMax = 4096;

// Takes what is there, keeps `most` of it, and closes its end when there will be no more.
inline void drain(Pipe* pipe, std::string* into, size_t most) {
  char chunk[16 * 1024];
  // A pipe's worth at a time: whoever writes without end must not keep us from the clock.
  for (int count = 0; count < 4 && pipe->ends[0] >= 0; ++count) {
    const ssize_t got = read(pipe->ends[0], chunk, sizeof chunk);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return pipe->close_end(0);
    into->append(chunk, std::min(static_cast<size_t>(got), most - into->size()));
  }
}

// Waits for the end of the process, or of its time. What it leaves behind holding the pipes is not
// waited for.
inline int32_t watch(const Call& call, uint64_t until_ns, pid_t pid, size_t output_max, Pipe* out,
                     Pipe* errors, CommandResult* result) {
  for (bool over = false;;) {
    siginfo_t ended{};
    over = over ||
           waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           ended.si_pid == pid;
    drain(out, &result->output, output_max + 1);
    drain(errors, &result->errors, kErrorsMax);
    if (result->output.size() > output_max) return FH_E_INTERNAL;
    if (over) return FH_OK;
    if (call.cancelled()) return FH_E_CANCELLED;
    if (boottime_ns() >= until_ns) return FH_E_TIMEOUT;
    pollfd ends[] = {{out->ends[0], POLLIN, 0}, {errors->ends[0], POLLIN, 0}};
    poll(ends, 2, ends[0].fd < 0 && ends[1].fd < 0 ? 1 : 20);
  }
}

inline std::string sentence_for(const CommandResult& result, const std::string& tool) {
  const std::string name = "'" + tool + "'";
  if (result.status == FH_E_TIMEOUT) return name + " did not end in its time and was killed";
  if (result.status == FH_E_CANCELLED) return "cancelled by the host while " + name + " ran";
  if (result.status != FH_OK) return name + " printed more than it may and was killed";
  if (result.exit_code == 0) return {};
  std::string_view errors = result.errors;
  const std::string said(trimmed(take_line(&errors)));
  const std::string how = result.exit_code < 0
                              ? " was ended by a signal"
                              : " failed with code " + std::to_string(result.exit_code);
  return clean(name + how + (said.empty() ? "" : ": " + said));
}

}  // namespace command

inline CommandResult run_command(const Call& call, const std::vector<std::string>& words,
                                 const CommandLimits& limits = {}) {
  CommandResult result;
  const uint64_t left = call.remaining_ns();
  const uint64_t usable = left > limits.spare_ns ? left - limits.spare_ns : 0;
  const uint64_t until_ns = boottime_ns() + std::min(limits.time_ns, usable);
  command::Pipe out, errors;
  pid_t pid = 0;
  const int error = command::spawn(&pid, words, out, errors);
  if (error != 0) {
    const bool absent = error == ENOENT || error == ENOTDIR;
    result.status = absent                              ? FH_E_UNSUPPORTED
                    : error == EACCES || error == EPERM ? FH_E_PERMISSION
                                                        : FH_E_INTERNAL;
    result.sentence =
        "'" + words.front() + "' " +
        (absent ? "is not installed" : "cannot be started: errno " + std::to_string(error));
    return result;
  }
  for (command::Pipe* pipe : {&out, &errors}) {
    pipe->close_end(1);
    fcntl(pipe->ends[0], F_SETFL, O_NONBLOCK);
  }
  result.status = command::watch(call, until_ns, pid, limits.output_max, &out, &errors, &result);
  command::kill_tree(pid);
  result.exit_code = command::reap(pid);
  result.sentence = command::sentence_for(result, words.front());
  return result;
}

}  // namespace farmhand
