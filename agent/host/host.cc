// SPDX-License-Identifier: Apache-2.0
#include "host/host.hh"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "host/privilege.hh"

namespace farmhand::host {

namespace {

using frame::take;
using frame::take_string;

// A call that blocks is noticed after one millisecond; while it goes on we look less often.
constexpr int kPauseMinMs = 1;
constexpr int kPauseMaxMs = 16;

bool take_order(std::string_view in, Order& order) {
  frame::Hello hello;
  if (!take(in, hello) || hello.version != frame::kVersion) return false;
  if (!take_string(in, order.expected.id) || !take_string(in, order.expected.vendor) ||
      !take_string(in, order.expected.version)) {
    return false;
  }
  order.expected.flags = hello.flags;
  order.expected.abi_minor = hello.abi_minor;
  for (uint32_t i = 0; i < hello.interface_count; ++i) {
    if (!take_string(in, order.expected.interfaces.emplace_back())) return false;
  }
  for (uint32_t i = 0; i < hello.setting_count; ++i) {
    auto& [key, value] = order.settings.emplace_back();
    if (!take_string(in, key) || !take_string(in, value)) return false;
  }
  for (uint32_t i = 0; i < hello.excluded_count; ++i) {
    if (!take_string(in, order.excluded_keys.emplace_back())) return false;
  }
  return true;
}

}  // namespace

void Host::run() {
  for (;;) wait();
}

void Host::wait() {
  pollfd channel{.fd = channel_fd_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&channel, 1, pause_ms_);
  if (ready > 0) {
    read();
    pause_ms_ = kPauseMinMs;
  } else if (ready == 0) {
    pause_ms_ = crew_ && crew_->tend() ? std::min(pause_ms_ * 2, kPauseMaxMs) : -1;
  }
}

void Host::read() {
  std::array<char, 16 << 10> chunk;
  const ssize_t n = ::recv(channel_fd_, chunk.data(), chunk.size(), 0);
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) end_group();  // the agent is gone
  in_.append(chunk.data(), static_cast<size_t>(n));
  take_frames();
  if (crew_) crew_->begin();
}

void Host::take_frames() {
  std::string_view left = in_;
  const auto take_one = [&](frame::Type type, std::string_view content) {
    return on_frame(type, content);
  };
  if (!frame::take_frames(left, take_one)) end_group();
  in_.erase(0, in_.size() - left.size());
}

// False: not what an agent of our own build says. There is nobody to tell it to.
bool Host::on_frame(frame::Type type, std::string_view content) {
  if (type == frame::Type::kHello) return on_hello(content);
  if (!crew_) return false;
  switch (type) {
    case frame::Type::kEnumerate:
      return on_call(frame::Operation::kEnumerate, content);
    case frame::Type::kMetrics:
      return on_call(frame::Operation::kMetrics, content);
    case frame::Type::kCheck:
      return on_call(frame::Operation::kCheck, content);
    case frame::Type::kSample:
      return on_sample(content);
    case frame::Type::kStop:
      return on_stop();
    default:
      return false;
  }
}

bool Host::on_hello(std::string_view content) {
  Order order;
  if (crew_ || !take_order(content, order)) return false;
  instance_.emplace(out_, std::move(order), library_fd_, page_.slots[kWaiter]);
  crew_.emplace(*instance_, out_, page_);
  auto job = crew_->blank();
  job->operation = frame::Operation::kStart;
  job->device = frame::kNoDevice;
  job->id = frame::kHelloCallId;
  crew_->submit(std::move(job));
  return true;
}

bool Host::on_call(frame::Operation operation, std::string_view content) {
  frame::Call call;
  if (!take(content, call)) return false;
  auto job = crew_->blank();
  job->operation = operation;
  job->device = call.device;
  job->id = call.id;
  job->deadline_boottime_ns = call.deadline_boottime_ns;
  crew_->submit(std::move(job));
  return true;
}

bool Host::on_sample(std::string_view content) {
  while (!content.empty()) {
    frame::Call call;
    if (!take(content, call)) return false;
    const auto ids = take_bytes(content, size_t{call.count} * sizeof(uint32_t));
    if (!ids) return false;
    auto job = crew_->blank();
    job->operation = frame::Operation::kSample;
    job->device = call.device;
    job->id = call.id;
    job->deadline_boottime_ns = call.deadline_boottime_ns;
    job->metric_ids.resize(call.count);
    if (call.count > 0) std::memcpy(job->metric_ids.data(), ids->data(), ids->size());
    crew_->submit(std::move(job));
  }
  return true;
}

bool Host::on_stop() {
  instance_->cancel_all();
  auto job = crew_->blank();
  job->operation = frame::Operation::kStop;
  job->device = frame::kNoDevice;
  job->id = frame::kHelloCallId;
  crew_->stop(std::move(job));
  return true;
}

}  // namespace farmhand::host
