// SPDX-License-Identifier: Apache-2.0
// Where a benchmark ran: numbers mean little without it.
#pragma once

#include <sys/statfs.h>
#include <sys/utsname.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace farmhand {

inline std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

// The file system that holds `directory`, from the longest mount point that is a prefix of it.
inline std::string file_system_of(const std::string& directory) {
  char resolved[4096];
  const std::string path = realpath(directory.c_str(), resolved) != nullptr ? resolved : directory;
  std::ifstream mounts("/proc/mounts");
  std::string device, point, type, rest, best_point, best;
  while (mounts >> device >> point >> type && std::getline(mounts, rest)) {
    const bool holds = path.starts_with(point) || point == "/";
    if (holds && point.size() >= best_point.size()) {
      best_point = point;
      best = type + " on " + device;
    }
  }
  return best;
}

inline void print_machine(const std::string& directory) {
  utsname os{};
  uname(&os);
  std::printf("machine      %s %s %s\n", os.sysname, os.release, os.machine);
  std::printf("processor    %s, %u cores\n", cpu_model().c_str(),
              std::thread::hardware_concurrency());
  std::printf("file system  %s (%s)\n", file_system_of(directory).c_str(), directory.c_str());
}

}  // namespace farmhand
