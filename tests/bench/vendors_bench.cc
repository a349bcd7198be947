// SPDX-License-Identifier: Apache-2.0
// What one full sample of a device costs, vendor by vendor: every series it declares, through a
// plugin host, on the fakes of tests/fakes. Hardware's own answering times come on top.
//
//   vendors_bench [SAMPLES]
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/log.hh"
#include "hosts.hh"
#include "loop/loop.hh"
#include "machine.hh"

using namespace farmhand;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kFakes = FARMHAND_SOURCE_DIR "/tests/fakes";
constexpr uint64_t kReadyMs = 10'000;
constexpr double kAnswerSeconds = 10;

struct Subject {
  std::string plugin;
  std::string device;  // words of make_tree.py
  Settings settings;   // `root` is added
};

std::vector<Subject> subjects() {
  const std::string libraries = FARMHAND_FAKES;
  return {
      {"furiosa",
       "furiosa/rngd",
       {{"library", libraries + "/furiosa_smi_2025_12.so"}, {"tool", ""}}},
      {"furiosa", "furiosa/warboy", {{"library", ""}, {"tool", ""}}},
      {"nvidia", "nvidia/h100", {{"library", libraries + "/nvml_r580.so"}}},
      {"rebellions",
       "rebellions/max",
       {{"library", libraries + "/rbln_ml_2026_05.so"}, {"tool", ""}}},
      {"sapeon", "sapeon/x330", {{"match", "1234:0330=X330"}, {"adapter", "ADAPTER,cards"}}},
  };
}

bool shell(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

// The machine of files that the plugin takes for its own; the fake adapter lies in it.
bool build_tree(const Subject& subject, const std::string& root) {
  return shell(std::string("python3 ") + kFakes + "/make_tree.py '" + root + "' " +
               subject.device) &&
         shell(std::string("cp ") + kFakes + "/tool '" + root + "/adapter'");
}

Settings settings_for(const Subject& subject, const std::string& root) {
  Settings all = subject.settings;
  for (auto& [key, value] : all) {
    if (value.starts_with("ADAPTER")) value.replace(0, 7, root + "/adapter");
  }
  all.emplace_back("root", root);
  return all;
}

struct Devices : Count {
  std::map<std::string, std::string> models;
  uint64_t answered = 0, ok = 0;

  void on_devices(const std::string&, const std::vector<DeviceInfo>& devices) override {
    models.clear();
    for (const DeviceInfo& device : devices) models[device.key] = device.model;
  }
  void on_samples(const std::string& key, std::span<const Sample> samples) override {
    Count::on_samples(key, samples);
    ++answered;
    ok = 0;
    for (const Sample& sample : samples) ok += sample.status == SampleStatus::kOk ? 1 : 0;
  }
};

// One sample, waited for; false: no answer.
bool sample_once(Loop& loop, Supervisor& supervisor, Devices& devices, const std::string& key) {
  const uint64_t before = devices.answered;
  const Stopwatch waiting;
  if (!supervisor.sample(key, devices.ids[key])) return false;
  while (devices.answered == before && waiting.seconds() < kAnswerSeconds) loop.run_once();
  return devices.answered != before;
}

void measure(Loop& loop, Supervisor& supervisor, Devices& devices, const Subject& subject,
             int samples) {
  const std::string key =
      devices.ids.begin()->first;  // a library may name more than are on the bus
  for (int i = 0; i < samples / 10; ++i) (void)sample_once(loop, supervisor, devices, key);
  Latencies latencies;
  const uint64_t own_before = own_cpu_ns(), host_before = hosts_cpu_ns(supervisor);
  for (int i = 0; i < samples; ++i) {
    const Stopwatch one;
    if (!sample_once(loop, supervisor, devices, key)) {
      std::printf("%-12s %-22s no answer\n", subject.plugin.c_str(), devices.models[key].c_str());
      return;
    }
    latencies.add(one);
  }
  const auto each_us = [samples](uint64_t ns) { return static_cast<double>(ns) / samples / 1e3; };
  std::printf("%-12s %-22s %7zu %7llu %9.0f %9.0f %12.1f %12.1f\n", subject.plugin.c_str(),
              devices.models[key].c_str(), devices.ids[key].size(),
              static_cast<unsigned long long>(devices.ok), latencies.at(0.5) * 1e3,
              latencies.at(0.99) * 1e3, each_us(own_cpu_ns() - own_before),
              each_us(hosts_cpu_ns(supervisor) - host_before));
}

void run(const Subject& subject, const std::string& root, int samples) {
  Loop loop;
  SystemClock clock;
  Devices devices;
  Supervisor::Options options;
  options.plugin_host_path = PLUGIN_HOST;
  std::optional<Supervisor> supervisor(std::in_place, loop, clock, options, devices);
  const std::string folder = FARMHAND_PLUGINS "/" + subject.plugin;
  auto plugin = verify_plugin(folder + "/" + subject.plugin + ".toml");
  PluginSettings settings;
  settings.cpu_max_percent = 0;  // it is asked as fast as it answers
  settings.settings = settings_for(subject, root);
  const auto added = plugin ? supervisor->add(*std::move(plugin), settings) : plugin.error();
  const Stopwatch waiting;
  while (added && devices.ids.empty() && waiting.seconds() * 1e3 < kReadyMs) loop.run_for_ms(50);
  if (!added) std::printf("%-12s %s\n", subject.plugin.c_str(), added.error().message.c_str());
  if (added && devices.ids.empty()) std::printf("%-12s no device\n", subject.plugin.c_str());
  if (!devices.ids.empty()) measure(loop, *supervisor, devices, subject, samples);
  supervisor->stop([&] { supervisor.reset(); });
  loop.run();
}

}  // namespace

int main(int argc, char** argv) {
  const int samples = argc > 1 ? std::atoi(argv[1]) : 2000;
  log::set_level(log::Level::kError);
  std::string folder = "/tmp/farmhand-bench-XXXXXX";
  if (samples < 10 || ::mkdtemp(folder.data()) == nullptr) return 1;
  print_machine(folder);
  std::printf("\none full sample, one after the other, %d of each device\n", samples);
  std::printf("%-12s %-22s %7s %7s %9s %9s %12s %12s\n", "vendor", "device", "series", "ok",
              "p50 us", "p99 us", "CPU, ours us", "CPU, host us");
  int number = 0;
  for (const Subject& subject : subjects()) {
    const std::string root = folder + "/" + std::to_string(number++);
    if (build_tree(subject, root)) run(subject, root, samples);
    std::fflush(stdout);
  }
  return shell("rm -r '" + folder + "'") ? 0 : 1;
}
