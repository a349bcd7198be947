// SPDX-License-Identifier: Apache-2.0
// A small host for plugins in the test's own process: it drives the C entry and keeps what is
// emitted. It is as strict as the ABI: what a plugin may not emit is a failed CHECK.
#pragma once

#include <doctest.h>

#include <farmhand/diag.hh>
#include <farmhand/events.hh>
#include <farmhand/jobenv.hh>
#include <farmhand/slice.hh>
#include <map>
#include <string>
#include <utility>
#include <vector>

struct FakeDevice {
  fh_device raw;
  std::string key, vendor, model, note, serial, uuid, pci, firmware, driver;
  std::map<std::string, double> peaks;         // by dtype
  std::map<std::string, std::string> sources;  // by dtype
};

struct FakeMetric {
  uint32_t id;
  int32_t kind, unit;
  uint32_t interval_ms;
  std::string name, label, label_value, help;
};

struct FakeSample {
  int32_t status = FH_SAMPLE_UNKNOWN;
  double value = 0;
  uint64_t boottime_ns = 0;
};

struct FakeEvidence {
  double value, least, most;
  uint32_t bounds;
  std::string text;
};

struct FakeVerdict {
  int32_t verdict;
  std::string reason, sentence;
  std::map<std::string, FakeEvidence> evidence;
};

struct FakeEvent {
  uint32_t device;
  int32_t severity;
  int64_t vendor_code;
  std::string reason, sentence;
  std::map<std::string, double> evidence;
  std::map<std::string, std::string> texts;  // of the evidence
};

