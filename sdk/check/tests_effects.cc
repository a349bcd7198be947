// SPDX-License-Identifier: Apache-2.0
// What a plugin must leave alone in the process that holds it.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <farmhand/call.hh>

#include "drive.hh"
#include "footprint.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

constexpr int kDecoys = 24;
constexpr uint64_t kIdleNs = 500'000'000;

// Descriptors of the host's that a careless close() would hit.
void open_decoys() {
  for (int i = 0; i < kDecoys; ++i) {
    const int fd = memfd_create(("decoy-" + std::to_string(i)).c_str(), MFD_CLOEXEC);
    if (i % 4 == 3 && fd >= 0) fcntl(fd, F_DUPFD_CLOEXEC, 100 + i);
  }
}

void leaves_the_process_alone(Context& context) {
  open_decoys();
  Findings& found = context.findings;
  Footprint before = take_footprint();
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  compare(before, take_footprint(), "loading", false, found);
  before = take_footprint();
  Rig rig(*entry, found, context.options.settings);
  const auto look = [&](const char* when, bool all_closed) {
    compare(before, take_footprint(), when, all_closed, found);
  };
  if (rig.create() != FH_OK) return found.skip("create failed: " + rig.error);
  look("create", false);
  if (rig.start() != FH_OK) return found.skip("start failed: " + rig.error);
  look("start", false);
  const auto known = know(rig);
  look("enumerate or metrics", false);
  for (const Known& each : known) sample(rig, each.device.handle, each.ids());
  look("sample", false);
  visit(rig, 2);
  look("one of the further interfaces", false);
  rig.stop();
  look("stop", false);
  rig.destroy();
  look("the whole life", true);
}

void writes_nothing_out(Context& context) {
  fflush(nullptr);
  struct stat before {};
  struct stat after {};
  fstat(STDOUT_FILENO, &before);
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  {
    Rig rig(*entry, context.findings, context.options.settings);
    if (!opened(context, rig)) return;
    visit(rig);
  }
  fflush(nullptr);
  fstat(STDOUT_FILENO, &after);
  if (before.st_size != after.st_size) {
    FH_FIND(context.findings, "it wrote %lld bytes to stdout or stderr: use the host's log",
            static_cast<long long>(after.st_size - before.st_size));
  }
}

void forks_nothing(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  visit(rig);
}

bool is_device_node(const std::string& target) {
  static constexpr std::string_view kHarmless[] = {
      "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/shm", "/dev/pts", "/dev/tty"};
  if (!target.starts_with("/dev/")) return false;
  for (const std::string_view each : kHarmless) {
    if (target.starts_with(each)) return false;
  }
  return true;
}

void check_flags(Context& context, const char* when, uint64_t flags, size_t threads_before,
                 const std::map<int, std::string>& files_before) {
  if (thread_count() > threads_before && (flags & FH_FLAG_USES_THREADS) == 0) {
    FH_FIND(context.findings, "it has threads of its own %s: set FH_FLAG_USES_THREADS", when);
  }
  for (const auto& [fd, target] : open_files()) {
    if (files_before.contains(fd) || !is_device_node(target)) continue;
    if ((flags & FH_FLAG_OPENS_DEVICE_NODES) != 0) continue;
    FH_FIND(context.findings, "it holds %s open %s: set FH_FLAG_OPENS_DEVICE_NODES", target.c_str(),
            when);
  }
}

void flags_are_true(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  const size_t threads = thread_count();
  const auto files = open_files();
  Rig rig(*entry, context.findings, context.options.settings);
  if (rig.create() != FH_OK) return context.findings.skip("create failed: " + rig.error);
  if (thread_count() > threads) {
    FH_FIND(context.findings, "create starts threads: it reads settings, start does the rest");
  }
  for (const auto& [fd, target] : open_files()) {
    if (files.contains(fd) || !is_device_node(target)) continue;
    FH_FIND(context.findings, "create opens %s: it touches no hardware, start does",
            target.c_str());
  }
  if (rig.start() != FH_OK) return context.findings.skip("start failed: " + rig.error);
  visit(rig);
  check_flags(context, "while started", entry->flags, threads, files);
}

void rests_when_idle(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  visit(rig, 1);
  const uint64_t begin_ns = cpu_ns();
  usleep(kIdleNs / 1000);
  const uint64_t used_ns = cpu_ns() - begin_ns;
  if (used_ns > kIdleNs / 5) {
    FH_FIND(context.findings, "between calls it used %llu ms of CPU in %llu ms: wait, do not spin",
            static_cast<unsigned long long>(used_ns / 1'000'000),
            static_cast<unsigned long long>(kIdleNs / 1'000'000));
  }
}

constexpr Test kTests[] = {
    {"side-effects", "R19",
     "environment, locale, folder, umask, signals, limits and descriptors stay as they are",
     leaves_the_process_alone},
    {"silence", "R19", "nothing is written to stdout or stderr", writes_nothing_out},
    {"fork", "R19", "no process is forked without exec", forks_nothing, true},
    {"flags", "R19", "threads and device nodes are declared, and none before start",
     flags_are_true},
    {"idle", "R18", "between calls it rests", rests_when_idle},
};

}  // namespace

std::span<const Test> effect_tests() {
  return kTests;
}

}  // namespace farmhand::check
