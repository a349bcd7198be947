// SPDX-License-Identifier: Apache-2.0
#include "control/verbs.hh"

#include <array>

namespace farmhand {

namespace {

constexpr std::array<Verb, 12> kVerbs{{
    {"status", false, verb_status},
    {"devices", false, verb_devices},
    {"metrics", false, verb_metrics},
    {"plugins", false, verb_plugins},
    {"queue", false, verb_queue},
    {"config", true, verb_config},  // a plugin's settings may hold a password
    {"enroll", true, verb_enroll},
    {"event", true, verb_event},
    {"health", false, verb_health},
    {"health-history", false, verb_health_history},
    {"health-explain", false, verb_health_explain},
    {"device", true, verb_device},
}};

Error unknown(const std::string& verb) {
  std::string names;
  for (const Verb& known : kVerbs) names.append(names.empty() ? "" : ", ").append(known.name);
  return {Errc::kUnsupported, "this agent does not know '" + verb + "'; it knows " + names};
}

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

void Verbs::run(const Request& request, bool owner, const Reply& reply) const {
  for (const Verb& verb : kVerbs) {
    if (verb.name != request.verb) continue;
    if (verb.owner_only && !owner) {
      return reply(Error{Errc::kPermission,
                         "'" + request.verb + "' is for root and the agent's own user; try sudo"});
    }
    return verb.run(view_, request, reply);
  }
  reply(unknown(request.verb));
}

double seconds_from_ns(uint64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

void write_moment(Json& json, std::string_view name, const Clock& clock, uint64_t boottime_ns) {
  json.key(name);
  if (boottime_ns == 0) {
    json.null();
    return;
  }
  const auto ago_ns = static_cast<int64_t>(clock.boottime_ns() - boottime_ns);
  json.object().member("time", rfc3339_from_realtime(clock.realtime_ns() - ago_ns));
  json.member("boottime_ns", boottime_ns).end();
}

void write_text(Json& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

void write_reading(Json& json, std::string_view name, const Clock& clock, const MetricInfo& metric,
                   const Reading& reading) {
  const bool valued = reading.status == SampleStatus::kOk || reading.status == SampleStatus::kStale;
  json.key(name).object().key("value");
  if (valued) {
    json.value(reading.value);
  } else {
    json.null();
  }
  json.member("unit", symbol_of(metric.unit)).member("status", name_of(reading.status));
  write_moment(json, "time", clock, reading.boottime_ns);
  json.end();
}

}  // namespace farmhand
