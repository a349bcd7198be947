// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hh"
#include "control/verbs.hh"

namespace farmhand {

namespace {

void write_lane(Json& json, Lane lane, const LaneStats& stats, bool in_flight) {
  json.object().member("lane", static_cast<int>(lane)).member("name", name_of(lane));
  json.member("last_sequence", stats.last_seq).member("records", stats.depth);
  json.member("bytes", stats.bytes).member("tail_bytes", stats.tail_bytes);
  json.member("quota_bytes", stats.quota_bytes);
  json.key("oldest_age_s");
  stats.oldest_age_ns == 0 ? json.null() : json.value(seconds_from_ns(stats.oldest_age_ns));
  json.member("dropped_records", stats.gap_records).member("dropped_bytes", stats.gap_bytes);
  json.key("dropped_by_reason").object();
  for (size_t i = 1; i < stats.gaps.size(); ++i) {
    json.member(name_of(static_cast<GapReason>(i)), stats.gaps[i]);
  }
  json.end().member("in_flight", in_flight).end();
}

std::string hex_of_epoch(const Epoch& epoch) {
  return hex_from_bytes(raw(epoch.random));
}

}  // namespace

void verb_queue(const StatusView& view, const Request&, const Reply& reply) {
  if (!view.queue) return reply(Error{Errc::kUnavailable, "the queue is not open yet; try again"});
  const OutboxStats stats = view.queue();
  const auto coordinator = view.coordinator ? view.coordinator() : CoordinatorView();
  Json json;
  json.object().key("epoch").object().member("counter", stats.epoch.counter);
  json.member("random", hex_of_epoch(stats.epoch)).end();
  json.member("file_bytes", stats.file_bytes).member("size_max_bytes", stats.size_max);
  json.member("pending_bytes", stats.pending_bytes).member("writable", stats.writable);
  write_text(json, "reason", stats.error);
  json.member("disk_full", stats.disk_full).member("interruptions", stats.interruptions);
  write_text(json, "trouble", trouble_of(stats));
  json.member("ballast", name_of(stats.ballast)).key("lanes").array();
  for (const Lane lane : kLanes) {
    const bool in_flight = coordinator.uplink && coordinator.uplink->in_flight[index_of(lane)];
    write_lane(json, lane, stats.lanes[index_of(lane)], in_flight);
  }
  json.end().end();
  reply(json.take());
}

}  // namespace farmhand
