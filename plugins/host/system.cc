// SPDX-License-Identifier: Apache-2.0
// Small files about the system as a whole: load, uptime, processes, pressure.
#include <algorithm>
#include <array>

#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// clang-format off
constexpr Quantity kLoads[] = {
    {"load.1", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Threads running or blocked, averaged over a minute."},
    {"load.5", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "The same over five minutes."},
    {"load.15", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "The same over fifteen minutes."},
};
constexpr Quantity kThreads = {"threads.total", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Threads there are, the kernel's included."};
constexpr Quantity kUptime = {"uptime", FH_METRIC_GAUGE, FH_UNIT_NANOSECOND, "", "Time since the node was started."};
// Listing /proc costs more than all else here, hence its own interval.
constexpr Quantity kProcesses = {"processes.total", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Processes there are.", 10'000};
// clang-format on

class Load : public Source {
 public:
  explicit Load(const Roots& roots) : loadavg_(roots.proc + "/loadavg") {}

  void declare() override {
    for (const Quantity& quantity : kLoads) add(quantity);
    add(kThreads);
  }

  // `0.20 0.18 0.12 1/80 11206`: the fourth is running/all.
  void read() override {
    const Content loadavg = loadavg_.read();
    if (loadavg.status != FH_SAMPLE_OK) return set_all(loadavg.status);
    std::string_view text = loadavg.text;
    std::optional<double> number[4];
    for (size_t at = 0; at < 3; ++at) number[at] = number_from(take_word(&text));
    const std::string_view tasks = take_word(&text);
    number[3] = number_from(tasks.substr(std::min(tasks.find('/') + 1, tasks.size())));
    for (size_t at = 0; at < 4; ++at) {
      if (!number[at]) return set_all(FH_SAMPLE_ERROR);
      slot(at).set(*number[at]);
    }
  }

 private:
  File loadavg_;
};

class Uptime : public Source {
 public:
  explicit Uptime(const Roots& roots) : uptime_(roots.proc + "/uptime") {}

  void declare() override { add(kUptime); }

  void read() override {
    const Content uptime = uptime_.read();
    if (uptime.status != FH_SAMPLE_OK) return set_all(uptime.status);
    set_all(FH_SAMPLE_ERROR);
    std::string_view text = uptime.text;
    if (const auto seconds = number_from(take_word(&text))) slot(0).set(*seconds * 1e9);
  }

 private:
  File uptime_;
};

class Processes : public Source {
 public:
  explicit Processes(const Roots& roots) : proc_(roots.proc) {}

  void declare() override { add(kProcesses); }

  void read() override {
    double count = 0;
    for (const std::string& name : names_in(proc_)) count += number_from(name).has_value() ? 1 : 0;
    slot(0).set(count);
    // There is always one: this.
    if (count == 0) set_all(FH_SAMPLE_NOT_SUPPORTED);
  }

 private:
  std::string proc_;
};

// The quantities of one resource. Names are put together at build time for the three there are.
struct PressureQuantities {
  const char* resource;
  std::array<Quantity, 4> quantities;
};

// clang-format off
constexpr PressureQuantities kPressures[] = {
    {"cpu", {{{"pressure.cpu.some.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which some waited for a core, over 10 s."},
              {"pressure.cpu.some.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which some waited for a core."},
              {"pressure.cpu.full.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which all waited for a core, over 10 s."},
              {"pressure.cpu.full.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which all waited for a core."}}}},
    {"memory", {{{"pressure.memory.some.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which some waited for memory, over 10 s."},
                 {"pressure.memory.some.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which some waited for memory."},
                 {"pressure.memory.full.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which all waited for memory, over 10 s."},
                 {"pressure.memory.full.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which all waited for memory."}}}},
    {"io", {{{"pressure.io.some.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which some waited for a disk, over 10 s."},
             {"pressure.io.some.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which some waited for a disk."},
             {"pressure.io.full.avg10", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Time in which all waited for a disk, over 10 s."},
             {"pressure.io.full.total", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in which all waited for a disk."}}}},
};
// clang-format on

class Pressure : public Source {
 public:
  Pressure(const Roots& roots, const PressureQuantities& which)
      : file_(roots.proc + "/pressure/" + which.resource), which_(which) {}

  void declare() override {
    for (const Quantity& quantity : which_.quantities) add(quantity);
  }

  // `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`, and a line `full`, which kernels before 5.13
  // do not have for the CPU. A kernel with PSI switched off has the file and refuses to read it.
  void read() override {
    const Content content = file_.read();
    if (content.status != FH_SAMPLE_OK) return set_all(content.status);
    set_all(content.text.empty() ? FH_SAMPLE_ERROR : FH_SAMPLE_NOT_SUPPORTED);
    std::string_view text = content.text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view who = take_word(&line);
      if (who == "some") read_line(line, 0);
      if (who == "full") read_line(line, 2);
      if (who != "some" && who != "full") set_all(FH_SAMPLE_ERROR);
    }
  }

 private:
  void read_line(std::string_view line, size_t first) {
    Slot& average = slot(first);
    Slot& total = slot(first + 1);
    average.status = total.status = FH_SAMPLE_ERROR;
    for (std::string_view word = take_word(&line); !word.empty(); word = take_word(&line)) {
      const size_t equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      const auto number = number_from(word.substr(equals + 1));
      if (number && word.starts_with("avg10=")) average.set(*number);
      if (number && word.starts_with("total=")) total.set(*number * 1000);  // it counts µs
    }
  }

  File file_;
  const PressureQuantities& which_;
};

}  // namespace

std::unique_ptr<Source> load_source(const Roots& roots) {
  return std::make_unique<Load>(roots);
}

std::unique_ptr<Source> uptime_source(const Roots& roots) {
  return std::make_unique<Uptime>(roots);
}

std::unique_ptr<Source> process_source(const Roots& roots) {
  return std::make_unique<Processes>(roots);
}

std::unique_ptr<Source> pressure_source(const Roots& roots, const std::string& resource) {
  for (const PressureQuantities& each : kPressures) {
    if (resource == each.resource) return std::make_unique<Pressure>(roots, each);
  }
  return nullptr;
}

}  // namespace farmhand::node
