// SPDX-License-Identifier: Apache-2.0
// `memory`, `memory.pressure`, `io.pressure`, `memory.oom`: whether the node runs out of memory,
// whether programs wait for it or for disks, whether the kernel had to kill.
#include <farmhand/sysfs.hh>
#include <farmhand/watch.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr double kMib = 1 << 20;
constexpr uint64_t kOomWindowNs = 600'000'000'000;

// The number behind a key at a line's beginning: `MemTotal: 16318188 kB`, `oom_kill 3`.
Reading value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = take_line(&text);
    if (take_word(&line) != key) continue;
    const auto number = number_from(take_word(&line));
    return number ? good(*number) : no_reading(FH_SAMPLE_ERROR);
  }
  return no_reading(FH_SAMPLE_NOT_SUPPORTED);
}

double percent(const Settings& settings, const char* key, int64_t otherwise) {
  return static_cast<double>(settings.number(key, otherwise, 0, 100));
}

double mib(const Settings& settings, const char* key, int64_t otherwise) {
  return static_cast<double>(settings.number(key, otherwise, 0, 1 << 30)) * kMib;
}

class Memory : public Check {
 public:
  Memory(const Roots& roots, const Settings& settings)
      : meminfo_(roots.proc + "/meminfo"),
        warn_percent_(percent(settings, "memory_warn_percent", 10)),
        fail_percent_(percent(settings, "memory_fail_percent", 3)),
        warn_(mib(settings, "memory_warn_mib", 4096)),
        fail_(mib(settings, "memory_fail_mib", 1024)) {}

  // As with disks: a tenth of two terabytes is plenty.
  void look(Call& call) override {
    const Text meminfo = read_text(meminfo_);
    if (meminfo.status == FH_SAMPLE_NOT_SUPPORTED) return;
    const Reading total = scaled(value_of(meminfo.text, "MemTotal:"), 1024);
    const Reading free = scaled(value_of(meminfo.text, "MemAvailable:"), 1024);
    if (!total.ok() || !free.ok()) {
      return call.emit(unknown_record("memory", "the memory that is left is not readable"));
    }
    const double warn = std::min(total.value * warn_percent_ / 100, warn_);
    const double fail = std::min(total.value * fail_percent_ / 100, fail_);
    const Measure measure{"memory.available", free.value, FH_UNIT_BYTE, {}, warn, {}};
    Worst worst("memory");
    if (free.value >= warn) {
      worst.add_ok({measure});
    } else {
      worst.add(free.value < fail ? FH_VERDICT_FAIL : FH_VERDICT_WARN, FH_REASON_NODE_MEMORY,
                said("%.0f MiB of %.0f MiB are available", free.value / kMib, total.value / kMib),
                {measure});
    }
    worst.emit(call);
  }

 private:
  std::string meminfo_;
  double warn_percent_, fail_percent_, warn_, fail_;
};

// The share of the last minute in which all programs waited at once. The minute, not the ten
// seconds: a moment of waiting is daily life.
class Pressure : public Check {
 public:
  Pressure(const Roots& roots, const Settings& settings)
      : folder_(roots.proc + "/pressure/"),
        memory_warn_(percent(settings, "memory_pressure_warn_percent", 20)),
        memory_fail_(percent(settings, "memory_pressure_fail_percent", 60)),
        io_warn_(percent(settings, "io_pressure_warn_percent", 80)) {}

  void look(Call& call) override {
    look_at(call, {"memory", "memory.pressure", "memory", FH_REASON_NODE_MEMORY, memory_warn_,
                   memory_fail_});
    // A disk that is busy is no fault, so waiting for it never fails the node.
    look_at(call, {"io", "io.pressure", "disks", FH_REASON_NODE_LOAD, io_warn_, 1000});
  }

 private:
  struct Resource {
    const char *file, *check, *what, *reason;
    double warn, fail;
  };

