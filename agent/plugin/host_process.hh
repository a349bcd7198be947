// SPDX-License-Identifier: Apache-2.0
// One farmhand-plugin-host from its start to its end: the process, the channel, the calls it owes
// an answer to and the page that tells what it is doing. It decides nothing; it reports.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hh"
#include "loop/child.hh"
#include "loop/loop.hh"
#include "loop/stream.hh"
#include "plugin/call_page.hh"
#include "plugin/package.hh"
#include "plugin/reply.hh"

namespace farmhand {

class HostProcess {
 public:
  struct Launch {
    std::string program;
    std::vector<std::string> env;
    int stderr_fd = -1;
    std::string identity;  // see identity.hh
    const VerifiedPlugin* plugin = nullptr;
    std::span<const std::pair<std::string, std::string>> settings;
    std::vector<std::string> excluded_keys;
    uint64_t start_deadline_ns = 0;  // boottime
  };

  // The call a host hangs in or died in.
  struct Fault {
    frame::Operation operation = frame::Operation::kNone;  // kNone: in no call at all
    uint32_t device = frame::kNoDevice;
  };

  // Any of these may destroy the host.
  struct Listener {
    virtual ~Listener() = default;
    virtual void on_started(HostProcess& host, const frame::Started& started) = 0;
    virtual void on_listed(HostProcess& host, std::vector<ListedDevice> devices) = 0;
    virtual void on_metrics(HostProcess& host, uint32_t device, std::vector<MetricInfo> all) = 0;
    virtual void on_samples(HostProcess& host, uint32_t device, std::span<const Sample> all) = 0;
    virtual void on_findings(HostProcess& host, uint32_t device, std::vector<Finding> all) = 0;
    // Each with the handle of its device.
    virtual void on_events(HostProcess& host,
                           std::vector<std::pair<uint32_t, PluginEvent>> events) = 0;
    virtual void on_failed(HostProcess& host, const CallFailure& failure) = 0;
    virtual void on_log(int32_t level, const std::string& line, uint32_t dropped) = 0;
    virtual void on_complaint(const std::string& sentence) = 0;
    virtual void on_call_time(uint64_t elapsed_ns) = 0;
    virtual void on_stopped(HostProcess& host) = 0;
    // It ended or must be ended; nothing comes after it. `how` is one sentence.
    virtual void on_ended(HostProcess& host, const Fault& fault, const std::string& how) = 0;
  };

  static Result<std::unique_ptr<HostProcess>> start(Loop& loop, const Clock& clock,
                                                    const Launch& launch, Listener& listener);
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  void enumerate(uint64_t deadline_ns);
  void ask_metrics(uint32_t device, uint64_t deadline_ns);
  void check(uint32_t device, uint64_t deadline_ns);  // kNoDevice: driver and library
  // Gathered until `send_samples`.
  void ask_samples(uint32_t device, std::span<const uint32_t> ids, uint64_t deadline_ns);
  void send_samples();
  void stop();  // orderly; answered by on_stopped

  // The earliest deadline of a call that is not answered; nothing: none is due.
  std::optional<uint64_t> next_deadline_ns() const;
  // Whom to blame when one has passed: of the calls the workers are in, the one that has been
  // running longest, for the others may only be waiting for what it holds.
  std::optional<Fault> find_overdue(uint64_t now_ns) const;

  // Calls for no device: their answers are not waited for any more.
  void forget_calls_for_none();
  // The plugin should have come back from waiting for events long ago.
  bool waits_too_long(uint64_t now_ns) const;

  // Ends the process and what it started. From now on the listener hears nothing, `on_gone` is
  // called once when the kernel has let go of it.
  void kill(std::function<void()> on_gone);

  pid_t pid() const { return pid_; }
  bool alive() const { return alive_; }
  uint64_t cpu_ns() const;     // so far
  uint64_t rss_bytes() const;  // now

 private:
  struct Awaited {
    uint64_t id;
    uint64_t deadline_ns;
    frame::Operation operation;
    uint32_t device;
  };
  struct Unmap {
    void operator()(const CallPage* page) const;
  };
  HostProcess(const Clock& clock, Listener& listener) : clock_(clock), listener_(&listener) {}

  Result<void> spawn(Loop& loop, const Launch& launch);
  void say_hello(const Launch& launch);
  void call(frame::Type type, frame::Operation operation, uint32_t device, uint64_t deadline_ns);
  uint64_t await(frame::Operation operation, uint32_t device, uint64_t deadline_ns);
  void forget(uint64_t id);
  void send(std::string bytes);
  void on_bytes(std::string_view bytes);
  bool on_frame(frame::Type type, std::string_view content);
  bool on_reply(frame::Type type, std::string_view content);
  bool on_events_frame(std::string_view content);
  bool on_failure_frame(std::string_view content);
  bool on_log_frame(std::string_view content);
  bool on_complaint_frame(std::string_view content);
  bool on_started_frame(std::string_view content);
  void on_exit(Child::Exit exit);
  void end(const Fault& fault, const std::string& how);
  Fault fault_at_death() const;

  const Clock& clock_;
  Listener* listener_;  // null once killed or ended
  std::unique_ptr<const CallPage, Unmap> page_;
  std::optional<Stream> channel_;
  std::optional<Child> child_;
  std::function<void()> on_gone_;
  pid_t pid_ = 0;
  bool alive_ = false;
  std::string in_;
  std::string samples_;  // the content of the next kSample
  std::vector<Awaited> awaited_;
  std::vector<Sample> readings_;
  uint64_t last_id_ = frame::kHelloCallId;
  std::shared_ptr<bool> destroyed_ = std::make_shared<bool>(false);
};

}  // namespace farmhand
