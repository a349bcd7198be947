// SPDX-License-Identifier: Apache-2.0
// Where a benchmark ran, and in what state: numbers mean little without it.
#pragma once

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "latencies.hh"

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

// One page written in place and synced, again and again: what no durable commit can be faster than.
inline Latencies disk_syncs(const std::string& directory, double seconds = 1) {
  const std::string path = directory + "/sync";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string pages(1 << 20, 'x');
  Latencies syncs;
  if (fd < 0 || ::pwrite(fd, pages.data(), pages.size(), 0) < 0 || ::fsync(fd) != 0) std::exit(1);
  const Stopwatch all;
  for (off_t at = 0; all.seconds() < seconds; at = (at + 4096) % (1 << 20)) {
    const Stopwatch one;
    if (::pwrite(fd, pages.data(), 4096, at) < 0 || ::fdatasync(fd) != 0) std::exit(1);
    syncs.add(one);
  }
  ::close(fd);
  ::unlink(path.c_str());
  return syncs;
}

// How late a thread wakes that slept a millisecond: others' work on the same processors shows here.
inline Latencies late_wakeups(double seconds = 1) {
  Latencies late;
  const Stopwatch all;
  while (all.seconds() < seconds) {
    const Stopwatch one;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    late.ms.push_back(one.seconds() * 1e3 - 1);
  }
  return late;
}

inline void print_machine(const std::string& directory) {
  utsname os{};
  uname(&os);
  std::printf("machine      %s %s %s\n", os.sysname, os.release, os.machine);
  std::printf("processor    %s, %u cores\n", cpu_model().c_str(),
              std::thread::hardware_concurrency());
  std::printf("file system  %s (%s)\n", file_system_of(directory).c_str(), directory.c_str());
  double load[3] = {};
  (void)getloadavg(load, 3);
  Latencies syncs = disk_syncs(directory), late = late_wakeups();
  std::printf("fdatasync    p50 %.2f ms, p99 %.2f, max %.2f\n", syncs.at(0.5), syncs.at(0.99),
              syncs.at(1));
  std::printf("wake-ups     late by p50 %.2f ms, p99 %.2f, max %.2f; load average %.1f\n",
              late.at(0.5), late.at(0.99), late.at(1), load[0]);
}

}  // namespace farmhand
