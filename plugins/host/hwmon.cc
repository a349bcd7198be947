// SPDX-License-Identifier: Apache-2.0
// /sys/class/hwmon: temperatures, power and fans; /sys/class/powercap: the processors' energy.
// hwmon3 may be hwmon5 after the next boot, so a sensor is named by its chip, the chip's place and
// its own label: `nvme@0000:03:00.0/Composite`.
#include <unistd.h>

#include <algorithm>

#include "file.hh"
#include "parse.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// Heat is slow, and some sensors sit behind slow buses.
constexpr uint32_t kIntervalMs = 5000;
constexpr size_t kSensorsMax = 256;

// A kind of sensor file: `temp1_input` begins with the prefix and ends with the suffix.
struct SensorKind {
  std::string_view prefix;
  std::string_view suffix;
  double scale;  // from the file's unit to ours
  Quantity quantity;
};

// clang-format off
constexpr SensorKind kKinds[] = {
    {"temp", "_input", 1e-3, {"hwmon.temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "sensor", "A temperature sensor.", kIntervalMs}},
    {"power", "_input", 1e-6, {"hwmon.power", FH_METRIC_GAUGE, FH_UNIT_WATT, "sensor", "A power sensor.", kIntervalMs}},
    {"power", "_average", 1e-6, {"hwmon.power", FH_METRIC_GAUGE, FH_UNIT_WATT, "sensor", "A power sensor.", kIntervalMs}},
    {"fan", "_input", 1, {"hwmon.fan", FH_METRIC_GAUGE, FH_UNIT_RPM, "sensor", "A fan.", kIntervalMs}},
};
constexpr Quantity kEnergy = {"cpu.energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "zone", "Energy used by a part of the processor."};
// clang-format on

// One number in one file, scaled.
struct Sensor {
  File file;
  double scale;
};

class Sensors : public Source {
 public:
  void read() override {
    for (size_t at = 0; at < sensors_.size(); ++at) {
      if (slot(at).wanted) read_one(&sensors_[at], &slot(at));
    }
  }

 protected:
  // The label is made unique: two chips without a place may have the same name.
  void add_sensor(const Quantity& quantity, std::string label, std::string path, double scale) {
    if (sensors_.size() == kSensorsMax) return;
    const auto taken = [&](const std::string& name) {
      return std::any_of(slots().begin(), slots().end(), [&](const Slot& other) {
        return std::string_view(other.quantity->name) == quantity.name && other.label_value == name;
      });
    };
    const std::string plain = label;
    for (int copy = 2; taken(label); ++copy) label = plain + "#" + std::to_string(copy);
    add(quantity, std::move(label));
    sensors_.push_back({File(std::move(path)), scale});
  }

  void forget() { sensors_.clear(); }

 private:
  static void read_one(Sensor* sensor, Slot* slot) {
    const Content content = sensor->file.read();
    slot->status = content.status;
    if (content.status != FH_SAMPLE_OK) return;
    const auto number = only_number_in(content.text);
    slot->status = FH_SAMPLE_ERROR;
    if (number) slot->set(*number * sensor->scale);
  }

  std::vector<Sensor> sensors_;
};

class Hwmon : public Sensors {
 public:
  explicit Hwmon(const Roots& roots) : class_(roots.sys + "/class/hwmon/") {}

 protected:
  void declare() override {
    forget();
    for (const std::string& chip : names_in(class_)) declare_chip(class_ + chip);
  }

 private:
  void declare_chip(const std::string& folder) {
    const std::vector<std::string> files = names_in(folder);
    std::string chip = word_in_file(folder + "/name");
    if (chip.empty()) chip = "unnamed";
    const std::string place = place_of(folder);
    if (!place.empty()) chip += "@" + place;
    for (const std::string& file : files) declare_file(folder, chip, files, file);
  }

  void declare_file(const std::string& folder, const std::string& chip,
                    const std::vector<std::string>& files, const std::string& file) {
    for (const SensorKind& kind : kKinds) {
      if (!file.starts_with(kind.prefix) || !file.ends_with(kind.suffix)) continue;
      const std::string sensor = file.substr(0, file.size() - kind.suffix.size());
      if (!number_from(std::string_view(sensor).substr(kind.prefix.size()))) continue;
      // A chip with both shows the same thing twice.
      if (kind.suffix == "_average" &&
          std::binary_search(files.begin(), files.end(), sensor + "_input")) {
        continue;
      }
      std::string label = word_in_file(folder + "/" + sensor + "_label");
      if (label.empty()) label = sensor;
      add_sensor(kind.quantity, chip + "/" + label, folder + "/" + file, kind.scale);
    }
  }

  // The name of the device the chip belongs to: a PCI address, `coretemp.0`, an i2c address.
  static std::string place_of(const std::string& folder) {
    char target[512];
    const ssize_t size = readlink((folder + "/device").c_str(), target, sizeof target);
    if (size <= 0) return {};
    const std::string_view path(target, static_cast<size_t>(size));
    return std::string(path.substr(path.rfind('/') + 1));
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
      if (access((folder + "/energy_uj").c_str(), F_OK) != 0) continue;
      const std::string name = word_in_file(folder + "/name");
      add_sensor(kEnergy, name.empty() ? zone : zone + "/" + name, folder + "/energy_uj", 1e-6);
    }
  }

 private:
  std::string class_;
};

}  // namespace

std::unique_ptr<Source> hwmon_source(const Roots& roots) {
  return std::make_unique<Hwmon>(roots);
}

std::unique_ptr<Source> powercap_source(const Roots& roots) {
  return std::make_unique<Powercap>(roots);
}

}  // namespace farmhand::node
