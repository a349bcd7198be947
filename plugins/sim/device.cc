// SPDX-License-Identifier: Apache-2.0
#include "device.hh"

#include <cmath>
#include <limits>

#include "misery.hh"

namespace farmhand::sim {

Device::Device(Control& control, Identity identity, const Load& load, std::vector<Series> series)
    : control_(control),
      identity_(std::move(identity)),
      card_(*identity_.model, load, identity_.seed),
      series_(std::move(series)),
      counter_bases_(series_.size()),
      last_values_(series_.size()) {}

void Device::list(Call& call) {
  if (has(Fault::kVanish)) return;
  const Model& model = *identity_.model;
  fh_device record = device_record(identity_.index, identity_.key);
  record.numa_node = static_cast<int32_t>(identity_.index % 2);
  record.index = static_cast<int32_t>(identity_.index);
  record.vendor = str(model.vendor);
  record.model = str(model.name);
  record.serial = str(identity_.key);
  record.uuid = str(identity_.uuid);
  record.pci = str(identity_.pci);
  record.firmware = literal("sim-1.0");
  record.driver = literal("sim-1.0");
  record.note = literal("simulated");
  record.memory_bytes = model.memory_bytes;
  if (has(Fault::kNoPermission)) {
    record.state = FH_DEVICE_NO_PERMISSION;
    record.note = literal("simulated: the device node may not be opened");
  }
  if (has(Fault::kUnmanaged)) {
    record.state = FH_DEVICE_UNMANAGED;
    record.note = literal("simulated: no driver is bound to the device");
  }
  call.emit(record);
  for (const PeakFigure& peak : model.peaks) {
    call.emit(peak_record(identity_.index, peak.dtype, peak.tera_ops, peak.source));
  }
}

void Device::metrics(Call& call) {
  for (uint32_t id = 0; id < series_.size(); ++id) {
    const QuantityInfo& info = info_of(series_[id].quantity);
    fh_metric record = metric_record(id, info.name, info.metric_kind, info.unit, info.help);
    const std::string part = std::to_string(series_[id].part);
    record.label = str(info.label);
    if (record.label.len != 0) record.label_value = str(part);
    call.emit(record);
  }
}

void Device::sample(Call& call, std::span<const uint32_t> ids, uint64_t since_start_ns) {
  const Control::Lines lines = control_.lines();
  status_ = FH_SAMPLE_OK;
  garbage_ = false;
  bool restart = false, overheat = false, ecc = false;
  for (const FaultLine& line : *lines) {
    if (!line.is_for(identity_.index, identity_.key)) continue;
    restart = restart || line.fault == Fault::kCounterBackwards;
    overheat = overheat || line.fault == Fault::kOverheat;
    if (line.fault == Fault::kEcc && !ecc_) card_.add_uncorrected(line.number(1));
    ecc = ecc || line.fault == Fault::kEcc;
    suffer(line);
  }
  ecc_ = ecc;
  card_.set_overheating(overheat);
  card_.advance(since_start_ns);
  if (restart && !counters_restarted_) {
    for (uint32_t id = 0; id < series_.size(); ++id) counter_bases_[id] = reading(id);
  }
  counters_restarted_ = restart;
  if (garbage_) return emit_garbage(call, ids);
  if (status_ != FH_SAMPLE_STALE) last_boottime_ns_ = boottime_ns();
  for (const uint32_t id : ids) {
    if (id >= series_.size()) continue;
    if (status_ != FH_SAMPLE_STALE) last_values_[id] = counted(id);
    call.sample_with_status(id, status_, last_values_[id], last_boottime_ns_);
  }
}

// The faults that end the call, end the process, or change the status of all readings.
void Device::suffer(const FaultLine& line) {
  const auto still_on = [&] { return has(line.fault); };
  switch (line.fault) {
    case Fault::kCrash:
      crash();
    case Fault::kHang:
      return hang(still_on);
    case Fault::kSpin:
      return spin(still_on);
    case Fault::kSlow:
      return dawdle(line.number(300));
    case Fault::kDstate:
      return write_into_ice(line.argument);
    case Fault::kLeak:
      return leak(line.number(4));
    case Fault::kLost:
      fail(FH_E_DEVICE_LOST, "simulated: the device fell off the bus");
    case Fault::kVanish:
      fail(FH_E_DEVICE_LOST, "simulated: the device was pulled out");
    case Fault::kUnmanaged:
      fail(FH_E_UNSUPPORTED, "simulated: no driver is bound to the device");
    case Fault::kNoPermission:
      status_ = FH_SAMPLE_NO_PERMISSION;
      return;
    case Fault::kStale:
      status_ = FH_SAMPLE_STALE;
      return;
    case Fault::kGarbage:
      garbage_ = true;
      return;
    default:
      return;
  }
}

// Touches every page, or the kernel would give nothing.
void Device::leak(uint64_t mebibytes) {
  constexpr size_t kMebibyte = 1 << 20;
  for (uint64_t i = 0; i < mebibytes; ++i) {
    leaked_.push_back(std::make_unique<char[]>(kMebibyte));
    for (size_t at = 0; at < kMebibyte; at += 4096) leaked_.back()[at] = 1;
  }
}

// Everything a confused vendor library gives: numbers that are none, ids and kinds that nobody
// declared, statuses from the future. Past the SDK's checks on purpose; the host refuses what it
// may.
void Device::emit_garbage(Call& call, std::span<const uint32_t> ids) {
  constexpr double kNonsense[] = {std::numeric_limits<double>::quiet_NaN(),
                                  std::numeric_limits<double>::infinity(), -1e308, 1e308};
  fh_sample record = made<fh_sample>();
  record.kind = FH_RECORD_SAMPLE;
  for (size_t i = 0; i < ids.size(); ++i) {
    record.id = i % 5 == 4 ? 0xDEADBEEF : ids[i];
    record.status = i % 3 == 2 ? 99 : FH_SAMPLE_OK;
    record.value = kNonsense[i % 4];
    record.boottime_ns = i % 2 == 0 ? UINT64_MAX : 0;
    call.try_emit(record);
  }
  record.kind = 77;
  call.try_emit(record);
}

double Device::reading(uint32_t id) {
  return value_of(series_[id], card_);
}

// A counter that restarted goes on from zero, like the real thing after a reset.
double Device::counted(uint32_t id) {
  const bool counter = info_of(series_[id].quantity).metric_kind == FH_METRIC_COUNTER;
  return counter ? reading(id) - counter_bases_[id] : reading(id);
}

}  // namespace farmhand::sim
