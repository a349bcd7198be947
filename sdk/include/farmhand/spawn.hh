// SPDX-License-Identifier: Apache-2.0
// Starting a process and ending it with all that it started: the ground that command.hh stands on.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "farmhand/sysfs.hh"

namespace farmhand::command {

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) fail(FH_E_INTERNAL, "no pipe: errno %d", errno);
  }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(int which) {
    if (ends[which] >= 0) close(ends[which]);
    ends[which] = -1;
  }
};

// Stops a process and all below it, then kills them: what is stopped cannot fork away meanwhile.
inline void kill_tree(pid_t pid) {
  kill(pid, SIGSTOP);
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task/";
  for (const std::string& task : names_in(tasks)) {
    const std::string children = read_text(tasks + task + "/children").text;
    for (std::string_view text = children; !text.empty();) {
      if (const auto child = integer_from<pid_t>(take_word(&text))) kill_tree(*child);
    }
  }
  kill(pid, SIGKILL);
}

// 0 and the path that `word` stands for, or why there is none. (posix_spawnp says so too, but not
// where fork and exec are emulated, as under valgrind: there a missing tool would seem to fail.)
inline int find_program(const std::string& word, std::string* path) {
  const char* variable = word.find('/') == std::string::npos ? getenv("PATH") : "";
  std::string_view folders = variable != nullptr ? variable : "/usr/bin:/bin";
  int error = ENOENT;
  for (bool more = true; more;) {
    const size_t colon = std::min(folders.find(':'), folders.size());
    *path = std::string(folders.substr(0, colon));
    *path += path->empty() ? word : "/" + word;
    if (access(path->c_str(), X_OK) == 0) return 0;
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    more = colon < folders.size();
    folders.remove_prefix(std::min(colon + 1, folders.size()));
  }
  return error;
}

inline int spawn(pid_t* pid, const std::vector<std::string>& words, const Pipe& out,
                 const Pipe& errors) {
  std::string path;
  const int absent = find_program(words.front(), &path);
  if (absent != 0) return absent;
  std::vector<char*> argv, envp;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  for (char** each = environ; *each != nullptr; ++each) {
    if (!std::string_view(*each).starts_with("LC_ALL=")) envp.push_back(*each);
  }
  envp.push_back(const_cast<char*>("LC_ALL=C"));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, errors.ends[1], 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // a vendor's library may leak its nodes
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  const int error = posix_spawn(pid, path.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Gives the exit code, or -1. A process in uninterruptible sleep cannot be killed; after a moment
// it is left to the end of the plugin host, because this call has a deadline.
inline int reap(pid_t pid) {
  int status = 0;
  for (int tries = 0; waitpid(pid, &status, WNOHANG) == 0; ++tries) {
    if (tries == 100) return -1;
    poll(nullptr, 0, 1);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace farmhand::command
