// SPDX-License-Identifier: Apache-2.0
// What isolation costs, without anything that the agent does with the readings: one sample of 32
// metrics through a plugin host against a direct call in this process; then processor and memory of
// reading eight devices through two hosts at a pace.
//
//   isolation_bench [HZ] [SECONDS]
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "bad_plugins.hh"
#include "base/digest.hh"
#include "base/log.hh"
#include "direct_call.hh"
#include "hosts.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "machine.hh"
#include "plugin/supervisor.hh"

using namespace farmhand;

namespace {

constexpr int kPlugins = 2;

// A line of smaps_rollup, in KiB.
long rollup_kib(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    long kib = 0;
    if (word == name && file >> kib) return kib;
  }
  return -1;
}

std::string write_manifest(const std::string& folder, int index) {
  const std::string id = "bench-" + std::to_string(index);
  const std::string library = std::string(BAD_PLUGINS) + "/" + id + ".so";
  const auto bytes = read_file(library, 16 << 20);
  if (!bytes) {
    std::fprintf(stderr, "%s\n", bytes.error().message.c_str());
    std::exit(1);
  }
  (void)write_file_atomically(folder + "/" + id + ".so", *bytes);
  (void)write_file_atomically(
      folder + "/" + id + ".toml",
      "id = \"" + id + "\"\nvendor = \"acme\"\nversion = \"1.0\"\nabi = {major = 1, minor = 0}\n" +
          "library = \"" + id + ".so\"\nsha256 = \"" + hex_of(sha256(*bytes)) +
          "\"\ninterfaces = [\"farmhand.devices/1\", \"farmhand.telemetry/1\"]\n");
  return folder + "/" + id + ".toml";
}

constexpr int kSamples = 20'000;
constexpr int kWarmUp = 1'000;

void print_row(const char* way, Latencies& latencies, uint64_t own_ns, uint64_t hosts_ns) {
  const auto each = [](uint64_t ns) { return static_cast<double>(ns) / kSamples / 1e3; };
  std::printf("%-22s %9.2f %9.2f %14.2f %14.2f\n", way, latencies.at(0.5) * 1e3,
              latencies.at(0.99) * 1e3, each(own_ns), each(hosts_ns));
}

// One after the other, each waited for. `once` takes one sample.
template <typename Once>
void measure(const char* way, const Supervisor& supervisor, Once once) {
  for (int i = 0; i < kWarmUp; ++i) once();
  Latencies latencies;
  latencies.ms.reserve(kSamples);
  const uint64_t own_before = own_cpu_ns();
  const uint64_t hosts_before = hosts_cpu_ns(supervisor);
  for (int i = 0; i < kSamples; ++i) {
    const Stopwatch one;
    once();
    latencies.add(one);
  }
  print_row(way, latencies, own_cpu_ns() - own_before, hosts_cpu_ns(supervisor) - hosts_before);
}

void compare(Loop& loop, Supervisor& supervisor, Count& count) {
  if (count.ids.empty()) {
    std::fprintf(stderr, "no device was listed\n");
    std::exit(1);
  }
  const auto& [key, ids] = *count.ids.begin();
  std::printf("\none sample of %zu metrics, %d times\n", ids.size(), kSamples);
  std::printf("%-22s %9s %9s %14s %14s\n", "", "p50 us", "p99 us", "CPU, ours us", "CPU, host us");
  DirectPlugin direct(std::string(BAD_PLUGINS) + "/bench-0.so");
  measure("a direct call", supervisor, [&] { direct.sample(0); });
  measure("through the host", supervisor, [&] {
    const uint64_t before = count.readings;
    (void)supervisor.sample(key, ids);
    while (count.readings == before) loop.run_once();
  });
}

void print(double seconds, uint64_t own_ns, uint64_t hosts_ns, const Count& count,
           const Supervisor& supervisor) {
  const double scale = 100 / (seconds * 1e9);
  std::printf("readings/s            %10.0f\n", static_cast<double>(count.readings) / seconds);
  std::printf("CPU, our side         %9.2f %% of a core\n", static_cast<double>(own_ns) * scale);
  std::printf("CPU, %d hosts          %9.2f %%\n", kPlugins, static_cast<double>(hosts_ns) * scale);
  const double samples = static_cast<double>(count.readings) / 32;
  std::printf("CPU per sample of 32  %9.2f us ours, %.2f us the host's\n",
              static_cast<double>(own_ns) / samples / 1e3,
              static_cast<double>(hosts_ns) / samples / 1e3);
  for (const PluginStatus& plugin : supervisor.plugins()) {
    std::printf("%s: PSS %ld KiB, private dirty %ld KiB, call p50 %llu ns p99 %llu ns\n",
                plugin.id.c_str(), rollup_kib(plugin.pid, "Pss:"),
                rollup_kib(plugin.pid, "Private_Dirty:"),
                static_cast<unsigned long long>(plugin.latency_p50_ns),
                static_cast<unsigned long long>(plugin.latency_p99_ns));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t hz = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 10;
  log::set_level(log::Level::kWarn);
  std::string folder = "/tmp/farmhand-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;

  Loop loop;
  SystemClock clock;
  Count count;
  Supervisor::Options options;
  options.plugin_host_path = PLUGIN_HOST;
  std::optional<Supervisor> supervisor(std::in_place, loop, clock, options, count);
  for (int i = 0; i < kPlugins; ++i) {
    auto plugin = verify_plugin(write_manifest(folder, i));
    const auto added = plugin ? supervisor->add(*std::move(plugin), {}) : plugin.error();
    if (!added) std::fprintf(stderr, "%s\n", added.error().message.c_str());
  }
  loop.run_for_ms(500);
  print_machine(folder);
  compare(loop, *supervisor, count);

  Timer ticker(loop);
  ticker.every(1000 / hz, [&] {
    for (const auto& [key, ids] : count.ids) (void)supervisor->sample(key, ids);
  });
  const uint64_t own_before = own_cpu_ns();
  const uint64_t hosts_before = hosts_cpu_ns(*supervisor);
  count.readings = 0;
  loop.run_for_ms(static_cast<uint64_t>(seconds * 1000));
  std::printf("\n%d plugins, %zu devices, at %llu Hz for %.0f s\n", kPlugins, count.ids.size(),
              static_cast<unsigned long long>(hz), seconds);
  print(seconds, own_cpu_ns() - own_before, hosts_cpu_ns(*supervisor) - hosts_before, count,
        *supervisor);

  ticker.stop();
  supervisor->stop([&] { supervisor.reset(); });
  loop.run();
  const std::string remove = "rm -r '" + folder + "'";
  return std::system(remove.c_str()) == 0 ? 0 : 1;
}
