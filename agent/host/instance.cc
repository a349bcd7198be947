// SPDX-License-Identifier: Apache-2.0
#include "host/instance.hh"

#include <string_view>
#include <utility>

#include "host/interfaces.hh"
#include "host/now.hh"
#include "plugin/text.hh"

namespace farmhand::host {

namespace {

using frame::Operation;

// Calls of `wait` are numbered apart: nobody asked for them.
constexpr uint64_t kWaitCallIds = uint64_t{1} << 62;
constexpr uint64_t kWaitNs = 1'000'000'000;

fh_str str_of(std::string_view text) {
  return {.ptr = text.data(), .len = static_cast<uint32_t>(text.size()), .reserved0 = 0};
}

}  // namespace

void Instance::run(const Job& job, Bench& bench) {
  switch (job.operation) {
    case Operation::kStart:
      return start(job, bench);
    case Operation::kStop:
      return stop(job, bench);
    case Operation::kEnumerate:
      return enumerate(job, bench);
    case Operation::kMetrics:
      return metrics(job, bench);
    case Operation::kCheck:
      return check(job, bench);
    default:
      return sample(job, bench);
  }
}

template <typename Call>
Instance::Outcome Instance::timed(const Job& job, Bench& bench, Operation operation, Call call) {
  Outcome outcome;
  fh_error& error = bench.room.clear();
  const uint64_t begin_ns = boottime_ns();
  bench.slot.enter(job.id, operation, job.device, begin_ns);
  outcome.status = call(error);
  bench.slot.leave();
  outcome.elapsed_ns = boottime_ns() - begin_ns;
  if (outcome.status < FH_OK || outcome.status > FH_E_INTERNAL) outcome.status = FH_E_INTERNAL;
  outcome.error = bench.room.error();
  outcome.error.text[sizeof outcome.error.text - 1] = '\0';
  if (!bench.room.is_whole()) {
    services_.complain(std::string(name_of(operation)) + " wrote past the end of fh_error");
  }
  return outcome;
}

// A [worker] call: with a deadline, and with what it emits.
template <typename Call>
Instance::Outcome Instance::collected(const Job& job, Bench& bench, Call call) {
  if (boottime_ns() >= job.deadline_boottime_ns) {
    Outcome late{.status = FH_E_TIMEOUT, .elapsed_ns = 0, .error = {}};
    constexpr std::string_view kText = "the call waited for others until its deadline";
    kText.copy(late.error.text, sizeof late.error.text - 1);
    return late;
  }
  bench.sink.open(job.operation, job.metric_ids, order_.excluded_keys);
  const Outcome outcome = timed(job, bench, job.operation, [&](fh_error& error) {
    const fh_call args{.struct_size = sizeof args,
                       .device = job.device,
                       .deadline_boottime_ns = job.deadline_boottime_ns,
                       .call_id = job.id,
                       .sink = &bench.sink,
                       .err = &error};
    return call(&args);
  });
  bench.sink.close();
  complain(job.operation, bench.sink);
  return outcome;
}

void Instance::complain(Operation operation, Sink& sink) {
  if (sink.take_late()) {
    services_.complain("a record was emitted after its call had returned; it was left out");
  }
  if (sink.complaint().empty()) return;
  std::string line(name_of(operation));
  line.append(" emitted ").append(sink.complaint()).append("; it was left out");
  services_.complain(line);
}

Result<void> Instance::find_interfaces(const Job& job, Bench& bench) {
  const auto find = [&](std::string_view id) { return entry_.query(self_, str_of(id)); };
  bench.slot.enter(job.id, Operation::kQuery, job.device, boottime_ns());
  auto checked = check_interfaces(find, order_.expected);
  if (checked) {
    devices_ = static_cast<const fh_devices*>(find(FH_DEVICES_ID));
    telemetry_ = static_cast<const fh_telemetry*>(find(FH_TELEMETRY_ID));
    health_ = static_cast<const fh_health*>(find(FH_HEALTH_ID));
    events_ = static_cast<const fh_events*>(find(FH_EVENTS_ID));
  }
  bench.slot.leave();
  return checked;
}

Instance::Outcome Instance::create(const Job& job, Bench& bench) {
  std::vector<fh_setting> settings;
  for (const auto& [key, value] : order_.settings) {
    settings.push_back({.key = str_of(key), .value = str_of(value)});
  }
  std::vector<fh_str> excluded;
  for (const std::string& key : order_.excluded_keys) excluded.push_back(str_of(key));
  const fh_config config{.struct_size = sizeof config,
                         .setting_count = static_cast<uint32_t>(settings.size()),
                         .settings = settings.data(),
                         .excluded_keys = excluded.data(),
                         .excluded_count = static_cast<uint32_t>(excluded.size()),
                         .reserved0 = 0};
  return timed(job, bench, Operation::kCreate, [&](fh_error& error) {
    return entry_.create(services_.table(), &config, &self_, &error);
  });
}

void Instance::start(const Job& job, Bench& bench) {
  // Loading runs the library's constructors: a crash there is the plugin's too.
  bench.slot.enter(job.id, Operation::kLoad, job.device, boottime_ns());
  const auto entry = load_library(library_fd_, order_.expected);
  bench.slot.leave();
  if (!entry) return refuse(job, entry.error());
  entry_ = *entry;
  const Outcome created = create(job, bench);
  if (created.status != FH_OK) return answer_failure(job, Operation::kCreate, created);
  if (auto found = find_interfaces(job, bench); !found) return refuse(job, found.error());
  const Outcome started = timed(job, bench, Operation::kStart,
                                [&](fh_error& error) { return entry_.start(self_, &error); });
  if (started.status != FH_OK) return answer_failure(job, Operation::kStart, started);
  const frame::Started answer{.flags = entry_.flags,
                              .abi_major = entry_.abi_major,
                              .abi_minor = entry_.abi_minor,
                              .interfaces = (devices_ != nullptr ? frame::kHasDevices : 0) |
                                            (telemetry_ != nullptr ? frame::kHasTelemetry : 0) |
                                            (health_ != nullptr ? frame::kHasHealth : 0) |
                                            (events_ != nullptr ? frame::kHasEvents : 0)};
  out_.add(frame::Type::kStarted, bytes_of(answer));
  if (events_ != nullptr) waiter_.start([this] { return wait_for_events(); });
}

// The package is at fault: there is no use in trying it again.
void Instance::refuse(const Job& job, const Error& why) {
  const Outcome refused{.status = FH_E_INVALID, .elapsed_ns = 0, .error = {}};
  answer_failure(job, Operation::kLoad, refused, why.message);
}

void Instance::stop(const Job& job, Bench& bench) {
  waiter_.stop();
  if (self_ != nullptr || devices_ != nullptr) {
    timed(job, bench, Operation::kStop,
          [&](fh_error& error) { return entry_.stop(self_, &error); });
    timed(job, bench, Operation::kDestroy, [&](fh_error&) {
      entry_.destroy(self_);
      return FH_OK;
    });
  }
  out_.add(frame::Type::kStopped, {});
}

void Instance::enumerate(const Job& job, Bench& bench) {
  if (devices_ == nullptr) {
    const Outcome none{.status = FH_E_UNSUPPORTED, .elapsed_ns = 0, .error = {}};
    return answer_failure(job, job.operation, none, "the plugin does not offer farmhand.devices/1");
  }
  answer_records(frame::Type::kDevices, job, bench, collected(job, bench, [&](const fh_call* call) {
                   return devices_->enumerate(self_, call);
                 }));
}

void Instance::metrics(const Job& job, Bench& bench) {
  if (telemetry_ == nullptr) {
    bench.sink.open(job.operation, {}, {});
    bench.sink.close();
    return answer_records(frame::Type::kMetricList, job, bench, Outcome{});
  }
  answer_records(
      frame::Type::kMetricList, job, bench,
      collected(job, bench, [&](const fh_call* call) { return telemetry_->metrics(self_, call); }));
}

void Instance::sample(const Job& job, Bench& bench) {
  if (telemetry_ == nullptr) {
    const Outcome none{.status = FH_E_UNSUPPORTED, .elapsed_ns = 0, .error = {}};
    return answer_failure(job, job.operation, none,
                          "the plugin does not offer farmhand.telemetry/1");
  }
  const Outcome outcome = collected(job, bench, [&](const fh_call* call) {
    return telemetry_->sample(self_, call, job.metric_ids.data(),
                              static_cast<uint32_t>(job.metric_ids.size()));
  });
  if (outcome.status != FH_OK) return answer_failure(job, job.operation, outcome);
  const frame::Reply head{.id = job.id,
                          .elapsed_ns = outcome.elapsed_ns,
                          .device = job.device,
                          .count = static_cast<uint32_t>(job.metric_ids.size())};
  out_.add(frame::Type::kSamples, bytes_of(head), bench.sink.readings());
}

void Instance::check(const Job& job, Bench& bench) {
  if (health_ == nullptr) {
    const Outcome none{.status = FH_E_UNSUPPORTED, .elapsed_ns = 0, .error = {}};
    return answer_failure(job, job.operation, none, "the plugin does not offer farmhand.health/1");
  }
  answer_records(
      frame::Type::kFindings, job, bench,
      collected(job, bench, [&](const fh_call* call) { return health_->check(self_, call); }));
}

// One call of `wait`, on the waiter's thread.
Waiter::Result Instance::wait_for_events() {
  const Job job{.operation = Operation::kWait,
                .device = frame::kNoDevice,
                .id = kWaitCallIds + ++waits_,
                .deadline_boottime_ns = boottime_ns() + kWaitNs,
                .metric_ids = {}};
  Bench& bench = events_bench_;
  const Outcome outcome =
      collected(job, bench, [&](const fh_call* call) { return events_->wait(self_, call); });
  const bool quiet = outcome.status == FH_E_TIMEOUT || outcome.status == FH_E_CANCELLED;
  const bool told = std::exchange(last_wait_, outcome.status) == outcome.status;
  if (outcome.status != FH_OK && !quiet && !told) answer_failure(job, job.operation, outcome);
  if (outcome.status == FH_OK && bench.sink.count() > 0) {
    answer_records(frame::Type::kEvents, job, bench, outcome);
  }
  out_.flush();
  return {.status = outcome.status, .events = outcome.status == FH_OK ? bench.sink.count() : 0};
}

void Instance::answer_records(frame::Type type, const Job& job, Bench& bench,
                              const Outcome& outcome) {
  if (outcome.status != FH_OK) return answer_failure(job, job.operation, outcome);
  if (bench.sink.overflown()) {
    const Outcome much{.status = FH_E_INVALID, .elapsed_ns = outcome.elapsed_ns, .error = {}};
    return answer_failure(job, job.operation, much, "the call emitted more than 4 MiB");
  }
  const frame::Reply head{.id = job.id,
                          .elapsed_ns = outcome.elapsed_ns,
                          .device = job.device,
                          .count = bench.sink.count()};
  out_.add(type, bytes_of(head), bench.sink.records());
}

void Instance::answer_failure(const Job& job, Operation operation, const Outcome& outcome,
                              std::string_view text) {
  const frame::Failure head{.id = job.id,
                            .elapsed_ns = outcome.elapsed_ns,
                            .vendor_code = outcome.error.vendor_code,
                            .device = job.device,
                            .status = outcome.status,
                            .operation = operation,
                            .reserved0 = 0};
  std::string body;
  append_string(body, cleaned_text(text.empty() ? outcome.error.text : text, 1024));
  out_.add(frame::Type::kFailed, bytes_of(head), body);
}

}  // namespace farmhand::host
