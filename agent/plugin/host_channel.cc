// SPDX-License-Identifier: Apache-2.0
// The channel half of HostProcess: frames out, frames in.
#include <algorithm>
#include <utility>

#include "plugin/frame_bytes.hh"
#include "plugin/host_process.hh"
#include "plugin/text.hh"

namespace farmhand {

namespace {

constexpr size_t kSampleBytesKept = 64 << 10;

}  // namespace

void HostProcess::say_hello(const Launch& launch) {
  const PluginManifest& manifest = launch.plugin->manifest;
  const frame::Hello hello{.version = frame::kVersion,
                           .setting_count = static_cast<uint32_t>(launch.settings.size()),
                           .excluded_count = static_cast<uint32_t>(launch.excluded_keys.size()),
                           .interface_count = static_cast<uint32_t>(manifest.interfaces.size()),
                           .flags = manifest.flags,
                           .abi_minor = manifest.abi_minor,
                           .reserved0 = 0,
                           .reserved1 = 0};
  std::string body;
  for (const auto& text : {manifest.id, manifest.vendor, manifest.version}) {
    frame::append_string(body, text);
  }
  for (const std::string& id : manifest.interfaces) frame::append_string(body, id);
  for (const auto& [key, value] : launch.settings) {
    frame::append_string(body, key);
    frame::append_string(body, value);
  }
  for (const std::string& key : launch.excluded_keys) frame::append_string(body, key);
  awaited_.push_back({.id = frame::kHelloCallId,
                      .deadline_ns = launch.start_deadline_ns,
                      .operation = frame::Operation::kStart,
                      .device = frame::kNoDevice});
  std::string bytes;
  frame::append_frame(bytes, frame::Type::kHello, frame::bytes_of(hello), body);
  send(std::move(bytes));
}

uint64_t HostProcess::await(frame::Operation operation, uint32_t device, uint64_t deadline_ns) {
  awaited_.push_back(
      {.id = ++last_id_, .deadline_ns = deadline_ns, .operation = operation, .device = device});
  return last_id_;
}

void HostProcess::forget(uint64_t id) {
  const auto found = std::find_if(awaited_.begin(), awaited_.end(),
                                  [&](const Awaited& call) { return call.id == id; });
  if (found == awaited_.end()) return;
  *found = awaited_.back();
  awaited_.pop_back();
}

void HostProcess::send(std::string bytes) {
  if (channel_) channel_->write(std::move(bytes));
}

void HostProcess::call(frame::Type type, frame::Operation operation, uint32_t device,
                       uint64_t deadline_ns) {
  const frame::Call call{.id = await(operation, device, deadline_ns),
                         .deadline_boottime_ns = deadline_ns,
                         .device = device,
                         .count = 0};
  std::string bytes;
  frame::append_frame(bytes, type, frame::bytes_of(call));
  send(std::move(bytes));
}

void HostProcess::enumerate(uint64_t deadline_ns) {
  call(frame::Type::kEnumerate, frame::Operation::kEnumerate, frame::kNoDevice, deadline_ns);
}

void HostProcess::ask_metrics(uint32_t device, uint64_t deadline_ns) {
  call(frame::Type::kMetrics, frame::Operation::kMetrics, device, deadline_ns);
}

void HostProcess::check(uint32_t device, uint64_t deadline_ns) {
  call(frame::Type::kCheck, frame::Operation::kCheck, device, deadline_ns);
}

void HostProcess::ask_samples(uint32_t device, std::span<const uint32_t> ids,
                              uint64_t deadline_ns) {
  const frame::Call call{.id = await(frame::Operation::kSample, device, deadline_ns),
                         .deadline_boottime_ns = deadline_ns,
                         .device = device,
                         .count = static_cast<uint32_t>(ids.size())};
  samples_.append(frame::bytes_of(call));
  samples_.append(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
  if (samples_.size() > kSampleBytesKept) send_samples();
}

void HostProcess::send_samples() {
  if (samples_.empty()) return;
  std::string bytes;
  bytes.reserve(sizeof(frame::Header) + samples_.size());
  frame::append_frame(bytes, frame::Type::kSample, samples_);
  samples_.clear();
  send(std::move(bytes));
}

void HostProcess::stop() {
  std::string bytes;
  frame::append_frame(bytes, frame::Type::kStop, {});
  send(std::move(bytes));
}

void HostProcess::on_bytes(std::string_view bytes) {
  const std::shared_ptr<bool> destroyed = destroyed_;
  const bool carried = !in_.empty();
  if (carried) in_.append(bytes);
  std::string_view left = carried ? in_ : bytes;
  const bool sound = frame::take_frames(left, [&](frame::Type type, std::string_view content) {
    return on_frame(type, content) && !*destroyed && listener_ != nullptr;
  });
  if (*destroyed || listener_ == nullptr) return;
  if (!sound) {
    return end({}, "the plugin host sent what no plugin host sends: its memory is damaged");
  }
  if (carried) in_.erase(0, in_.size() - left.size());
  if (!carried) in_.assign(left);
}

// False: malformed.
bool HostProcess::on_frame(frame::Type type, std::string_view content) {
  switch (type) {
    case frame::Type::kStarted:
      return on_started_frame(content);
    case frame::Type::kFailed:
      return on_failure_frame(content);
    case frame::Type::kDevices:
    case frame::Type::kMetricList:
    case frame::Type::kSamples:
    case frame::Type::kFindings:
      return on_reply(type, content);
    case frame::Type::kEvents:
      return on_events_frame(content);
    case frame::Type::kLog:
      return on_log_frame(content);
    case frame::Type::kComplaint:
      return on_complaint_frame(content);
    case frame::Type::kStopped:
      listener_->on_stopped(*this);
      return true;
    default:
      return false;
  }
}

bool HostProcess::on_started_frame(std::string_view content) {
  frame::Started started;
  if (!frame::take(content, started)) return false;
  forget(frame::kHelloCallId);
  listener_->on_started(*this, started);
  return true;
}

bool HostProcess::on_failure_frame(std::string_view content) {
  const auto failure = take_failure(content);
  if (!failure) return false;
  forget(failure->head.id);
  listener_->on_failed(*this, *failure);
  return true;
}

bool HostProcess::on_log_frame(std::string_view content) {
  frame::Log head;
  std::string line;
  if (!frame::take(content, head) || !frame::take_string(content, line)) return false;
  listener_->on_log(head.level, line, head.dropped);
  return true;
}

bool HostProcess::on_complaint_frame(std::string_view content) {
  std::string sentence;
  if (!frame::take_string(content, sentence) || !is_clean_text(sentence)) return false;
  listener_->on_complaint(sentence);
  return true;
}

bool HostProcess::on_events_frame(std::string_view content) {
  frame::Reply head;
  if (!frame::take(content, head)) return false;
  auto events = take_events(content, clock_.boottime_ns());
  if (events) listener_->on_events(*this, std::move(*events));
  return events.has_value();
}

bool HostProcess::on_reply(frame::Type type, std::string_view content) {
  frame::Reply head;
  if (!frame::take(content, head)) return false;
  forget(head.id);
  listener_->on_call_time(head.elapsed_ns);
  if (type == frame::Type::kSamples) {
    readings_.clear();
    if (!take_readings(content, clock_.boottime_ns(), readings_)) return false;
    listener_->on_samples(*this, head.device, readings_);
    return true;
  }
  if (type == frame::Type::kFindings) {
    auto findings = take_findings(content, clock_.boottime_ns());
    if (findings) listener_->on_findings(*this, head.device, std::move(*findings));
    return findings.has_value();
  }
  if (type == frame::Type::kDevices) {
    auto devices = take_devices(content);
    if (devices) listener_->on_listed(*this, std::move(*devices));
    return devices.has_value();
  }
  auto metrics = take_metrics(content);
  if (metrics) listener_->on_metrics(*this, head.device, std::move(*metrics));
  return metrics.has_value();
}

}  // namespace farmhand
