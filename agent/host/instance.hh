// SPDX-License-Identifier: Apache-2.0
// The plugin in this process: each of its calls, wrapped. Before a call the page is written, after
// it the answer is checked and framed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "farmhand/devices.h"
#include "farmhand/events.h"
#include "farmhand/health.h"
#include "farmhand/telemetry.h"
#include "host/error_room.hh"
#include "host/library.hh"
#include "host/outbound.hh"
#include "host/services.hh"
#include "host/sink.hh"
#include "host/waiter.hh"
#include "plugin/call_page.hh"

namespace farmhand::host {

// One thing to do, for one device or for the plugin as a whole.
struct Job {
  frame::Operation operation = frame::Operation::kNone;
  uint32_t device = frame::kNoDevice;
  uint64_t id = 0;
  uint64_t deadline_boottime_ns = 0;
  std::vector<uint32_t> metric_ids;
};

// What a worker calls with.
struct Bench {
  CallSlot& slot;
  Sink sink;
  ErrorRoom room;
};

// What the agent says at the beginning.
struct Order {
  Expected expected;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> excluded_keys;
};

class Instance {
 public:
  // `events`: the page's slot for the thread that waits for events.
  Instance(Outbound& out, Order order, int library_fd, CallSlot& events)
      : out_(out),
        services_(out),
        order_(std::move(order)),
        library_fd_(library_fd),
        events_bench_{.slot = events, .sink = {}, .room = {}} {}

  // Runs the job and answers it. Start and stop are the caller's to serialise, and no two jobs may
  // run for one device at once.
  void run(const Job& job, Bench& bench);
  // Calls in progress are told to give up.
  void cancel_all() { services_.cancel_all(); }

 private:
  struct Outcome {
    int32_t status = FH_OK;
    uint64_t elapsed_ns = 0;
    fh_error error{};
  };
  template <typename Call>
  Outcome timed(const Job& job, Bench& bench, frame::Operation operation, Call call);
  template <typename Call>
  Outcome collected(const Job& job, Bench& bench, Call call);

  void start(const Job& job, Bench& bench);
  void stop(const Job& job, Bench& bench);
  void enumerate(const Job& job, Bench& bench);
  void metrics(const Job& job, Bench& bench);
  void sample(const Job& job, Bench& bench);
  void check(const Job& job, Bench& bench);
  Waiter::Result wait_for_events();

  Result<void> find_interfaces(const Job& job, Bench& bench);
  Outcome create(const Job& job, Bench& bench);
  void refuse(const Job& job, const Error& why);
  void answer_records(frame::Type type, const Job& job, Bench& bench, const Outcome& outcome);
  void answer_failure(const Job& job, frame::Operation operation, const Outcome& outcome,
                      std::string_view text = {});
  void complain(frame::Operation operation, Sink& sink);

  Outbound& out_;
  Services services_;
  const Order order_;
  const int library_fd_;
  fh_plugin_entry entry_{};
  void* self_ = nullptr;
  const fh_devices* devices_ = nullptr;
  const fh_telemetry* telemetry_ = nullptr;
  const fh_health* health_ = nullptr;
  const fh_events* events_ = nullptr;
  Bench events_bench_;
  uint64_t waits_ = 0;
  int32_t last_wait_ = FH_OK;  // a failure is told once, not every ten seconds
  Waiter waiter_;
};

}  // namespace farmhand::host
