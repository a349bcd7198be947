// SPDX-License-Identifier: Apache-2.0
#include "rig.hh"

#include <farmhand/call.hh>

#include "stage.hh"
#include "utf8.hh"

namespace farmhand::check {

namespace {

constexpr uint64_t kGraceMs = 1000;      // a machine under load, not the plugin's licence
constexpr uint32_t kLogLinesMax = 1000;  // in one life of an instance
constexpr size_t kSinksMax = 256;        // how far back an emit that comes too late is recognised
constexpr size_t kUnknownBytes = 64;     // of a newer host's struct

thread_local Sink* last_sink = nullptr;

// A longer struct than ours: the bytes past our end belong to a later minor.
template <class T>
struct Grown {
  T known;
  unsigned char unknown[kUnknownBytes];
};

template <class T>
T* lend_grown(Loan& loan, T value, const char* what) {
  Grown<T> grown{};
  grown.known = value;
  grown.known.struct_size = sizeof grown;
  memset(grown.unknown, 0xA5, sizeof grown.unknown);
  return &loan.lend(grown, what)->known;
}

// A shorter one: it ends, with its memory, where its struct_size says.
template <class T>
T* lend_sized(Loan& loan, T value, uint32_t size, bool newer, const char* what) {
  if (newer) return lend_grown(loan, value, what);
  if (size == 0 || size >= sizeof value) return loan.lend(value, what);
  value.struct_size = size;
  return static_cast<T*>(loan.lend(&value, size, what));
}

}  // namespace

Rig::Rig(const fh_plugin_entry& entry, Findings& findings, Settings settings, Mood given)
    : mood(given),
      entry_(entry),
      found_(findings),
      settings_(std::move(settings)),
      host_loan_(given.lending) {
  lend_host();
}

Rig::~Rig() {
  if (started_) stop();
  if (self_ != nullptr) destroy();
}

void Rig::lend_host() {
  fh_host host = made<fh_host>();
  host.abi_major = FH_ABI_MAJOR;
  host.abi_minor = mood.newer ? 99 : FH_ABI_MINOR;
  host.features = mood.newer ? UINT64_MAX : 0;
  host.ctx = this;
  host.log = on_log;
  host.emit = on_emit;
  host.cancelled = on_cancelled;
  host.query = on_query;
  host_ = lend_sized(host_loan_, host, mood.host_size, mood.newer, "fh_host");
}

const fh_config* Rig::lend_config(Loan& loan, std::span<const std::string> excluded) {
  const auto text = [&](const std::string& value, const char* what) {
    const void* const bytes = loan.lend(value.data(), value.size(), what);
    return fh_str{static_cast<const char*>(bytes), static_cast<uint32_t>(value.size()), 0};
  };
  std::vector<fh_setting> settings;
  for (const auto& [key, value] : settings_) {
    settings.push_back({text(key, "a setting's key"), text(value, "a setting's value")});
  }
  std::vector<fh_str> keys;
  for (const std::string& key : excluded) keys.push_back(text(key, "an excluded key"));
  fh_config config = made<fh_config>();
  config.setting_count = static_cast<uint32_t>(settings.size());
  config.excluded_count = static_cast<uint32_t>(keys.size());
  config.settings = static_cast<fh_setting*>(
      loan.lend(settings.data(), settings.size() * sizeof(fh_setting), "the settings"));
  config.excluded_keys = static_cast<fh_str*>(
      loan.lend(keys.data(), keys.size() * sizeof(fh_str), "the excluded keys"));
  return lend_sized(loan, config, mood.config_size, mood.newer, "fh_config");
}

int32_t Rig::control(const char* name, const std::function<int32_t(fh_error*)>& body) {
  Loan loan(mood.lending);
  fh_error* const given = lend_sized(loan, made<fh_error>(), 0, mood.newer, "fh_error");
  at("%s", name);
  const int32_t status = body(given);
  at_rest();
  check_status(name, status, *given);
  return status;
}

int32_t Rig::create(std::span<const std::string> excluded) {
  void* self = nullptr;
  const int32_t status = control("create", [&](fh_error* err) {
    Loan loan(mood.lending);
    return entry_.create(host_, lend_config(loan, excluded), &self, err);
  });
  if (status == FH_OK) self_ = self;
  return status;
}

int32_t Rig::start() {
  const int32_t status = control("start", [&](fh_error* err) { return entry_.start(self_, err); });
  started_ = status == FH_OK;
  return status;
}

int32_t Rig::stop() {
  started_ = false;
  const int32_t status = control("stop", [&](fh_error* err) { return entry_.stop(self_, err); });
  if (status != FH_OK) found_.add(Topic::kErrors, "stop failed (%d): stop always succeeds", status);
  return status;
}

void Rig::destroy() {
  at("destroy");
  entry_.destroy(self_);
  at_rest();
  self_ = nullptr;
}

const void* Rig::query(std::string_view id) {
  Loan loan(mood.lending);
  const void* const bytes = loan.lend(id.data(), id.size(), "the interface id");
  at("query('%.*s')", static_cast<int>(id.size()), id.data());
  const void* const table =
      entry_.query(self_, {static_cast<const char*>(bytes), static_cast<uint32_t>(id.size()), 0});
  at_rest();
  return table;
}

int32_t Rig::call(Op op, uint32_t device, const Body& body, std::span<const uint32_t> wanted) {
  Loan loan(mood.lending);
  Sink* sink = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (sinks_.size() >= kSinksMax && sinks_.front().closed()) sinks_.pop_front();
    sink = &sinks_.emplace_back(op, device, found_);
  }
  sink->wanted.assign(wanted.begin(), wanted.end());
  fh_call call = made<fh_call>();
  call.device = device;
  const uint64_t begin_ns = boottime_ns();
  call.deadline_boottime_ns = mood.deadline_ms == 0 ? 0 : begin_ns + mood.deadline_ms * 1'000'000;
  call.call_id = ++calls_;
  call.sink = sink;
  call.err = lend_sized(loan, made<fh_error>(), 0, mood.newer, "fh_error");
  const fh_call* const given = lend_sized(loan, call, 0, mood.newer, "fh_call");
  at(device == FH_NO_DEVICE ? "%s" : "%s, device %u", name_of(op), device);
  const int32_t status = body(self_, given, loan);
  at_rest();
  const uint64_t took_ms = (boottime_ns() - begin_ns) / 1'000'000;
  sink->close();
  last_sink = sink;
  if (took_ms > mood.deadline_ms + kGraceMs) {
    found_.add(Topic::kTime, "%s returned %llu ms after its deadline: give up in time", name_of(op),
               static_cast<unsigned long long>(took_ms - mood.deadline_ms));
  }
  check_status(name_of(op), status, *given->err);
  return status;
}

