// SPDX-License-Identifier: Apache-2.0
// /sys/class/hwmon: temperatures, power and fans; /sys/class/powercap: the processors' energy.
// hwmon3 may be hwmon5 after the next boot, so a sensor is named by its chip, the chip's place and
// its own label: `nvme@0000:03:00.0/Composite`.
#include <algorithm>
#include <farmhand/hwmon.hh>

#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// Heat is slow, and some sensors sit behind slow buses.
constexpr uint32_t kIntervalMs = 5000;
constexpr size_t kSensorsMax = 256;

// What the node shows of a chip: the quantity by the prefix of the sensor's files. A card's
// voltages and currents are for its own plugin.
struct Shown {
  std::string_view prefix;
  Quantity quantity;
};

// clang-format off
constexpr Shown kShown[] = {
    {"temp", {"hwmon.temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "sensor", "A temperature sensor.", kIntervalMs}},
    {"power", {"hwmon.power", FH_METRIC_GAUGE, FH_UNIT_WATT, "sensor", "A power sensor.", kIntervalMs}},
    {"fan", {"hwmon.fan", FH_METRIC_GAUGE, FH_UNIT_RPM, "sensor", "A fan.", kIntervalMs}},
};
constexpr Plausible kJoules = {0, 1e15, 0, true};
constexpr Quantity kEnergy = {"cpu.energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "zone", "Energy used by a part of the processor."};
// clang-format on

// One number in one file, in our unit within the bounds.
struct Gauge {
  File file;
  double factor;
  Plausible plausible;
};

class Sensors : public Source {
 public:
  void read() override {
    for (size_t at = 0; at < gauges_.size(); ++at) {
      if (slot(at).wanted) read_one(&gauges_[at], &slot(at));
    }
  }

 protected:
  // The label is made unique: two chips without a place may have the same name.
  void add_gauge(const Quantity& quantity, std::string label, Gauge gauge) {
    if (gauges_.size() == kSensorsMax) return;
    const auto taken = [&](const std::string& name) {
      return std::any_of(slots().begin(), slots().end(), [&](const Slot& other) {
        return std::string_view(other.quantity->name) == quantity.name && other.label_value == name;
      });
    };
    const std::string plain = label;
    for (int copy = 2; taken(label); ++copy) label = plain + "#" + std::to_string(copy);
    add(quantity, std::move(label));
    gauges_.push_back(std::move(gauge));
  }

  void forget() { gauges_.clear(); }

 private:
  static void read_one(Gauge* gauge, Slot* slot) {
    const Content content = gauge->file.read();
    slot->status = content.status;
    if (content.status != FH_SAMPLE_OK) return;
    const auto number = only_number_in(content.text);
    const Reading reading = checked(good(number.value_or(NAN) * gauge->factor), gauge->plausible);
    slot->status = reading.status;
    slot->value = reading.value;
  }

  std::vector<Gauge> gauges_;
};

class Chips : public Sensors {
 public:
  explicit Chips(const Roots& roots) : class_(roots.sys + "/class/hwmon/") {}

 protected:
  void declare() override {
    forget();
    for (const std::string& chip : names_in(class_)) declare_chip(class_ + chip);
  }

 private:
  void declare_chip(const std::string& folder) {
    const Hwmon chip = read_hwmon(folder);
    std::string name = chip.name.empty() ? "unnamed" : chip.name;
    // A PCI address, `coretemp.0`, an i2c address.
    const std::string place = link_name(folder + "/device");
    if (!place.empty()) name += "@" + place;
    for (const Sensor& sensor : chip.sensors) declare_sensor(name, sensor);
  }

  void declare_sensor(const std::string& chip, const Sensor& sensor) {
    for (const Shown& each : kShown) {
      if (each.prefix != sensor.kind->prefix) continue;
      add_gauge(each.quantity, chip + "/" + sensor.name(),
                {File(sensor.value), sensor.kind->factor, sensor.kind->plausible});
    }
  }

  std::string class_;
};

// Zones such as `intel-rapl:0` (package-0) and `intel-rapl:0:1`. Mostly root's alone to read, then
// the series says so.
class Powercap : public Sensors {
 public:
  explicit Powercap(const Roots& roots) : class_(roots.sys + "/class/powercap/") {}

 protected:
  void declare() override {
    forget();
    for (const std::string& zone : names_in(class_)) {
      const std::string folder = class_ + zone;
      if (!exists(folder + "/energy_uj")) continue;
      const std::string name = word_in_file(folder + "/name");
      add_gauge(kEnergy, name.empty() ? zone : zone + "/" + name,
                {File(folder + "/energy_uj"), 1e-6, kJoules});
    }
  }

 private:
  std::string class_;
};

}  // namespace

std::unique_ptr<Source> hwmon_source(const Roots& roots) {
  return std::make_unique<Chips>(roots);
}

std::unique_ptr<Source> powercap_source(const Roots& roots) {
  return std::make_unique<Powercap>(roots);
}

}  // namespace farmhand::node