  // A kernel with PSI switched off has the file and refuses to read it (EOPNOTSUPP).
  void look_at(Call& call, const Resource& resource) const {
    const Text file = read_text(folder_ + resource.file);
    if (file.status == FH_SAMPLE_NOT_SUPPORTED) return;
    const Reading now = full_minute(file.text);
    if (!file.ok() || !now.ok()) {
      return call.emit(
          unknown_record(resource.check, "the kernel's pressure figures are not readable"));
    }
    Worst worst(resource.check);
    const Measure measure{"full.avg60", now.value, FH_UNIT_PERCENT, {}, {}, resource.warn};
    if (now.value < resource.warn) {
      worst.add_ok({measure});
    } else {
      worst.add(now.value >= resource.fail ? FH_VERDICT_FAIL : FH_VERDICT_WARN, resource.reason,
                said("all programs waited for %s in %.0f %% of the last minute", resource.what,
                     now.value),
                {measure});
    }
    worst.emit(call);
  }

  // `full avg10=0.00 avg60=0.00 avg300=0.00 total=0`
  static Reading full_minute(std::string_view text) {
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      if (take_word(&line) != "full") continue;
      for (std::string_view word = take_word(&line); !word.empty(); word = take_word(&line)) {
        if (!word.starts_with("avg60=")) continue;
        const auto number = number_from(word.substr(6));
        return number ? within(good(*number), 0, 100) : no_reading(FH_SAMPLE_ERROR);
      }
    }
    return no_reading(FH_SAMPLE_ERROR);
  }

  std::string folder_;
  double memory_warn_, memory_fail_, io_warn_;
};

// A job that ran into its own limit is killed too, and is no fault of the node's. The kernel counts
// both in one number; the control groups' `oom` counts the limits that were met. So kills beside
// which no limit was met are the node's. Where both happen at once the kernel's log still tells
// (`kernel_log`), this check does not.
class Oom : public Check {
 public:
  explicit Oom(const Roots& roots) : roots_(roots) {}

  void look(Call& call) override {
    const Text vmstat = read_text(roots_.proc + "/vmstat");
    const Reading kills = value_of(vmstat.text, "oom_kill");
    if (kills.status == FH_SAMPLE_NOT_SUPPORTED && vmstat.status != FH_SAMPLE_NO_PERMISSION) return;
    if (!kills.ok()) {
      return call.emit(
          unknown_record("memory.oom", "the count of killed processes is not readable"));
    }
    kills_.look(kills);
    limits_.look(limits_met());
    if (kills_.grown() > 0 && limits_.grown() <= 0) nodes_ += kills_.grown();
    const double recent = recent_.look(good(nodes_));
    const Measure measure{"oom.kills", kills.value, FH_UNIT_NONE, {}, {}, {}};
    Worst worst("memory.oom");
    if (recent == 0) {
      worst.add_ok({measure});
    } else {
      worst.add(FH_VERDICT_WARN, FH_REASON_NODE_OOM,
                said("the kernel killed %.0f processes within ten minutes because memory ran out",
                     recent),
                {measure});
    }
    worst.emit(call);
  }

 private:
  // The groups below the root count for all below them (linux
  // Documentation/admin-guide/cgroup-v2.rst, memory.events).
  Reading limits_met() const {
    double sum = 0;
    const std::string root = roots_.sys + "/fs/cgroup/";
    for (const std::string& each : names_in(root)) {
      const Text events = read_text(root + each + "/memory.events");
      const Reading met = value_of(events.text, "oom");
      if (events.ok() && met.ok()) sum += met.value;
    }
    return good(sum);
  }

  Roots roots_;
  Growth kills_, limits_;
  double nodes_ = 0;
  Burst recent_{kOomWindowNs};
};

}  // namespace

std::unique_ptr<Check> memory_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Memory>(roots, settings);
}

std::unique_ptr<Check> pressure_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Pressure>(roots, settings);
}

std::unique_ptr<Check> oom_check(const Roots& roots) {
  return std::make_unique<Oom>(roots);
}

}  // namespace farmhand::node
