// SPDX-License-Identifier: Apache-2.0
#include "footprint.hh"

#include <dirent.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace farmhand::check {

namespace {

std::string status_line(const char* key) {
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return line.substr(line.find(':') + 1);
  }
  return {};
}

std::vector<std::string> names_in(const char* folder) {
  std::vector<std::string> names;
  DIR* const open = opendir(folder);
  while (const dirent* const entry = open == nullptr ? nullptr : readdir(open)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  if (open != nullptr) closedir(open);
  return names;
}

std::string link_of(const std::string& path) {
  char target[512];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<size_t>(length));
}

}  // namespace

std::map<int, std::string> open_files() {
  std::map<int, std::string> files;
  for (const std::string& name : names_in("/proc/self/fd")) {
    const std::string target = link_of("/proc/self/fd/" + name);
    if (target.starts_with("/proc/") && target.ends_with("/fd")) continue;  // our own look
    struct stat info {};
    if (fstat(atoi(name.c_str()), &info) != 0) continue;
    files[atoi(name.c_str())] = target;
  }
  return files;
}

Footprint take_footprint() {
  Footprint print;
  for (char** each = environ; *each != nullptr; ++each) print.environment.emplace_back(*each);
  std::sort(print.environment.begin(), print.environment.end());
  print.locale = setlocale(LC_ALL, nullptr);
  print.folder = link_of("/proc/self/cwd");
  print.umask = status_line("Umask:");
  print.blocked_signals = status_line("SigBlk:");
  for (int signal = 1; signal <= 64; ++signal) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0) {
      print.handlers[signal] = reinterpret_cast<void*>(action.sa_handler);
    }
  }
  print.files = open_files();
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_MEMLOCK, RLIMIT_STACK}) {
    rlimit limit{};
    getrlimit(resource, &limit);
    print.limits.push_back(static_cast<int>(limit.rlim_cur));
  }
  return print;
}

void compare(const Footprint& before, const Footprint& after, const char* when, bool all_closed,
             Findings& findings) {
  const auto tell = [&](const char* what) { FH_FIND(findings, "%s %s", when, what); };
  if (before.environment != after.environment) {
    tell("changed the environment: pass options to the vendor's library another way");
  }
  if (before.locale != after.locale) tell("changed the locale: use uselocale or from_chars");
  if (before.folder != after.folder) tell("changed the working directory: use openat");
  if (before.umask != after.umask) tell("changed the umask: use fchmod on what you make");
  if (before.blocked_signals != after.blocked_signals) tell("changed the thread's signal mask");
  if (before.limits != after.limits) tell("changed a resource limit of the process");
  for (const auto& [signal, handler] : before.handlers) {
    if (after.handlers.at(signal) == handler) continue;
    FH_FIND(findings, "%s changed the handler of signal %d (%s): handlers are the host's", when,
            signal, strsignal(signal));
  }
  for (const auto& [fd, target] : before.files) {
    const auto found = after.files.find(fd);
    if (found == after.files.end()) {
      FH_FIND(findings, "%s closed descriptor %d (%s), which it had not opened", when, fd,
              target.c_str());
    } else if (found->second != target) {
      FH_FIND(findings, "%s replaced descriptor %d (%s), which it had not opened", when, fd,
              target.c_str());
    }
  }
  for (const auto& [fd, target] : after.files) {
    if (!all_closed || before.files.contains(fd)) continue;
    FH_FIND(findings, "%s left descriptor %d (%s) open: close what you open", when, fd,
            target.c_str());
  }
}

size_t thread_count() {
  return names_in("/proc/self/task").size();
}

std::vector<pid_t> child_processes() {
  std::vector<pid_t> children;
  for (const std::string& task : names_in("/proc/self/task")) {
    std::ifstream list("/proc/self/task/" + task + "/children");
    for (pid_t pid = 0; list >> pid;) children.push_back(pid);
  }
  return children;
}

uint64_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace farmhand::check
