// SPDX-License-Identifier: Apache-2.0
// /proc/stat: time per core, and processes running and blocked.
#include <unistd.h>

#include <algorithm>
#include <farmhand/call.hh>

#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// clang-format off
constexpr Quantity kNode[] = {
    {"cpu.user", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in programs, all cores together."},
    {"cpu.system", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time in the kernel and interrupts."},
    {"cpu.idle", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Time with nothing to do."},
    {"cpu.iowait", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "", "Idle time while a disk was waited for."},
    {"utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Busy part of all cores."},
};
constexpr Quantity kCore[] = {
    {"cpu.core.user", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "core", "Time in programs."},
    {"cpu.core.system", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "core", "Time in the kernel and interrupts."},
    {"cpu.core.idle", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "core", "Time with nothing to do."},
    {"cpu.core.iowait", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "core", "Idle time while a disk was waited for."},
    {"cpu.core.utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "core", "Busy part of the core."},
};
constexpr Quantity kRunning = {"processes.running", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Threads on a core or ready for one."};
constexpr Quantity kBlocked = {"processes.blocked", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Threads in uninterruptible sleep for a disk."};
// clang-format on

constexpr size_t kUtilization = 4;  // its place in the tables above
constexpr size_t kRunningAt = 5;
constexpr size_t kBlockedAt = 6;
constexpr size_t kFirstCore = 7;

// Ticks are 10 ms: a shorter window would show only a few different values.
constexpr double kWindowTicks = 20;

// One line of /proc/stat, in ticks.
struct Times {
  double user = 0, system = 0, idle = 0, iowait = 0, total = 0;
};

// user nice system idle iowait irq softirq steal; guest time is part of user. Old kernels and cut
// lines have fewer; without the first five there is no reading.
bool times_from(std::string_view line, Times* out) {
  double column[8] = {};
  size_t count = 0;
  for (; count < std::size(column); ++count) {
    const std::string_view word = take_word(&line);
    if (word.empty()) break;
    const std::optional<double> number = number_from(word);
    if (!number || *number < 0) return false;
    column[count] = *number;
    out->total += *number;
  }
  out->user = column[0] + column[1];
  out->system = column[2] + column[5] + column[6];
  out->idle = column[3];
  out->iowait = column[4];
  return count >= 5;
}

// Utilization between two looks at the counters.
class Window {
 public:
  // Moves on once enough ticks went by; keeps the last result, with its time, until then.
  void update(const Times& now, Slot* slot) {
    const double total = now.total - base_.total;
    // The kernel lets iowait go back now and then.
    const double idle = std::max(0.0, now.idle + now.iowait - base_.idle - base_.iowait);
    if (base_.total == 0 || total < 0) {
      base_ = now;
      known_ = false;
    } else if (total >= kWindowTicks) {
      percent_ = std::clamp(100 * (1 - idle / total), 0.0, 100.0);
      at_ns_ = boottime_ns();
      base_ = now;
      known_ = true;
    }
    slot->status = known_ ? FH_SAMPLE_OK : FH_SAMPLE_UNKNOWN;
    slot->value = percent_;
    slot->boottime_ns = at_ns_;
  }

 private:
  Times base_;
  double percent_ = 0;
  uint64_t at_ns_ = 0;
  bool known_ = false;
};

class Cpu : public Source {
 public:
  Cpu(const Roots& roots, Cores cores)
      : stat_(roots.proc + "/stat"),
        cores_(cores),
        tick_ns_(1e9 / static_cast<double>(sysconf(_SC_CLK_TCK))) {}

  void declare() override {
    for (const Quantity& quantity : kNode) add(quantity);
    add(kRunning);
    add(kBlocked);
    core_slots_.clear();
    std::string_view text = stat_.read().text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view name = take_word(&line);
      if (name.size() > 3 && name.starts_with("cpu")) declare_core(name.substr(3));
    }
    read();  // the base of the first window
  }

  void read() override {
    set_all(FH_SAMPLE_UNKNOWN);
    const Content stat = stat_.read();
    if (stat.status != FH_SAMPLE_OK) return set_all(stat.status);
    for (size_t at = 0; at < kFirstCore; ++at) slot(at).status = FH_SAMPLE_ERROR;
    std::string_view text = stat.text;
    while (!text.empty()) read_line(take_line(&text));
  }

 private:
  void declare_core(std::string_view number) {
    const std::optional<double> core = number_from(number);
    if (!core || *core >= 65536 || cores_ == Cores::kNone) return;
    const auto index = static_cast<size_t>(*core);
    if (core_slots_.size() <= index) core_slots_.resize(index + 1, 0);
    if (core_windows_.size() <= index) core_windows_.resize(index + 1);
    core_slots_[index] = slots().size();
    for (const Quantity& quantity : kCore) {
      if (cores_ == Cores::kUtilization && &quantity != &kCore[kUtilization]) continue;
      add(quantity, std::string(number));
    }
  }

  void read_line(std::string_view line) {
    const std::string_view name = take_word(&line);
    if (name == "cpu") return read_times(line, 0, false, &window_);
    if (name == "procs_running") return read_count(line, &slot(kRunningAt));
    if (name == "procs_blocked") return read_count(line, &slot(kBlockedAt));
    if (!name.starts_with("cpu")) return;
    const std::optional<double> core = number_from(name.substr(3));
    const auto index = static_cast<size_t>(core.value_or(65536));
    if (index >= core_slots_.size() || core_slots_[index] == 0) return;
    read_times(line, core_slots_[index], cores_ == Cores::kUtilization, &core_windows_[index]);
  }

  static void read_count(std::string_view line, Slot* slot) {
    if (const auto number = number_from(take_word(&line))) slot->set(*number);
  }

  void read_times(std::string_view line, size_t first, bool only_utilization, Window* window) {
    Times now;
    const bool good = times_from(line, &now);
    const size_t count = only_utilization ? 1 : std::size(kCore);
    if (!good) {
      for (size_t at = 0; at < count; ++at) slot(first + at).status = FH_SAMPLE_ERROR;
      return;
    }
    window->update(now, &slot(first + count - 1));
    if (only_utilization) return;
    const double ticks[] = {now.user, now.system, now.idle, now.iowait};
    for (size_t at = 0; at < kUtilization; ++at) slot(first + at).set(ticks[at] * tick_ns_);
  }

  File stat_;
  Cores cores_;
  double tick_ns_;
  Window window_;
  std::vector<Window> core_windows_;  // by core number; outlive a scan
  std::vector<size_t> core_slots_;    // by core number: the first slot, 0: none
};

}  // namespace

std::unique_ptr<Source> cpu_source(const Roots& roots, Cores cores) {
  return std::make_unique<Cpu>(roots, cores);
}

}  // namespace farmhand::node
