// SPDX-License-Identifier: Apache-2.0
// The verdicts of this node, and how they came about.
#include <charconv>

#include "control/health_json.hh"

namespace farmhand {

namespace {

constexpr uint32_t kHistoryMax = 10'000;
const Error kStarting{Errc::kUnavailable, "the agent is still starting; nothing is judged yet"};

void write_refused(Json& json, const std::vector<RefusedCheck>& refused) {
  json.key("refused").array();
  for (const RefusedCheck& check : refused) {
    json.object().member("file", check.file).member("line", check.line);
    write_text(json, "name", check.name);
    json.member("why", check.why).end();
  }
  json.end();
}

// A whole number of at most `most`; `otherwise` when it is not given.
Result<int64_t> number_of(const Request& request, std::string_view name, int64_t otherwise,
                          int64_t most) {
  const auto text = request.find(name);
  if (!text) return otherwise;
  int64_t value = -1;
  const auto [end, trouble] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (trouble != std::errc() || end != text->data() + text->size() || value < 0 || value > most) {
    return Error{Errc::kInvalid, std::string(name) + " is a whole number from 0 to " +
                                     std::to_string(most) + ", not '" + *text + "'"};
  }
  return value;
}

Result<HistoryQuery> query_from(const StatusView& view, const Request& request) {
  const int64_t now_ns = view.clock.realtime_ns();
  const auto since_s = number_of(request, "since_s", 0, now_ns / 1'000'000'000);
  if (!since_s) return since_s.error();
  const auto limit = number_of(request, "limit", 1000, kHistoryMax);
  if (!limit) return limit.error();
  HistoryQuery query;
  if (const auto device = request.find("device")) query.subject = *device;
  if (const auto check = request.find("check")) query.check = *check;
  if (*since_s > 0) query.since_realtime_ns = now_ns - *since_s * 1'000'000'000;
  query.limit = static_cast<uint32_t>(*limit);
  return query;
}

}  // namespace

void verb_health(const StatusView& view, const Request&, const Reply& reply) {
  if (!view.health.subjects) return reply(kStarting);
  const auto subjects = view.health.subjects();
  Json json;
  json.object();
  write_moment(json, "now", view.clock, view.clock.boottime_ns());
  json.member("verdict", name_of(overall_of(subjects))).key("subjects").array();
  for (const SubjectHealth& subject : subjects) write_subject(json, view.clock, subject);
  json.end();
  write_refused(json, view.health.refused ? view.health.refused() : std::vector<RefusedCheck>());
  json.end();
  reply(json.take());
}

void verb_health_history(const StatusView& view, const Request& request, const Reply& reply) {
  if (!view.health.history) return reply(kStarting);
  auto query = query_from(view, request);
  if (!query) return reply(query.error());
  view.health.history(*std::move(query), [reply](const Result<std::vector<Transition>>& past) {
    if (!past) return reply(past.error());
    Json json;
    json.object().key("transitions").array();
    for (const Transition& transition : *past) write_transition(json, transition);
    json.end().end();
    reply(json.take());
  });
}

}  // namespace farmhand
