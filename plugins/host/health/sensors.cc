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

// A chip's files are looked for once a minute: most of the work is in finding them.
constexpr uint64_t kScanEveryNs = 60'000'000'000;

class SensorCheck : public Check {
 public:
  SensorCheck(const Roots& roots, const Settings& settings)
      : class_(roots.sys + "/class/hwmon/"), skip_(settings.list("sensors_skip", kSkip)) {}

  void look(Call& call) override {
    const uint64_t now_ns = boottime_ns();
    if (scanned_ns_ == 0 || now_ns - scanned_ns_ >= kScanEveryNs) {
      scan();
      scanned_ns_ = now_ns;
    }
    Worst temperature("temperature"), fans("fans");
    for (const auto& [name, sensor] : sensors_) {
      if (sensor.kind->unit == FH_UNIT_CELSIUS) judge_heat(name, sensor, &temperature);
      if (sensor.kind->unit == FH_UNIT_RPM) judge_fan(name, sensor, &fans);
    }
    if (!known_.empty()) temperature.emit(call);
    if (any_fan_) fans.emit(call);
  }

 private:
  void scan() {
    sensors_.clear();
    for (const std::string& each : names_in(class_)) {
      const std::string folder = class_ + each;
      const std::string chip = word_in_file(folder + "/name");
      const bool skipped = std::any_of(skip_.begin(), skip_.end(), [&](const std::string& pattern) {
        return matches(pattern, chip);
      });
      const uint64_t code = find_hex(folder + "/device/class").value_or(0);
      if (skipped || code >> 16 == kAccelerator) continue;
      const std::string place = link_name(folder + "/device");
      for (Sensor& sensor : read_hwmon(folder).sensors) {
        any_fan_ = any_fan_ || sensor.kind->unit == FH_UNIT_RPM;
        sensors_.emplace_back(chip + (place.empty() ? "" : "@" + place), std::move(sensor));
      }
    }
  }

  // A sensor that never gave a value is none, one that has nothing at the moment belongs to a disk
  // asleep, and one whose file is gone was pulled out; one that worked and now fails is not known.
  void judge_heat(const std::string& chip, const Sensor& sensor, Worst* into) {
    const std::string name = chip + "/" + sensor.name();
    const Heat heat = heat_of(sensor);
    if (!heat.now.ok()) {
      const bool absent = heat.now.status == FH_SAMPLE_UNKNOWN || !exists(sensor.value);
      if (absent || known_.count(name) == 0) return;
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

  // A fan at rest is none that failed, unless its chip knows how fast it must turn or raises an
  // alarm.
  static void judge_fan(const std::string& chip, const Sensor& sensor, Worst* into) {
    const std::string name = chip + "/" + sensor.name();
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
    if (!faulty && !alarm && !slow) return into->add_ok(std::move(measures));
    std::string sentence = name + (faulty ? " reports a fault" : " raises its alarm");
    if (!faulty && slow) {
      sentence = said("%.80s turns at %.0f rpm, at least %.0f are needed", name.c_str(), now.value,
                      least.value);
    }
    into->add(faulty || (slow && now.value == 0) ? FH_VERDICT_FAIL : FH_VERDICT_WARN,
              FH_REASON_FAN_FAILED, std::move(sentence), std::move(measures));
  }

  std::string class_;
  std::vector<std::string> skip_;
  uint64_t scanned_ns_ = 0;
  std::vector<std::pair<std::string, Sensor>> sensors_;  // with their chips' names
  std::set<std::string> known_;
  bool any_fan_ = false;
};

}  // namespace

std::unique_ptr<Check> sensor_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<SensorCheck>(roots, settings);
}

}  // namespace farmhand::node
