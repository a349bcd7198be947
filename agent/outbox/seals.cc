// SPDX-License-Identifier: Apache-2.0
#include "outbox/seals.hh"

#include "base/bytes.hh"
#include "base/digest.hh"
#include "store/statement.hh"

namespace farmhand {

namespace {

std::string checked(std::string bytes) {
  append_le(bytes, crc32c(bytes));
  return bytes;
}

// The bytes without their checksum; nothing where it is wrong.
std::optional<std::string_view> take_checked(std::string_view bytes) {
  if (bytes.size() < sizeof(uint32_t)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  bytes.remove_prefix(body.size());
  if (*take_le<uint32_t>(bytes) != crc32c(body)) return std::nullopt;
  return body;
}

std::optional<std::array<uint8_t, 16>> take_array(std::string_view& in) {
  auto bytes = take_bytes(in, 16);
  return bytes ? std::optional(array_from<16>(*bytes)) : std::nullopt;
}

}  // namespace

uint32_t sum_of(size_t lane, const LaneState& s) {
  std::string bytes;
  append_le(bytes, uint64_t{lane});
  for (const uint64_t n :
       {s.last_seq, uint64_t{s.applied.epoch}, s.applied.seq, uint64_t{s.floor.epoch}, s.floor.seq,
        uint64_t{s.thinned.epoch}, s.thinned.seq, s.bytes, s.tail_bytes, s.depth, s.gap_records,
        s.gap_bytes}) {
    append_le(bytes, n);
  }
  for (const Chain* chain : {&s.last_chain, &s.applied_chain, &s.floor_chain}) bytes += raw(*chain);
  return crc32c(bytes);
}

uint32_t sum_of(uint32_t id, const Epoch& epoch) {
  std::string bytes;
  append_le(bytes, id);
  append_le(bytes, epoch.counter);
  bytes += raw(epoch.random);
  return crc32c(bytes);
}

uint32_t sum_of(uint32_t epoch, Lane lane, const EpochEnd& end) {
  std::string bytes;
  append_le(bytes, epoch);
  append_le(bytes, uint64_t{index_of(lane)});
  append_le(bytes, end.seq);
  bytes += raw(end.chain);
  return crc32c(bytes);
}

bool sum_is(const sqlite::Query& q, int column, uint32_t sum, bool may_be_null) {
  return q.is_null(column) ? may_be_null : q.integer(column) == int64_t{sum};
}

std::string encode(const EpochCopy& copy) {
  std::string bytes;
  append_le(bytes, copy.id);
  append_le(bytes, copy.epoch.counter);
  bytes += raw(copy.epoch.random);
  for (const auto& [place, chain] : copy.applied) {
    append_le(bytes, place.epoch);
    append_le(bytes, place.seq);
    bytes += raw(chain);
  }
  return checked(std::move(bytes));
}

std::optional<EpochCopy> epoch_copy_from(std::string_view bytes) {
  auto body = take_checked(bytes);
  if (!body) return std::nullopt;
  const auto id = take_le<uint32_t>(*body);
  const auto counter = take_le<uint64_t>(*body);
  const auto random = take_array(*body);
  if (!id || !counter || !random) return std::nullopt;
  EpochCopy copy{*id, {*counter, *random}, {}};
  for (auto& [place, chain] : copy.applied) {
    const auto epoch = take_le<uint32_t>(*body);
    const auto seq = take_le<uint64_t>(*body);
    const auto applied = take_array(*body);
    if (!epoch || !seq || !applied) return std::nullopt;
    place = {*epoch, *seq};
    chain = *applied;
  }
  return copy;
}

std::string encode(const EndCopy& copy) {
  std::string bytes;
  append_le(bytes, copy.epoch);
  append_le(bytes, static_cast<uint32_t>(index_of(copy.lane)));
  append_le(bytes, copy.end.seq);
  bytes += raw(copy.end.chain);
  return checked(std::move(bytes));
}

std::optional<EndCopy> end_copy_from(std::string_view bytes) {
  auto body = take_checked(bytes);
  if (!body) return std::nullopt;
  const auto epoch = take_le<uint32_t>(*body);
  const auto lane = take_le<uint32_t>(*body);
  const auto seq = take_le<uint64_t>(*body);
  const auto chain = take_array(*body);
  if (!epoch || !lane || *lane >= kLaneCount || !seq || !chain) return std::nullopt;
  return EndCopy{*epoch, static_cast<Lane>(*lane), {*seq, *chain}};
}

}  // namespace farmhand
