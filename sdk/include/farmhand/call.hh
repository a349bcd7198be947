// SPDX-License-Identifier: Apache-2.0
// The host as a plugin sees it: the log, and the call in progress with its deadline and its
// records.
#pragma once

#include <time.h>

#include <cmath>

#include "farmhand/devices.h"
#include "farmhand/failure.hh"
#include "farmhand/telemetry.h"

namespace farmhand {

// CLOCK_BOOTTIME: the ABI's only clock.
inline uint64_t boottime_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

// The host's services. Lives as long as the instance; every function may be called from any thread.
class Host {
 public:
  explicit Host(const fh_host* given) : raw_(taken(given)) {}

  void log(int32_t level, std::string_view message) const {
    if (raw_.log != nullptr) raw_.log(raw_.ctx, level, str(clean(message)));
  }
  void info(std::string_view message) const { log(FH_LOG_INFO, message); }
  void warn(std::string_view message) const { log(FH_LOG_WARN, message); }

  const fh_host& raw() const { return raw_; }

 private:
  fh_host raw_;
};

// One [worker] call; ends with it.
class Call {
 public:
  Call(const Host& host, const fh_call* given)
      : host_(host.raw()), given_(given), call_(taken(given)) {}

  uint32_t device() const { return call_.device; }
  uint64_t id() const { return call_.call_id; }
  uint64_t deadline_ns() const { return call_.deadline_boottime_ns; }
  fh_error* err() const { return call_.err; }

  bool cancelled() const {
    return host_.cancelled != nullptr && host_.cancelled(host_.ctx, given_) == 1;
  }

  // What is left until the deadline: the time-out for the vendor's call. Never negative.
  uint64_t remaining_ns() const {
    const uint64_t now = boottime_ns();
    return now < call_.deadline_boottime_ns ? call_.deadline_boottime_ns - now : 0;
  }

  // For loops over slow steps: ends the call when the host gave up or the time is over.
  void check() const {
    if (cancelled()) fail(FH_E_CANCELLED, "cancelled by the host");
    if (remaining_ns() == 0) fail(FH_E_TIMEOUT, "the deadline passed");
  }

  // Gives one record: fh_device, fh_sample, fh_verdict, …
  template <class Record>
  void emit(const Record& record) {
    const int32_t status = try_emit(record);
    if (status != FH_OK) throw Failure(status, "the host did not take a record");
  }

  // For a caller that goes on when the host refuses the record.
  template <class Record>
  int32_t try_emit(const Record& record) {
    return host_.emit(host_.ctx, call_.sink, reinterpret_cast<const fh_record*>(&record));
  }

  // A good reading. A value that is not finite is the source's nonsense, not a reading.
  void sample(uint32_t id, double value, uint64_t at_boottime_ns = 0) {
    sample_with_status(id, std::isfinite(value) ? FH_SAMPLE_OK : FH_SAMPLE_ERROR, value,
                       at_boottime_ns);
  }

  // A reading that is not there, and why.
  void missing(uint32_t id, int32_t status) { sample_with_status(id, status, 0, 0); }

  // The value counts for FH_SAMPLE_OK and FH_SAMPLE_STALE only.
  void sample_with_status(uint32_t id, int32_t status, double value, uint64_t at_boottime_ns) {
    fh_sample record = made<fh_sample>();
    record.kind = FH_RECORD_SAMPLE;
    record.id = id;
    record.status = status;
    record.value = std::isfinite(value) ? value : 0;
    record.boottime_ns = at_boottime_ns;
    emit(record);
  }

 private:
  const fh_host& host_;
  const fh_call* given_;
  fh_call call_;
};

// Empty records with kind and size set, and "not known" where that is not zero.
inline fh_device device_record(uint32_t handle, std::string_view key) {
  fh_device record = made<fh_device>();
  record.kind = FH_RECORD_DEVICE;
  record.handle = handle;
  record.device_kind = FH_DEVICE_ACCELERATOR;
  record.numa_node = -1;
  record.index = -1;
  record.key = str(key);
  return record;
}

inline fh_peak peak_record(uint32_t handle, std::string_view dtype, double tera_ops,
                           std::string_view source) {
  fh_peak record = made<fh_peak>();
  record.kind = FH_RECORD_PEAK;
  record.handle = handle;
  record.tera_ops = tera_ops;
  record.dtype = str(dtype);
  record.source = str(source);
  return record;
}

inline fh_metric metric_record(uint32_t id, std::string_view name, int32_t kind, int32_t unit,
                               std::string_view help) {
  fh_metric record = made<fh_metric>();
  record.kind = FH_RECORD_METRIC;
  record.id = id;
  record.metric_kind = kind;
  record.unit = unit;
  record.name = str(name);
  record.help = str(help);
  return record;
}

}  // namespace farmhand
