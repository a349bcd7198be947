// SPDX-License-Identifier: Apache-2.0
// `temperature`, `fans`: every hwmon chip against its own limits. An accelerator's chip is its own
// plugin's. Of the chips on mainboards many have inputs that nothing is connected to and limits
// that nobody has set; they are left out unless `sensors_skip` says otherwise.
#include <farmhand/checks.hh>
#include <farmhand/watch.hh>
#include <set>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr const char* kSkip = "nct*,it8*,w83*,f71*,f81*,asus*,acpitz*,applesmc*,dell_smm*";
constexpr uint32_t kAccelerator = 0x12;  // PCI base class: processing accelerator

struct Chip {
  std::string name;
  Hwmon sensors;
};

class Chips {
 public:
  Chips(const Roots& roots, const Settings& settings)
      : class_(roots.sys + "/class/hwmon/"), skip_(settings.list("sensors_skip", kSkip)) {}

  std::vector<Chip> list() const {
    std::vector<Chip> chips;
    for (const std::string& each : names_in(class_)) {
      const std::string folder = class_ + each;
      const std::string name = word_in_file(folder + "/name");
      const bool skipped = std::any_of(skip_.begin(), skip_.end(), [&](const std::string& pattern) {
        return matches(pattern, name);
      });
      const uint64_t code = find_hex(folder + "/device/class").value_or(0);
      if (skipped || code >> 16 == kAccelerator) continue;
      const std::string place = link_name(folder + "/device");
      chips.push_back({place.empty() ? name : name + "@" + place, read_hwmon(folder)});
    }
    return chips;
  }

 private:
  std::string class_;
  std::vector<std::string> skip_;
};

class Temperatures : public Check {
 public:
  Temperatures(const Roots& roots, const Settings& settings) : chips_(roots, settings) {}

  void look(Call& call) override {
    Worst worst("temperature");
    for (const Chip& chip : chips_.list()) {
      for (const Sensor& sensor : chip.sensors.sensors) {
        if (sensor.kind->unit == FH_UNIT_CELSIUS) look_at(chip.name, sensor, &worst);
      }
    }
    if (!known_.empty()) worst.emit(call);
  }

 private:
  // A sensor that never gave a value is none, and one that has nothing at the moment belongs to a
  // disk asleep; one that worked and now fails is not known.
  void look_at(const std::string& chip, const Sensor& sensor, Worst* into) {
    const std::string name = chip + "/" + sensor.name();
    const Heat heat = heat_of(sensor);
    if (!heat.now.ok()) {
      const bool asleep = heat.now.status == FH_SAMPLE_UNKNOWN;
      if (asleep || known_.count(name) == 0) return;
      return into->add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                       name + " is " + name_of_status(heat.now.status));
    }
    known_.insert(name);
    std::optional<double> most;
    for (const char* limit : {"crit", "max"}) {
      const Reading reading = read_limit(sensor, limit);
      if (reading.ok()) most = reading.value;
    }
    const Measure measure{
        "temperature" + dotted(name), heat.now.value, FH_UNIT_CELSIUS, name, {}, most};
    if (heat.verdict == FH_VERDICT_OK) return into->add_ok({measure});
    into->add(heat.verdict, FH_REASON_TEMPERATURE_HIGH, chip + ": " + heat.sentence, {measure});
  }

  Chips chips_;
  std::set<std::string> known_;
};

class Fans : public Check {
 public:
  Fans(const Roots& roots, const Settings& settings) : chips_(roots, settings) {}

  // A fan at rest is none that failed, unless its chip knows how fast it must turn or raises an
  // alarm.
  void look(Call& call) override {
    Worst worst("fans");
    for (const Chip& chip : chips_.list()) {
      for (const Sensor& sensor : chip.sensors.sensors) {
        if (sensor.kind->unit != FH_UNIT_RPM) continue;
        any_ = true;
        look_at(chip.name + "/" + sensor.name(), sensor, &worst);
      }
    }
    if (any_) worst.emit(call);
  }

 private:
  static void look_at(const std::string& name, const Sensor& sensor, Worst* into) {
    const Reading now = read_sensor(sensor);
    const Reading least = read_limit(sensor, "min");
    const bool faulty = find_integer(sensor.base + "_fault") == 1;
    const bool alarm = find_integer(sensor.base + "_alarm") == 1;
    const bool slow = now.ok() && least.ok() && least.value > 0 && now.value < least.value;
    std::vector<Measure> measures;
    if (now.ok()) {
      measures.push_back({"fan" + dotted(name), now.value, FH_UNIT_RPM, name, {}, {}});
      if (least.ok()) measures.back().least = least.value;
    }
    if (faulty || alarm || slow) {
      return into->add(faulty || (slow && now.value == 0) ? FH_VERDICT_FAIL : FH_VERDICT_WARN,
                       FH_REASON_FAN_FAILED,
                       faulty  ? name + " reports a fault"
                       : !slow ? name + " raises its alarm"
                               : said("%.80s turns at %.0f rpm, at least %.0f are needed",
                                      name.c_str(), now.value, least.value),
                       std::move(measures));
    }
    into->add_ok(std::move(measures));
  }

  Chips chips_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<Check> temperature_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Temperatures>(roots, settings);
}

std::unique_ptr<Check> fan_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Fans>(roots, settings);
}

}  // namespace farmhand::node
