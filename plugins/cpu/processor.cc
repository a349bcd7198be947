// SPDX-License-Identifier: Apache-2.0
#include "processor.hh"

#include <farmhand/metrics.h>
#include <unistd.h>
#include <farmhand/checks.hh>

namespace farmhand::cpu {

namespace {

constexpr uint32_t kSlowMs = 5000;  // a file per processor, some of which wake it
constexpr uint32_t kSeldomMs = 10'000;

// user nice system idle iowait irq softirq steal: all but idle and iowait (proc(5)).
std::optional<double> busy_ticks_in(std::string_view line) {
  double busy = 0;
  for (int column = 0; column < 8; ++column) {
    const auto ticks = integer_from<uint64_t>(take_word(&line));
    if (!ticks) return std::nullopt;
    if (column != 3 && column != 4) busy += static_cast<double>(*ticks);
  }
  return busy;
}

}  // namespace

Processor::Processor(uint32_t handle, Root root, Package package, size_t packages)
    : handle_(handle),
      root_(std::move(root)),
      package_(std::move(package)),
      packages_(packages),
      energy_(Energy::of_package(root_, package_.id, "")),
      memory_energy_(Energy::of_package(root_, package_.id, "dram")) {}

std::string Processor::cpu_folder(int32_t cpu) const {
  return root_ / ("sys/devices/system/cpu/cpu" + std::to_string(cpu));
}

// The mean of the package's processors, so that a busy second of all is a second.
Reading Processor::busy_ns() const {
  const Text stat = read_large(root_ / "proc/stat");
  if (!stat.ok()) return no_reading(stat.status);
  double ticks = 0;
  size_t seen = 0;
  for (std::string_view text = stat.text; !text.empty();) {
    std::string_view line = take_line(&text);
    const std::string_view name = take_word(&line);
    const auto cpu = name.starts_with("cpu") ? integer_from<int32_t>(name.substr(3)) : std::nullopt;
    if (!cpu || !std::binary_search(package_.cpus.begin(), package_.cpus.end(), *cpu)) continue;
    const auto busy = busy_ticks_in(line);
    if (!busy) return no_reading(FH_SAMPLE_ERROR);
    ticks += *busy;
    ++seen;
  }
  if (seen == 0) return no_reading(FH_SAMPLE_ERROR);
  const double tick_ns = 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
  return good(ticks * tick_ns / static_cast<double>(seen));
}

// The mean over the package. The kernel's figure (linux Documentation/admin-guide/pm/cpufreq.rst,
// kHz), else the one in cpuinfo, which a virtual machine has too.
Reading Processor::clock() const {
  double sum = 0;
  for (const int32_t cpu : package_.cpus) {
    const Reading khz = read_number(cpu_folder(cpu) + "/cpufreq/scaling_cur_freq");
    if (khz.status == FH_SAMPLE_NOT_SUPPORTED) break;
    if (!khz.ok()) return khz;
    sum += khz.value * 1e-3;
  }
  if (sum > 0) return within(good(sum / static_cast<double>(package_.cpus.size())), 1, 1e4);
  const Text info = read_large(root_ / "proc/cpuinfo");
  if (!info.ok()) return no_reading(info.status);
  size_t seen = 0;
  int32_t cpu = -1;
  for (std::string_view text = info.text; !text.empty();) {
    const std::string_view line = take_line(&text);
    const std::string_view after = trimmed(line.substr(std::min(line.find(':') + 1, line.size())));
    if (line.starts_with("processor")) cpu = integer_from<int32_t>(after).value_or(-1);
    if (!line.starts_with("cpu MHz")) continue;
    if (!std::binary_search(package_.cpus.begin(), package_.cpus.end(), cpu)) continue;
    const auto mhz = number_from(after);
    if (!mhz) return no_reading(FH_SAMPLE_ERROR);
    sum += *mhz;
    ++seen;
  }
  if (seen == 0) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  return within(good(sum / static_cast<double>(seen)), 1, 1e4);
}

Reading Processor::memory(std::string_view key) const {
  double sum = 0;
  for (const int32_t node : package_.numa_nodes) {
    const Reading bytes =
        read_node_memory(root_ / ("sys/devices/system/node/node" + std::to_string(node)), key);
    if (!bytes.ok()) return bytes;
    sum += bytes.value;
  }
  return package_.numa_nodes.empty() ? no_reading(FH_SAMPLE_NOT_SUPPORTED) : good(sum);
}

// Intel only (linux Documentation/ABI/testing/sysfs-devices-system-cpu); the same on each
// processor.
Reading Processor::throttle_count() const {
  const std::string folder = cpu_folder(package_.cpus.front()) + "/thermal_throttle";
  return within(read_number(folder + "/package_throttle_count"), 0, 1e18);
}

// The row `MCE:` has a column for each processor that the head line names (linux
// arch/x86/kernel/irq.c).
Reading Processor::machine_checks() const {
  const Text content = read_large(root_ / "proc/interrupts");
  if (!content.ok()) return no_reading(content.status);
  std::string_view text = content.text;
  std::string_view head = take_line(&text);
  while (!text.empty()) {
    std::string_view line = take_line(&text);
    if (take_word(&line) != "MCE:") continue;
    double sum = 0;
    for (std::string_view name = take_word(&head); !name.empty(); name = take_word(&head)) {
      const auto count = integer_from<uint64_t>(take_word(&line));
      const auto cpu = integer_from<int32_t>(name.substr(std::min<size_t>(3, name.size())));
      if (!count || !cpu) return no_reading(FH_SAMPLE_ERROR);
      const bool mine = std::binary_search(package_.cpus.begin(), package_.cpus.end(), *cpu);
      if (mine) sum += static_cast<double>(*count);
    }
    return good(sum);
  }
  return no_reading(FH_SAMPLE_NOT_SUPPORTED);
}

// EDAC (linux Documentation/ABI/testing/sysfs-devices-edac). Which package a controller belongs to
// is in its name where the driver says `Socket#1` (linux drivers/edac/skx_common.c).
Reading Processor::memory_errors(std::string_view file) const {
  const std::string folder = root_ / "sys/devices/system/edac/mc";
  Reading sum = no_reading(FH_SAMPLE_NOT_SUPPORTED);
  for (const std::string& name : names_in(folder)) {
    if (!name.starts_with("mc") || !integer_from<uint32_t>(name.substr(2))) continue;
    const std::string socket = "Socket#" + std::to_string(package_.id) + " ";
    const std::string controller = word_in_file(folder + "/" + name + "/mc_name") + " ";
    if (packages_ > 1 && controller.find(socket) == std::string::npos) continue;
    const Reading count =
        within(read_number(folder + "/" + name + "/" + std::string(file)), 0, 1e18);
    if (!count.ok()) return count;
    sum = good((sum.ok() ? sum.value : 0) + count.value);
  }
  return sum;
}

// Intel: `coretemp.1` is package 1, and one of its sensors the whole package's. AMD: k10temp has a
// chip per die in the order of the packages; Tdie, where there is one, is without an offset (linux
// Documentation/hwmon/{coretemp,k10temp}.rst).
std::vector<Sensor> Processor::find_sensors() const {
  for (const Hwmon& chip : hwmons_named(root_, "coretemp")) {
    if (link_name(chip.folder + "/device") != "coretemp." + std::to_string(package_.id)) continue;
    for (const Sensor& each : chip.sensors) {
      if (each.label.starts_with("Package")) return {each};
    }
    return chip.sensors;
  }
  std::vector<Hwmon> dies = hwmons_named(root_, "k10temp");
  if (dies.empty() || dies.size() % packages_ != 0) return {};
  std::sort(dies.begin(), dies.end(), [](const Hwmon& one, const Hwmon& other) {
    return link_name(one.folder + "/device") < link_name(other.folder + "/device");
  });
  const size_t each = dies.size() / packages_;
  std::vector<Sensor> sensors;
  for (size_t at = static_cast<size_t>(package_.id) * each;
       at < dies.size() && sensors.size() < each; ++at) {
    const auto die = std::find_if(dies[at].sensors.begin(), dies[at].sensors.end(),
                                  [](const Sensor& sensor) { return sensor.label == "Tdie"; });
    if (die != dies[at].sensors.end())
      sensors.push_back(*die);
    else if (!dies[at].sensors.empty())
      sensors.push_back(dies[at].sensors.front());
  }
  return sensors;
}

void Processor::add_load() {
  series_.add({"utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "",
               "Busy part of the package's processors.", [this] { return busy_.look(busy_ns()); }});
  series_.add({"clock.core", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "", "",
               "Mean of the package's processors.", [this] { return clock(); }, kSlowMs});
  series_.add({"memory.total", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "",
               "Memory of the package's NUMA nodes.", [this] { return memory("MemTotal"); },
               kSeldomMs});
  series_.add({"memory.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "",
               "Of that, in use, the page cache included.", [this] { return memory("MemUsed"); }});
}

void Processor::add_sensors() {
  sensors_ = find_sensors();
  if (sensors_.empty()) return;
  series_.add({"temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "",
               "Of the package; of several dies the hottest.",
               [this] { return hottest(sensors_); }});
  const Sensor first = sensors_.front();
  if (!read_limit(first, "crit").ok()) return;
  series_.add({"temperature.limit", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "",
               "Where the processor begins to slow down.",
               [first] { return read_limit(first, "crit"); }, 60'000});
}

void Processor::add_energy() {
  if (energy_.present()) {
    series_.add({"energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "", "",
                 "Used by the package (RAPL), since the plugin was started.",
                 [this] { return energy_.joules(); }});
    series_.add({"power", FH_METRIC_GAUGE, FH_UNIT_WATT, "", "", "Drawn by the package (RAPL).",
                 [this] { return energy_.watts(); }});
  }
  if (!memory_energy_.present()) return;
  series_.add({"energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "memory", "dram",
               "Used by its memory (RAPL), since the plugin was started.",
               [this] { return memory_energy_.joules(); }});
}

void Processor::add_errors() {
  if (throttle_count().status != FH_SAMPLE_NOT_SUPPORTED) {
    series_.add({"throttle.events", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "",
                 "How often the package was slowed down by heat.",
                 [this] { return throttle_count(); }});
  }
  if (machine_checks().status != FH_SAMPLE_NOT_SUPPORTED) {
    series_.add({"errors.device", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "",
                 "Machine check exceptions.", [this] { return machine_checks(); }, kSeldomMs});
  }
  if (memory_errors("ce_count").status == FH_SAMPLE_NOT_SUPPORTED) return;
  series_.add({"errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "",
               "Memory errors corrected (EDAC).", [this] { return memory_errors("ce_count"); },
               kSeldomMs});
  series_.add({"errors.uncorrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "",
               "Memory errors beyond correction (EDAC).",
               [this] { return memory_errors("ue_count"); }, kSeldomMs});
}

void Processor::look() {
  series_.clear();
  add_load();
  add_sensors();
  add_energy();
  add_errors();
}

void Processor::declare(Call& call) {
  look();
  series_.declare(call);
}

void Processor::sample(Call& call, std::span<const uint32_t> ids) {
  if (series_.empty()) look();
  series_.sample(call, ids);
}

void Processor::check_growth(Call& call, const char* check, const char* reason, int32_t verdict,
                             const Reading& now, const char* sentence, double many) {
  const bool known = growths_.count(check) != 0;
  if (now.status == FH_SAMPLE_NOT_SUPPORTED && !known) return;
  Growth& growth = growths_[check];
  const Growth::State state = growth.look(now);
  if (state == Growth::State::kUnread) return emit_unread(call, check, "the counter", now);
  const bool lasting = verdict == FH_VERDICT_FAIL && growth.ever_grown();
  if (growth.grown() >= many || lasting) {
    emit_verdict(call, check, verdict, reason, sentence);
  } else {
    call.emit(ok_record(check));
  }
  emit_evidence(call, "count", now, FH_UNIT_NONE);
}

void Processor::check(Call& call) {
  emit_temperature(call, "temperature", sensors_.empty() ? find_sensors() : sensors_);
  check_growth(call, "throttle", FH_REASON_THROTTLE_THERMAL, FH_VERDICT_WARN, throttle_count(),
               "the package was slowed down because of its temperature");
  check_growth(call, "machine_check", FH_REASON_NODE_MEMORY_ERRORS, FH_VERDICT_FAIL,
               machine_checks(),
               "the processor reported machine check exceptions: see the kernel's log");
  check_growth(call, "memory.uncorrected", FH_REASON_MEMORY_UNCORRECTED, FH_VERDICT_FAIL,
               memory_errors("ue_count"), "memory errors beyond correction were counted");
  check_growth(call, "memory.corrected", FH_REASON_MEMORY_CORRECTED_RATE, FH_VERDICT_WARN,
               memory_errors("ce_count"), "corrected memory errors come often", 10);
}

}  // namespace farmhand::cpu
