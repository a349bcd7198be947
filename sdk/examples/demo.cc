// SPDX-License-Identifier: Apache-2.0
// The smallest plugin in C++: one device, one temperature, read from a file.
#include <farmhand/plugin.hh>

#include <memory>

namespace {

class Demo {
 public:
  Demo(const farmhand::Host&, const farmhand::Settings& settings)
      : path_(settings.text("file", "/sys/class/thermal/thermal_zone0/temp")),
        excluded_(settings.excluded(kKey)) {
    settings.refuse_unknown({"file"});
  }

  void enumerate(farmhand::Call& call) {
    if (excluded_) return;
    fh_device device = farmhand::device_record(kHandle, kKey);
    device.model = farmhand::str("Demo One");
    call.emit(device);
    call.emit(farmhand::peak_record(kHandle, "int8", 1, "an example: no such product"));
  }

  void metrics(farmhand::Call& call) {
    require(call.device());
    call.emit(farmhand::metric_record(kTemperature, "temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS,
                                      "Of the demonstration."));
  }

  void sample(farmhand::Call& call, std::span<const uint32_t> ids) {
    require(call.device());
    for (const uint32_t id : ids) {
      const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path_.c_str(), "re"), &fclose);
      double milli = 0;
      if (id != kTemperature || !file) {
        call.missing(id, FH_SAMPLE_NOT_SUPPORTED);
      } else if (fscanf(file.get(), "%lf", &milli) != 1) {
        call.missing(id, FH_SAMPLE_ERROR);
      } else {
        call.sample(id, milli / 1000);
      }
    }
  }

 private:
  static constexpr uint32_t kHandle = 0;
  static constexpr uint32_t kTemperature = 0;
  static constexpr std::string_view kKey = "demo-0";
  void require(uint32_t device) const {
    if (device != kHandle) farmhand::fail(FH_E_INVALID, "there is no device %u", device);
  }

  std::string path_;
  bool excluded_;
};

}  // namespace

FARMHAND_PLUGIN(Demo, "demo", "acme", "1.0");
