// SPDX-License-Identifier: Apache-2.0
#include "host/services.hh"

#include "host/library.hh"
#include "host/now.hh"
#include "host/sink.hh"
#include "plugin/text.hh"

namespace farmhand::host {

namespace {

constexpr size_t kLogBytesMax = 1024;
// A plugin may say 20 lines at once and 5 a second from then on; the rest is counted.
constexpr uint64_t kLinePauseNs = 200'000'000;
constexpr uint64_t kBurstNs = 20 * kLinePauseNs;

void log_service(void* ctx, int32_t level, fh_str message) {
  if (message.ptr == nullptr) return;
  static_cast<Services*>(ctx)->log(level, {message.ptr, message.len});
}

int32_t emit_service(void*, void* sink, const fh_record* record) {
  return sink == nullptr ? FH_E_INVALID : static_cast<Sink*>(sink)->take(record);
}

const void* query_service(void*, fh_str) {
  return nullptr;
}

constexpr std::string_view kTooTalkative =
    "it logs more than 20 lines at once or 5 a second; the rest was left out";

}  // namespace

const fh_host* Services::table() {
  table_.struct_size = sizeof table_;
  table_.abi_major = FH_ABI_MAJOR;
  table_.abi_minor = FH_ABI_MINOR;
  table_.features = kHostFeatures;
  table_.ctx = this;
  table_.log = log_service;
  table_.emit = emit_service;
  table_.cancelled = [](void* ctx, const fh_call* call) -> int32_t {
    if (static_cast<Services*>(ctx)->cancelled_) return 1;
    return call != nullptr && boottime_ns() >= call->deadline_boottime_ns ? 1 : 0;
  };
  table_.query = query_service;
  return &table_;
}

bool Services::may_log(uint32_t& dropped) {
  const std::lock_guard lock(log_mutex_);
  const uint64_t now_ns = boottime_ns();
  if (tokens_at_ns_ + kBurstNs < now_ns + kLinePauseNs)
    tokens_at_ns_ = now_ns + kLinePauseNs - kBurstNs;
  if (tokens_at_ns_ > now_ns) {
    dropped = ++dropped_;
    return false;
  }
  tokens_at_ns_ += kLinePauseNs;
  dropped = dropped_;
  dropped_ = 0;
  return true;
}

void Services::log(int32_t level, std::string_view message) {
  frame::Log line{.level = level, .dropped = 0};
  if (!may_log(line.dropped)) {
    if (line.dropped == 1) complain(kTooTalkative);
    return;
  }
  std::string body;
  append_string(body, cleaned_text(message, kLogBytesMax));
  out_.add(frame::Type::kLog, bytes_of(line), body);
  out_.flush();
}

void Services::complain(std::string_view sentence) {
  std::string body;
  append_string(body, cleaned_text(sentence, kLogBytesMax));
  out_.add(frame::Type::kComplaint, body);
}

}  // namespace farmhand::host