class FakeHost {
 public:
  FakeHost() {
    host = farmhand::made<fh_host>();
    host.abi_major = FH_ABI_MAJOR;
    host.abi_minor = FH_ABI_MINOR;
    host.ctx = this;
    host.log = [](void* ctx, int32_t, fh_str message) {
      of(ctx).logs.emplace_back(farmhand::view(message));
    };
    host.emit = [](void* ctx, void* sink, const fh_record* record) {
      CHECK(sink == ctx);
      return of(ctx).take(record);
    };
    host.cancelled = [](void* ctx, const fh_call*) { return of(ctx).cancelled ? 1 : 0; };
    host.query = [](void*, fh_str) -> const void* { return nullptr; };
    err = farmhand::made<fh_error>();
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost() { close(); }

  // Creates and starts; gives the first failing status.
  int32_t open(std::vector<std::pair<std::string, std::string>> settings,
               std::vector<std::string> excluded = {}) {
    std::vector<fh_setting> given;
    for (const auto& [key, value] : settings) {
      given.push_back({farmhand::str(key), farmhand::str(value)});
    }
    std::vector<fh_str> keys;
    for (const std::string& key : excluded) keys.push_back(farmhand::str(key));
    fh_config config = farmhand::made<fh_config>();
    config.settings = given.data();
    config.setting_count = static_cast<uint32_t>(given.size());
    config.excluded_keys = keys.data();
    config.excluded_count = static_cast<uint32_t>(keys.size());
    const int32_t status = farmhand_plugin_v1.create(&host, &config, &self_, &err);
    if (status != FH_OK) return status;
    return farmhand_plugin_v1.start(self_, &err);
  }

  void close() {
    if (self_ == nullptr) return;
    CHECK(farmhand_plugin_v1.stop(self_, &err) == FH_OK);
    farmhand_plugin_v1.destroy(self_);
    self_ = nullptr;
  }

  int32_t enumerate() {
    devices.clear();
    const fh_call call = call_for(FH_NO_DEVICE);
    return table<fh_devices>(FH_DEVICES_ID).enumerate(self_, &call);
  }

  int32_t declare(uint32_t device) {
    metrics.clear();
    const fh_call call = call_for(device);
    return table<fh_telemetry>(FH_TELEMETRY_ID).metrics(self_, &call);
  }

  int32_t sample(uint32_t device, const std::vector<uint32_t>& ids) {
    samples.clear();
    const fh_call call = call_for(device);
    const auto count = static_cast<uint32_t>(ids.size());
    return table<fh_telemetry>(FH_TELEMETRY_ID).sample(self_, &call, ids.data(), count);
  }

  // All that are declared.
  int32_t sample_all(uint32_t device) {
    std::vector<uint32_t> ids;
    for (const FakeMetric& metric : metrics) ids.push_back(metric.id);
    return sample(device, ids);
  }

  int32_t check(uint32_t device) {
    verdicts.clear();
    const fh_call call = call_for(device);
    return table<fh_health>(FH_HEALTH_ID).check(self_, &call);
  }

  // OK, FAIL and so on; -1: the check was not emitted.
  int32_t verdict(const std::string& check) const {
    const auto found = verdicts.find(check);
    return found == verdicts.end() ? -1 : found->second.verdict;
  }

  int32_t prepare(const std::vector<uint32_t>& devices) {
    std::vector<std::pair<uint32_t, std::string>> wholes;
    for (const uint32_t each : devices) wholes.emplace_back(each, "");
    return prepare_slices(wholes);
  }

  // Each a device and the key of its slice.
  int32_t prepare_slices(const std::vector<std::pair<uint32_t, std::string>>& parts) {
    nodes.clear();
    variables.clear();
    const fh_call call = call_for(FH_NO_DEVICE);
    std::vector<fh_leased> leased;
    for (const auto& [device, slice] : parts) leased.push_back({device, 0, farmhand::str(slice)});
    fh_lease lease = farmhand::made<fh_lease>();
    lease.id = farmhand::str("lease-1");
    lease.devices = leased.data();
    lease.device_count = static_cast<uint32_t>(leased.size());
    return table<fh_jobenv>(FH_JOBENV_ID).prepare(self_, &call, &lease);
  }

  int32_t list_slices(uint32_t device) {
    slices.clear();
    const fh_call call = call_for(device);
    return table<fh_slices>(FH_SLICE_ID).slices(self_, &call);
  }

  int32_t list_profiles(uint32_t device) {
    profiles.clear();
    const fh_call call = call_for(device);
    return table<fh_slices>(FH_SLICE_ID).profiles(self_, &call);
  }

  int32_t wait() {
    events.clear();
    const fh_call call = call_for(FH_NO_DEVICE);
    return table<fh_events>(FH_EVENTS_ID).wait(self_, &call);
  }

  int32_t list_tests(uint32_t device) {
    tests.clear();
    const fh_call call = call_for(device);
    return table<fh_diag>(FH_DIAG_ID).tests(self_, &call);
  }

  // The verdict and its evidence are in `verdicts` under the test's name.
  int32_t run_test(uint32_t device, const std::string& name, uint64_t budget_ms,
                   uint64_t seed = 1) {
    verdicts.clear();
    const fh_call call = call_for(device);
    fh_test_run run = farmhand::made<fh_test_run>();
    run.level = FH_LEVEL_QUICK;
    run.budget_ns = budget_ms * 1'000'000;
    run.seed = seed;
    run.name = farmhand::str(name);
    return table<fh_diag>(FH_DIAG_ID).run(self_, &call, &run);
  }

  const FakeMetric* find_metric(std::string_view name, std::string_view label_value = {}) const {
    for (const FakeMetric& metric : metrics) {
      if (metric.name == name && metric.label_value == label_value) return &metric;
    }
    return nullptr;
  }

  // The last sample of a series; UNKNOWN if it was not emitted or is not declared.
  FakeSample reading(std::string_view name, std::string_view label_value = {}) const {
    const FakeMetric* metric = find_metric(name, label_value);
    const auto found = metric == nullptr ? samples.end() : samples.find(metric->id);
    return found == samples.end() ? FakeSample{} : found->second;
  }

  // For a call of the test's own, such as one in a thread.
  void* self() const { return self_; }

  template <class Table>
  const Table& table(std::string_view id) const {
    const void* found = farmhand_plugin_v1.query(self_, farmhand::str(id));
    REQUIRE(found != nullptr);
    return *static_cast<const Table*>(found);
  }

  fh_call call_for(uint32_t device) {
    fh_call call = farmhand::made<fh_call>();
    call.device = device;
    call.deadline_boottime_ns = farmhand::boottime_ns() + deadline_ms * 1'000'000;
    call.call_id = ++calls_;
    call.sink = this;
    call.err = &err;
    err.text[0] = '\0';
    return call;
  }

  fh_host host;
  fh_error err;
  bool cancelled = false;
  bool lenient = false;  // count refused records instead of failing the test
  uint32_t refused = 0;
  uint64_t deadline_ms = 1000;
  std::vector<FakeDevice> devices;
  std::vector<FakeMetric> metrics;
  std::map<uint32_t, FakeSample> samples;
  std::vector<std::string> logs;
  std::map<std::string, FakeVerdict> verdicts;       // by check
  std::vector<std::string> nodes;                    // paths
  std::map<std::string, std::string> variables;      // by name
  std::map<std::string, uint32_t> tests;             // flags by name
  std::map<std::string, fh_slice> slices;            // by key
  std::map<std::string, fh_slice_profile> profiles;  // by name
  std::vector<FakeEvent> events;
  double progress = 0;

 private:
  static FakeHost& of(void* ctx) { return *static_cast<FakeHost*>(ctx); }

  static std::string copy(fh_str text) { return std::string(farmhand::view(text)); }

  int32_t refuse() {
    ++refused;
    CHECK(lenient);
    return FH_E_INVALID;
  }

  int32_t take(const fh_record* record) {
    switch (record->kind) {
      case FH_RECORD_DEVICE:
        return take_device(*reinterpret_cast<const fh_device*>(record));
      case FH_RECORD_PEAK:
        return take_peak(*reinterpret_cast<const fh_peak*>(record));
      case FH_RECORD_METRIC:
        return take_metric(*reinterpret_cast<const fh_metric*>(record));
      case FH_RECORD_SAMPLE:
        return take_sample(*reinterpret_cast<const fh_sample*>(record));
      case FH_RECORD_VERDICT:
        return take_verdict(*reinterpret_cast<const fh_verdict*>(record));
      case FH_RECORD_EVIDENCE:
        return take_evidence(*reinterpret_cast<const fh_evidence*>(record));
      case FH_RECORD_NODE:
        nodes.push_back(copy(reinterpret_cast<const fh_node*>(record)->path));
        return FH_OK;
      case FH_RECORD_VARIABLE: {
        const auto& given = *reinterpret_cast<const fh_variable*>(record);
        return variables.emplace(copy(given.name), copy(given.value)).second ? FH_OK : refuse();
      }
      case FH_RECORD_SLICE: {
        const auto& given = *reinterpret_cast<const fh_slice*>(record);
        return slices.emplace(copy(given.key), given).second ? FH_OK : refuse();
      }
      case FH_RECORD_SLICE_PROFILE: {
        const auto& given = *reinterpret_cast<const fh_slice_profile*>(record);
        return profiles.emplace(copy(given.name), given).second ? FH_OK : refuse();
      }
      case FH_RECORD_EVENT: {
        const auto& given = *reinterpret_cast<const fh_event*>(record);
        if (given.reason.len == 0 || given.sentence.len == 0) return refuse();
        last_is_event_ = true;
        events.push_back({given.device,
                          given.severity,
                          given.vendor_code,
                          copy(given.reason),
                          copy(given.sentence),
                          {},
                          {}});
        return FH_OK;
      }
      case FH_RECORD_TEST: {
        const auto& given = *reinterpret_cast<const fh_test*>(record);
        return tests.emplace(copy(given.name), given.flags).second ? FH_OK : refuse();
      }
      case FH_RECORD_PROGRESS: {
        const double percent = reinterpret_cast<const fh_progress*>(record)->percent;
        if (percent < progress || percent > 100) return refuse();
        progress = percent;
        return FH_OK;
      }
      default:
        return refuse();
    }
  }

  int32_t take_device(const fh_device& given) {
    if (given.struct_size != sizeof given || given.key.len == 0) return refuse();
    devices.push_back({given,
                       copy(given.key),
                       copy(given.vendor),
                       copy(given.model),
                       copy(given.note),
                       copy(given.serial),
                       copy(given.uuid),
                       copy(given.pci),
                       copy(given.firmware),
                       copy(given.driver),
                       {},
                       {}});
    return FH_OK;
  }

  int32_t take_peak(const fh_peak& given) {
    if (devices.empty() || devices.back().raw.handle != given.handle) return refuse();
    devices.back().peaks[copy(given.dtype)] = given.tera_ops;
    devices.back().sources[copy(given.dtype)] = copy(given.source);
    return FH_OK;
  }

  int32_t take_metric(const fh_metric& given) {
    if (given.struct_size != sizeof given || given.id >= 65536) return refuse();
    for (const FakeMetric& other : metrics) {
      const bool same = other.name == farmhand::view(given.name) &&
                        other.label_value == farmhand::view(given.label_value);
      if (other.id == given.id || same) return refuse();
    }
    metrics.push_back({given.id, given.metric_kind, given.unit, given.interval_ms, copy(given.name),
                       copy(given.label), copy(given.label_value), copy(given.help)});
    return FH_OK;
  }

  int32_t take_sample(const fh_sample& given) {
    const bool has_value = given.status == FH_SAMPLE_OK || given.status == FH_SAMPLE_STALE;
    if (given.status < 0 || given.status > FH_SAMPLE_UNKNOWN) return refuse();
    if (has_value && !std::isfinite(given.value)) return refuse();
    if (given.boottime_ns > farmhand::boottime_ns()) return refuse();
    samples[given.id] = {given.status, given.value, given.boottime_ns};
    return FH_OK;
  }

  // A check comes once in a call, and says why unless it is well.
  int32_t take_verdict(const fh_verdict& given) {
    last_check_ = copy(given.check);
    last_is_event_ = false;
    const bool reasoned = given.verdict == FH_VERDICT_OK || given.reason.len != 0;
    if (last_check_.empty() || !reasoned || verdicts.count(last_check_) != 0) return refuse();
    verdicts[last_check_] = {given.verdict, copy(given.reason), copy(given.sentence), {}};
    return FH_OK;
  }

  int32_t take_evidence(const fh_evidence& given) {
    if (last_is_event_) {
      events.back().evidence[copy(given.name)] = given.value;
      events.back().texts[copy(given.name)] = copy(given.text);
      return FH_OK;
    }
    if (verdicts.count(last_check_) == 0) return refuse();
    verdicts[last_check_].evidence[copy(given.name)] = {given.value, given.least, given.most,
                                                        given.bounds, copy(given.text)};
    return FH_OK;
  }

  std::string last_check_;
  bool last_is_event_ = false;
  void* self_ = nullptr;
  uint64_t calls_ = 0;
};
