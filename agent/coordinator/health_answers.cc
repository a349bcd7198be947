// SPDX-License-Identifier: Apache-2.0
// What is answered about the health of the fleet.
#include <charconv>

#include "coordinator/answers.hh"
#include "coordinator/health_json.hh"

namespace farmhand::coordinator {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kOffendersWindow = 7 * 86'400 * kSecond;
constexpr int64_t kRowsMax = 10'000;

// ?name=N, a whole number from 0 to `most`; `otherwise` when absent.
Result<int64_t> number_of(const Question& q, const char* name, int64_t most, int64_t otherwise) {
  const auto text = q.request.find_query(name);
  if (!text || text->empty()) return otherwise;
  int64_t value = -1;
  const char* end = text->data() + text->size();
  const auto [at, trouble] = std::from_chars(text->data(), end, value);
  if (trouble != std::errc() || at != end || value < 0 || value > most)
    return Error{Errc::kInvalid, std::string(name) + " is a whole number from 0 to " +
                                     std::to_string(most) + ", not '" + *text + "'"};
  return value;
}

template <typename T>
Result<void> put(T& to, Result<T> rows) {
  if (!rows) return rows.error();
  to = std::move(*rows);
  return {};
}

Result<FleetHealth> gathered(const Question& q) {
  FleetHealth fleet;
  fleet.live = q.live;
  fleet.offenders_window_ns = kOffendersWindow;
  const int64_t since = q.now_ns - kOffendersWindow;
  if (auto done = put(fleet.nodes, q.store.fleet.nodes(q.scope)); !done) return done.error();
  if (auto done = put(fleet.devices, q.store.fleet.devices(q.scope)); !done) return done.error();
  if (auto done = put(fleet.checks, q.store.health.checks(q.scope)); !done) return done.error();
  if (auto done = put(fleet.offenders, q.store.health.offenders(q.scope, since)); !done)
    return done.error();
  if (auto done = put(fleet.last_events, q.store.fleet.last_events(q.scope)); !done)
    return done.error();
  return fleet;
}

}  // namespace

Answer answer_health(const Question& q) {
  const auto fleet = gathered(q);
  if (!fleet) return refusal(fleet.error());
  return {200, json_of_fleet_health(*fleet), "application/json", nullptr};
}

Answer answer_health_history(const Question& q) {
  const auto since_s = number_of(q, "since_s", q.now_ns / kSecond, 0);
  if (!since_s) return refusal(since_s.error());
  const auto limit = number_of(q, "limit", kRowsMax, 1000);
  if (!limit) return refusal(limit.error());
  HistoryQuery query;
  query.node = q.request.find_query("node").value_or("");
  query.device = q.request.find_query("device").value_or("");
  if (*since_s > 0) query.since_ns = q.now_ns - *since_s * kSecond;
  query.rows_max = *limit;
  const auto rows = q.store.health.history(q.scope, query);
  if (!rows) return refusal(rows.error());
  return {200, json_of_history(*rows), "application/json", nullptr};
}

}  // namespace farmhand::coordinator
