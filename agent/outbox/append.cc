// SPDX-License-Identifier: Apache-2.0
#include "outbox/append.hh"

namespace farmhand {

uint64_t cost_of(std::span<const std::string> records) {
  constexpr uint64_t kPrefixBytes = 4;
  uint64_t cost = 0, packed = 0;
  for (const auto& record : records) {
    packed += record.size() + kPrefixBytes;
    if (packed < kSegmentBytes) continue;
    cost += disk_cost(packed);
    packed = 0;
  }
  return packed > 0 ? cost + disk_cost(packed) : cost;
}

Result<uint64_t> Appender::append(Lane lane, std::span<const std::string> records) {
  const uint64_t first = t_.registers.lane(lane).last_seq + 1;
  if (first + records.size() > kSeqMax) {
    return Error{Errc::kInternal, "the lane's numbers are used up"};
  }
  for (const auto& record : records) {
    const bool full = packed_ > 0 && bytes_.size() + record.size() + 4 > kSegmentBytes;
    if (full) {
      if (auto closed = close_segment(lane); !closed) return closed.error();
    }
    append_record(bytes_, record);
    ++packed_;
  }
  if (packed_ > 0) {
    if (auto closed = close_segment(lane); !closed) return closed.error();
  }
  return first;
}

Result<void> Appender::close_segment(Lane lane) {
  LaneState& state = t_.registers.lane(lane);
  Row row;
  row.epoch = t_.registers.current();
  row.boot = t_.boot;
  Segment& s = row.segment;
  row.before = state.last_chain;
  s.lane = lane;
  s.from = state.last_seq + 1;
  s.to = state.last_seq + packed_;
  s.chain = next_chain(state.last_chain, bytes_);
  s.boottime_ns = now_.boottime_ns;
  s.realtime_ns = now_.realtime_ns;
  s.synchronised = now_.synchronised;
  s.bytes = std::move(bytes_);
  if (auto added = t_.add(row); !added) return added;
  state.last_seq = s.to;
  state.last_chain = s.chain;
  bytes_ = std::move(s.bytes);  // the buffer is used again
  bytes_.clear();
  packed_ = 0;
  return {};
}

Result<void> Appender::append_row(Row row) {
  LaneState& state = t_.registers.lane(row.segment.lane);
  const uint64_t count = row.count();
  row.epoch = t_.registers.current();
  row.before = state.last_chain;
  row.segment.from = state.last_seq + 1;
  row.segment.to = state.last_seq + count;
  row.segment.chain = next_chain(state.last_chain, row.segment.bytes);
  if (auto added = t_.add(row); !added) return added;
  state.last_seq = row.segment.to;
  state.last_chain = row.segment.chain;
  return {};
}

}  // namespace farmhand
