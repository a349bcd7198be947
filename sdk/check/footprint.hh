// SPDX-License-Identifier: Apache-2.0
// What a plugin must leave alone: a picture of the process, taken before and after.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "findings.hh"

namespace farmhand::check {

struct Footprint {
  std::vector<std::string> environment;
  std::string locale;
  std::string folder;
  std::string umask;
  std::map<int, void*> handlers;     // by signal
  std::string blocked_signals;       // of the calling thread
  std::map<int, std::string> files;  // descriptor: what it is
  std::vector<int> limits;
};

Footprint take_footprint();

// `when`: "create" … for the sentences. Descriptors that are new count only with `all_closed`.
void compare(const Footprint& before, const Footprint& after, const char* when, bool all_closed,
             Findings& findings);

std::map<int, std::string> open_files();
size_t thread_count();
std::vector<pid_t> child_processes();
uint64_t heap_bytes();  // in use in malloc
uint64_t resident_bytes();
uint64_t cpu_ns();  // used by the process

}  // namespace farmhand::check
