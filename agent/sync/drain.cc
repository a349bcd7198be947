// SPDX-License-Identifier: Apache-2.0
#include "sync/drain.hh"

#include <algorithm>

#include "sync/convert.hh"

namespace farmhand {
namespace {

constexpr std::array<Lane, 3> kLowLanes = {Lane::kInventory, Lane::kLogs, Lane::kTelemetry};
constexpr uint64_t kReadAgainMs = 1'000;
constexpr uint64_t kNackPauseMs = 100;
constexpr size_t kEnvelopeBytes = 64 << 10;  // what a message is besides its segments' bytes

bool is_low(Lane lane) {
  return lane != Lane::kResults && lane != Lane::kHealth;
}

bool comes_after(const Watermark& a, const Watermark& b) {
  return a.epoch.counter != b.epoch.counter ? a.epoch.counter > b.epoch.counter : a.seq > b.seq;
}

// A message has a bound; what does not fit is read again for the next one.
size_t cut_to_message(std::vector<Segment>& segments) {
  size_t bytes = 0, count = 0;
  for (const Segment& segment : segments) {
    if (count > 0 && bytes + segment.bytes.size() > wire::kMessageBytesMax - kEnvelopeBytes) break;
    bytes += segment.bytes.size();
    ++count;
  }
  segments.resize(count);
  return bytes;
}

}  // namespace

Drain::Drain(Loop& loop, const Clock& clock, Outbox& outbox, const std::vector<Position>& hello,
             DrainCounts& counts, Options options, Send send, Fail fail)
    : clock_(clock),
      outbox_(outbox),
      counts_(counts),
      options_(options),
      send_(std::move(send)),
      fail_(std::move(fail)),
      low_pause_(loop),
      silence_(loop) {
  for (int i = 0; i < kLaneCount; ++i) lanes_.emplace_back(loop);
  for (const Position& position : hello) of(position.lane).catch_up_seq = position.last_seq;
}

Drain::~Drain() {
  for (const Lane lane : kLanes) outbox_.release(lane);
}

void Drain::begin() {
  silence_.every(1'000, [this] { look_for_silence(); });
  pump_all();
}

// Lower lanes wait until what lanes 0 and 1 had stored at hello has been applied.
bool Drain::may_send(Lane lane) const {
  if (!is_low(lane)) return true;
  if (low_pause_.active()) return false;
  if (of(Lane::kResults).catch_up_seq != 0 || of(Lane::kHealth).catch_up_seq != 0) return false;
  return std::none_of(kLowLanes.begin(), kLowLanes.end(), [&](Lane other) {
    return other != lane && (of(other).out || of(other).reading);
  });
}

void Drain::pump_all() {
  pump(Lane::kResults);
  pump(Lane::kHealth);
  for (size_t i = 0; i < kLowLanes.size(); ++i) pump(kLowLanes[(next_low_ + i) % kLowLanes.size()]);
}

void Drain::pump(Lane lane) {
  LaneState& state = of(lane);
  if (state.out || state.reading || state.pause.active() || !may_send(lane)) return;
  if (state.ahead.empty()) {
    if (state.more) read(lane);
    return;
  }
  send(lane, std::exchange(state.ahead, {}));
}

void Drain::read(Lane lane) {
  LaneState& state = of(lane);
  state.reading = true;
  state.more = false;  // unless the outbox says otherwise meanwhile
  outbox_.read_after(
      lane, state.out ? std::optional(state.out->end) : state.applied, options_.batch_bytes_max,
      guarded([this, lane, number = ++state.reads](Result<std::vector<Segment>> segments) {
        on_read(lane, number, std::move(segments));
      }));
}

void Drain::on_read(Lane lane, uint64_t number, Result<std::vector<Segment>> segments) {
  LaneState& state = of(lane);
  if (number != state.reads) return;
  state.reading = false;
  if (!segments || !segments->empty()) state.more = true;
  if (!segments) return pause(lane, kReadAgainMs);  // the outbox reports its own state
  if (segments->empty()) {
    if (!state.out) state.catch_up_seq = 0;
  } else {
    state.ahead = std::move(*segments);
  }
  pump(lane);
  pump_all();  // somebody may have waited for this one
}

void Drain::send(Lane lane, std::vector<Segment> segments) {
  LaneState& state = of(lane);
  const size_t bytes = cut_to_message(segments);
  state.out = Out{segments.back().end(), segments.front().from, bytes, clock_.boottime_ns()};
  counts_.bytes_sent += bytes;
  counts_.segments_sent += segments.size();
  wire::Segments message{static_cast<uint8_t>(lane), {}};
  for (Segment& segment : segments)
    message.segments.push_back(wire_segment_from(std::move(segment)));
  if (auto sent = send_(std::move(message)); !sent) return fail_(sent.error());
  // With a backlog the next batch is read while this one is on its way.
  if (bytes >= options_.batch_bytes_max / 2) read(lane);
}

void Drain::on_applied(const wire::Watermark& theirs) {
  auto watermark = watermark_from(theirs);
  if (!watermark) return fail_(watermark.error());
  LaneState& state = of(watermark->lane);
  // Answered before, or again: a repeated or late acknowledgement says nothing new.
  if (!state.out || (state.applied && !comes_after(*watermark, *state.applied))) return;
  const Out& out = *state.out;
  if (*watermark != out.end) {
    if (comes_after(out.end, *watermark) &&
        (watermark->epoch != out.end.epoch || watermark->seq < out.first))
      return;  // from before this batch
    return fail_({Errc::kCorrupt, "the coordinator acknowledged lane " +
                                      std::string(name_of(watermark->lane)) + " up to " +
                                      std::to_string(watermark->seq) +
                                      ", which is not the end of what was sent"});
  }
  settle(watermark->lane, *watermark);
}

void Drain::settle(Lane lane, const Watermark& watermark) {
  LaneState& state = of(lane);
  const Out out = *std::exchange(state.out, std::nullopt);
  state.applied = watermark;
  state.nacks = 0;
  ++counts_.batches_applied;
  if (watermark.seq >= state.catch_up_seq) state.catch_up_seq = 0;
  outbox_.applied(watermark, guarded([this](Result<Standing> standing) {
                    if (standing && *standing == Standing::kNewEpoch)
                      fail_({Errc::kCancelled, "the outbox began a new epoch"});
                  }));
  if (is_low(lane)) {
    next_low_ = (index_of(lane) - index_of(kLowLanes[0]) + 1) % kLowLanes.size();
    // A backlog of these uses at most half of the link: as long a pause as the batch took.
    // All of them: taking turns they would leave no gap. And without a limit, for a slow link is
    // the one that has to be shared.
    const uint64_t took_ms = (clock_.boottime_ns() - out.sent_ns) / 1'000'000;
    if (out.bytes >= options_.batch_bytes_max / 2 && took_ms > 0)
      low_pause_.once(took_ms, [this] { pump_all(); });
  }
  pump(lane);
  pump_all();
}

void Drain::on_nack(const wire::Nack& nack) {
  if (nack.lane >= kLaneCount)
    return fail_(
        {Errc::kCorrupt, "the coordinator refused something of lane " + std::to_string(nack.lane)});
  const auto lane = static_cast<Lane>(nack.lane);
  LaneState& state = of(lane);
  if (!state.out || nack.seq < state.out->first || nack.seq > state.out->end.seq) return;
  ++counts_.nacks;
  state.out.reset();
  state.ahead.clear();
  state.reading = false;
  state.more = true;
  ++state.reads;
  pause(lane, kNackPauseMs * static_cast<uint64_t>(++state.nacks));
  outbox_.nack(lane, nack.seq, nack.reason);
}

void Drain::pause(Lane lane, uint64_t ms) {
  if (ms > 0) of(lane).pause.once(ms, [this, lane] { pump(lane); });
}

void Drain::on_new_data(Lane lane) {
  of(lane).more = true;
  pump(lane);
}

void Drain::look_for_silence() {
  for (const Lane lane : kLanes) {
    const auto& out = of(lane).out;
    if (!out || clock_.boottime_ns() - out->sent_ns < options_.answer_ms_max * 1'000'000) continue;
    return fail_({Errc::kTimeout, "the coordinator did not answer a batch of lane " +
                                      std::string(name_of(lane)) + " within " +
                                      std::to_string(options_.answer_ms_max / 1000) + " s"});
  }
}

}  // namespace farmhand
