// SPDX-License-Identifier: Apache-2.0
// A source is a part of the node that is read together, mostly one file: it declares slots, one per
// series, and fills them.
#pragma once

#include <farmhand/telemetry.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace farmhand::node {

// Where the trees lie; others than the real ones in tests and in containers.
struct Roots {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string file_systems;  // put before each mount point
  std::string top;           // put before /run, /etc, /boot, /lib and /dev
};

// What is the same for all series of a name.
struct Quantity {
  const char* name;
  int32_t metric_kind;
  int32_t unit;
  const char* label;  // empty: one series
  const char* help;
  uint32_t interval_ms = 0;
};

struct Slot {
  const Quantity* quantity;
  std::string label_value;
  uint32_t id = 0;  // given by the Node
  bool wanted = false;
  int32_t status = FH_SAMPLE_UNKNOWN;
  double value = 0;
  uint64_t boottime_ns = 0;  // 0: the time of the call

  void set(double reading) {
    status = FH_SAMPLE_OK;
    value = reading;
  }
};

class Source {
 public:
  virtual ~Source() = default;

  // Declares what is there now; slots of before are gone.
  void scan() {
    slots_.clear();
    declare();
  }
  // Fills the slots, at least the wanted ones.
  virtual void read() = 0;

  std::vector<Slot>& slots() { return slots_; }

 protected:
  virtual void declare() = 0;

  void add(const Quantity& quantity, std::string label_value = {}) {
    slots_.push_back({.quantity = &quantity, .label_value = std::move(label_value)});
  }
  void set_all(int32_t status) {
    for (Slot& slot : slots_) slot.status = status;
  }
  Slot& slot(size_t at) { return slots_[at]; }

 private:
  std::vector<Slot> slots_;
};

// Which cores get series of their own.
enum class Cores { kAll, kUtilization, kNone };

std::unique_ptr<Source> cpu_source(const Roots& roots, Cores cores);
std::unique_ptr<Source> load_source(const Roots& roots);
std::unique_ptr<Source> uptime_source(const Roots& roots);
std::unique_ptr<Source> process_source(const Roots& roots);
std::unique_ptr<Source> memory_source(const Roots& roots);
// `resource` is `cpu`, `memory` or `io`.
std::unique_ptr<Source> pressure_source(const Roots& roots, const std::string& resource);
std::unique_ptr<Source> disk_source(const Roots& roots, std::vector<std::string> skip);
std::unique_ptr<Source> file_system_source(const Roots& roots);
std::unique_ptr<Source> network_source(const Roots& roots, std::vector<std::string> skip);
std::unique_ptr<Source> hwmon_source(const Roots& roots);
std::unique_ptr<Source> powercap_source(const Roots& roots);

}  // namespace farmhand::node