Sink& Rig::last() const {
  return *last_sink;
}

void Rig::check_status(const char* name, int32_t status, const fh_error& given) {
  if (status == FH_OK) return;
  if (status < 0 || status > FH_E_INTERNAL) {
    found_.add(Topic::kErrors, "%s returned %d, which is no status of abi.h", name, status);
  }
  const size_t length = strnlen(given.text, sizeof given.text);
  {
    const std::lock_guard lock(mutex_);
    error.assign(given.text, length);
  }
  if (length == sizeof given.text) {
    found_.add(Topic::kErrors, "%s left an error text without a closing NUL", name);
  } else if (length == 0) {
    if (status != FH_E_CANCELLED && status != FH_E_TIMEOUT && mood.emit_status == FH_OK) {
      found_.add(Topic::kErrors, "%s failed (%d) without a sentence in err->text", name, status);
    }
  } else if (!is_clean({given.text, length})) {
    found_.add(Topic::kErrors, "%s left an error text that is not UTF-8", name);
  }
}

void Rig::on_log(void* ctx, int32_t level, fh_str message) {
  Rig& rig = *static_cast<Rig*>(ctx);
  if (++rig.log_lines == kLogLinesMax) {
    rig.found_.add(Topic::kFlood, "it wrote %u log lines in a short life: log what is new",
                   kLogLinesMax);
  }
  if (level < FH_LOG_DEBUG || level > FH_LOG_ERROR) {
    rig.found_.add(Topic::kRecords, "it logged with level %d, which is not in abi.h", level);
  }
  if (!is_clean(view(message))) {
    rig.found_.add(Topic::kText, "it logged a line that is not UTF-8 without control characters");
  }
}

int32_t Rig::on_emit(void* ctx, void* sink, const fh_record* record) {
  Rig& rig = *static_cast<Rig*>(ctx);
  {
    const std::lock_guard lock(rig.mutex_);
    bool known = false;
    for (auto each = rig.sinks_.rbegin(); each != rig.sinks_.rend() && !known; ++each) {
      known = &*each == sink;
    }
    if (!known) {
      rig.found_.add(Topic::kLate, "it emitted with a sink that is no call's: pass call->sink");
      return FH_E_INVALID;
    }
  }
  if (rig.mood.emit_status != FH_OK && rig.emitted_++ >= rig.mood.emit_good) {
    return rig.mood.emit_status;
  }
  return static_cast<Sink*>(sink)->take(record);
}

int32_t Rig::on_cancelled(void* ctx, const fh_call*) {
  const Rig& rig = *static_cast<Rig*>(ctx);
  return rig.mood.always_cancelled || rig.cancelled ? 1 : 0;
}

const void* Rig::on_query(void*, fh_str) {
  return nullptr;
}

}  // namespace farmhand::check
