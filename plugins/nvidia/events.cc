// SPDX-License-Identifier: Apache-2.0
#include "events.hh"

#include <time.h>

#include "xid.hh"

namespace farmhand::nvidia {

namespace {

// How soon a cancel is seen (events.h), and how long a new session waits for us at most.
constexpr uint32_t kStepMs = 40;
// An early end of the library's wait must not become a busy loop.
constexpr timespec kPause{0, kStepMs * 1'000'000};

constexpr uint64_t kWanted = nvml::kEventXid | nvml::kEventDoubleBit | nvml::kEventRetired |
                             nvml::kEventRetireFailed | nvml::kEventFatalPoison |
                             nvml::kEventUnavailable;

struct Kind {
  uint64_t type;
  int32_t severity;
  const char* reason;
  const char* meaning;
};

constexpr Kind kKinds[] = {
    {nvml::kEventDoubleBit, FH_SEVERITY_CRITICAL, FH_REASON_MEMORY_UNCORRECTED,
     "memory error beyond correction"},
    {nvml::kEventRetired, FH_SEVERITY_INFO, FH_REASON_MEMORY_REMAP_PENDING,
     "a part of the memory was taken out of use"},
    {nvml::kEventRetireFailed, FH_SEVERITY_CRITICAL, FH_REASON_MEMORY_REMAP_FAILED,
     "a part of the memory could not be taken out of use"},
    {nvml::kEventFatalPoison, FH_SEVERITY_CRITICAL, FH_REASON_MEMORY_UNCORRECTED,
     "poisoned data was used"},
    {nvml::kEventUnavailable, FH_SEVERITY_CRITICAL, FH_REASON_DEVICE_LOST,
     "the GPU became unavailable"}};

uint32_t handle_of(nvml::Device device, const std::vector<std::shared_ptr<const Card>>& cards) {
  for (const auto& each : cards) {
    if (each->managed() && each->device == device) return each->handle;
  }
  return FH_NO_DEVICE;
}

void emit_xid(Call& call, uint32_t handle, uint64_t number) {
  const Xid* xid = find_xid(number);
  const std::string code = "xid." + std::to_string(number);
  const std::string reason = xid != nullptr ? std::string(xid->reason) : "vendor.nvidia." + code;
  const std::string sentence =
      "XID " + std::to_string(number) + ": " +
      (xid != nullptr ? std::string(xid->meaning) : "not in the plugin's catalogue");
  fh_event record =
      event_record(handle, xid != nullptr ? xid->severity : FH_SEVERITY_ERROR, reason, sentence);
  record.vendor_code = static_cast<int64_t>(number);
  call.emit(record);
  call.emit(evidence_record("xid", static_cast<double>(number), FH_UNIT_NONE));
}

void emit_event(Call& call, uint32_t handle, const nvml::EventData& event) {
  if (event.type == nvml::kEventXid) return emit_xid(call, handle, event.data);
  for (const Kind& kind : kKinds) {
    if (event.type != kind.type) continue;
    return call.emit(event_record(handle, kind.severity, kind.reason, kind.meaning));
  }
  const std::string number = std::to_string(event.type);
  call.emit(event_record(handle, FH_SEVERITY_WARNING, "vendor.nvidia.event." + number,
                         "NVML event of type " + number + ", which this plugin does not know"));
}

}  // namespace

// Cards that came since, or whose handle is another one in this session, are added.
void Events::subscribe(const Nvml::Use& use,
                       const std::vector<std::shared_ptr<const Card>>& cards) {
  const nvml::Api& api = library_.api();
  if (set_ != nullptr && session_ != use.session()) {
    set_ = nullptr;  // it ended with its session
    registered_.clear();
  }
  session_ = use.session();
  if (set_ == nullptr) {
    const nvml::Ret code = api.event_set(&set_);
    if (code != nvml::kSuccess) {
      set_ = nullptr;
      fail(FH_E_INTERNAL, "no event set: %s", words_of(code).c_str());
    }
  }
  for (const auto& each : cards) {
    if (!each->managed() || registered_.count(each->device) != 0) continue;
    uint64_t types = 0;
    const bool offered = api.event_types(each->device, &types) == nvml::kSuccess &&
                         (types & kWanted) != 0 && types != ~0ull;
    registered_[each->device] =
        offered && api.register_events(each->device, types & kWanted, set_) == nvml::kSuccess;
  }
}

bool Events::next(const Nvml::Use& use, Call& call, nvml::EventData* event) {
  const bool any = std::any_of(registered_.begin(), registered_.end(),
                               [](const auto& each) { return each.second; });
  if (!use.ready() || !any) return false;
  const nvml::Ret code = library_.api().wait(set_, event, kStepMs);
  library_.note(code);
  if (code == nvml::kSuccess) return true;
  if (code == nvml::kTimeout) return false;
  if (is_lost(code)) fail(FH_E_DEVICE_LOST, "%s", words_of(code).c_str());
  if (code == nvml::kNoPermission) fail(FH_E_PERMISSION, "%s", words_of(code).c_str());
  call.check();
  fail(FH_E_INTERNAL, "waiting for events: %s", words_of(code).c_str());
}

void Events::wait(Call& call, Inventory& inventory) {
  for (;;) {
    call.check();
    const auto cards = inventory.cards();
    if (!library_.doubted()) {
      const Nvml::Use use(library_);
      const nvml::Api& api = library_.api();
      const bool offered = api.event_set != nullptr && api.event_types != nullptr &&
                           api.register_events != nullptr && api.wait != nullptr;
      if (use.ready() && !offered) fail(FH_E_UNSUPPORTED, "this NVML has no events");
      if (use.ready()) subscribe(use, cards);
      nvml::EventData event{};
      const uint64_t began_ns = boottime_ns();
      if (next(use, call, &event)) return emit_event(call, handle_of(event.device, cards), event);
      const bool waited = boottime_ns() - began_ns >= kStepMs * 500'000ull;
      if (waited) continue;
    }
    nanosleep(&kPause, nullptr);
  }
}

void Events::end() {
  const Nvml::Use use(library_);
  const bool ours = set_ != nullptr && use.ready() && session_ == use.session();
  if (ours && library_.api().event_set_free != nullptr) library_.api().event_set_free(set_);
  set_ = nullptr;
  registered_.clear();
}

}  // namespace farmhand::nvidia
