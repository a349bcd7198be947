// SPDX-License-Identifier: Apache-2.0
// What can be asked on the control socket: one table, one file per verb. The documents are
// described in README.md; members are added, never renamed and never removed.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/json.hh"
#include "base/result.hh"
#include "control/request.hh"
#include "control/view.hh"

namespace farmhand {

using Reply = std::function<void(Result<std::string>)>;  // the document; called exactly once

struct Verb {
  std::string_view name;
  bool owner_only;  // root and the agent's own user; what changes something or may show secrets
  void (*run)(const StatusView&, const Request&, const Reply&);
};

std::span<const Verb> verbs();

class Verbs {
 public:
  explicit Verbs(const StatusView& view) : view_(view) {}  // outlives this

  // `reply` may run before this returns, or later.
  void run(const Request& request, bool owner, const Reply& reply) const;

 private:
  const StatusView& view_;
};

void verb_status(const StatusView& view, const Request& request, const Reply& reply);
void verb_devices(const StatusView& view, const Request& request, const Reply& reply);
void verb_metrics(const StatusView& view, const Request& request, const Reply& reply);
void verb_plugins(const StatusView& view, const Request& request, const Reply& reply);
void verb_queue(const StatusView& view, const Request& request, const Reply& reply);
void verb_config(const StatusView& view, const Request& request, const Reply& reply);
void verb_enroll(const StatusView& view, const Request& request, const Reply& reply);
void verb_health(const StatusView& view, const Request& request, const Reply& reply);
void verb_health_history(const StatusView& view, const Request& request, const Reply& reply);
void verb_health_explain(const StatusView& view, const Request& request, const Reply& reply);
void verb_device(const StatusView& view, const Request& request, const Reply& reply);
void verb_event(const StatusView& view, const Request& request, const Reply& reply);

// ---- What several verbs write ----

// `name: {"time": RFC 3339, "boottime_ns": N}`, or null for 0. The wall time is derived from the
// clocks' present difference.
void write_moment(Json& json, std::string_view name, const Clock& clock, uint64_t boottime_ns);
// `name: text`, or null for an empty one.
void write_text(Json& json, std::string_view name, std::string_view text);
// `name: {"value", "unit", "status", "time"}`, the value null unless the status is ok or stale.
void write_reading(Json& json, std::string_view name, const Clock& clock, const MetricInfo& metric,
                   const Reading& reading);
double seconds_from_ns(uint64_t ns);

}  // namespace farmhand
