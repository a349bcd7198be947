// SPDX-License-Identifier: Apache-2.0
// A plugin with every interface, over two cards that exist only here: what each method is for, and
// what it owes the host. A real one asks its hardware where this one answers from memory.
#include <farmhand/plugin.hh>

#include <chrono>
#include <thread>

namespace {

using farmhand::Call;

constexpr uint32_t kCards = 2;
constexpr uint32_t kCores = 4;
constexpr uint32_t kTemperature = 0;
constexpr uint32_t kPower = 1;

std::string key_of(uint32_t card) {
  return "FULL-000" + std::to_string(card);
}

class Full {
 public:
  Full(const farmhand::Host&, const farmhand::Settings& settings) : settings_(settings) {
    settings.refuse_unknown({});
  }

  void enumerate(Call& call) {
    for (uint32_t card = 0; card < kCards; ++card) {
      const std::string key = key_of(card);
      if (settings_.excluded(key)) continue;
      fh_device device = farmhand::device_record(card, key);
      device.model = farmhand::str("Full One");
      device.serial = farmhand::str(key);
      call.emit(device);
    }
  }

  void metrics(Call& call) {
    require(call);
    call.emit(farmhand::metric_record(kTemperature, "temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS,
                                      "Of the chip."));
    call.emit(farmhand::metric_record(kPower, "power", FH_METRIC_GAUGE, FH_UNIT_WATT,
                                      "Drawn by the card."));
  }

  void sample(Call& call, std::span<const uint32_t> ids) {
    require(call);
    for (const uint32_t id : ids) {
      if (id == kTemperature) call.sample(id, 41.5);
      if (id == kPower) call.sample(id, 39);
      if (id > kPower) call.missing(id, FH_SAMPLE_NOT_SUPPORTED);
    }
  }

  // Every check each time, whether it is well or not.
  void check(Call& call) {
    if (call.device() == FH_NO_DEVICE) return call.emit(farmhand::ok_record("driver"));
    require(call);
    call.emit(farmhand::ok_record("temperature"));
    call.emit(farmhand::evidence_record("temperature", 41.5, FH_UNIT_CELSIUS));
    call.emit(farmhand::verdict_record("link", FH_VERDICT_WARN, FH_REASON_LINK_DEGRADED,
                                       "the link runs at x8 instead of x16"));
  }

  // Sleeps in short steps, so that it sees a cancel soon.
  void wait(Call& call) {
    for (;;) {
      call.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  void prepare(Call& call, const farmhand::Lease& lease) {
    std::string visible;
    for (const farmhand::Leased& each : lease.devices) {
      require(each.device);
      const std::string number = std::to_string(each.device);
      call.emit(farmhand::node_record("/dev/full" + number));
      visible += (visible.empty() ? "" : ",") + number;
    }
    call.emit(farmhand::variable_record("FULL_VISIBLE_DEVICES", visible));
  }

  // There is nothing to take back, whether or not it was ever prepared.
  void release(Call&, const farmhand::Lease&) {}

  void tests(Call& call) {
    require(call);
    call.emit(farmhand::test_record("memory.bandwidth", FH_LEVEL_QUICK,
                                    FH_TEST_NEEDS_IDLE | FH_TEST_USES_BUDGET,
                                    "Copies and compares."));
  }

  void run(Call& call, const farmhand::TestRun& run) {
    require(call);
    if (run.name != "memory.bandwidth") {
      farmhand::fail(FH_E_INVALID, "there is no test '%s'", run.name.c_str());
    }
    for (int percent = 0; percent <= 100; percent += 25) {
      call.check();
      call.emit(farmhand::progress_record(percent));
    }
    call.emit(farmhand::ok_record(run.name));
    call.emit(
        farmhand::measured_record("memory.bandwidth", 1.5e12, FH_UNIT_BYTE_PER_SECOND, 1.4e12));
  }

  void resets(Call& call) {
    require(call);
    call.emit(farmhand::reset_record(FH_RESET_CONTEXT, 0, "Drops hung contexts."));
  }

  void reset(Call& call, int32_t reset_kind) {
    require(call);
    if (reset_kind != FH_RESET_CONTEXT) farmhand::fail(FH_E_UNSUPPORTED, "only contexts");
  }

  // Cores that are always there: a job simply opens its part.
  void slices(Call& call) {
    require(call);
    for (uint32_t core = 0; core < kCores; ++core) {
      const std::string key = key_of(call.device()) + "/cores/" + std::to_string(core);
      fh_slice slice = farmhand::slice_record(key, "1core", FH_SLICE_FIXED);
      slice.core_first = core;
      slice.core_count = 1;
      slice.core_total = kCores;
      call.emit(slice);
    }
  }

  void profiles(Call& call) {
    require(call);
    call.emit(farmhand::profile_record("1core", 1, kCores, "One core."));
  }

  void divide(Call& call, std::span<const std::string>) {
    require(call);
    farmhand::fail(FH_E_UNSUPPORTED, "the cores are always there");
  }

 private:
  static void require(uint32_t device) {
    if (device >= kCards) farmhand::fail(FH_E_INVALID, "there is no device %u", device);
  }
  static void require(const Call& call) { require(call.device()); }

  farmhand::Settings settings_;
};

}  // namespace

FARMHAND_PLUGIN(Full, "full", "acme", "1.0");
