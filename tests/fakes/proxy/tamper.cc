// SPDX-License-Identifier: Apache-2.0
#include "tamper.hh"

#include <algorithm>

namespace farmhand::proxy {

void truncate(Faults& faults, std::string& bytes) {
  bytes.resize(faults.below(bytes.size()));
}

void duplicate_segments(wire::Segments& batch) {
  std::vector<wire::Segment> twice;
  for (const wire::Segment& segment : batch.segments) twice.insert(twice.end(), 2, segment);
  batch.segments = std::move(twice);
}

void reorder_segments(Faults& faults, wire::Segments& batch) {
  auto& all = batch.segments;
  for (size_t left = all.size(); left > 1; --left)
    std::swap(all[left - 1], all[faults.below(left)]);
}

wire::Watermark end_of(const wire::Segments& batch) {
  const wire::Segment& last = batch.segments.back();
  return {last.epoch, last.lane, last.to, last.chain};
}

uint64_t record_of(Faults& faults, const wire::Segments& batch) {
  const wire::Segment& segment = batch.segments[faults.below(batch.segments.size())];
  return segment.from + faults.below(segment.to - segment.from + 1);
}

std::optional<wire::Watermark> lie_about(Faults& faults, wire::Watermark w) {
  const wire::Watermark truth = w;
  if (faults.happens(Fault::kAckOtherLane)) w.lane = (w.lane + 1) % wire::kLaneCount;
  if (faults.happens(Fault::kAckBeyond)) w.seq += 1 + faults.below(1000);
  if (faults.happens(Fault::kAckInside)) w.seq -= 1;
  if (faults.happens(Fault::kAckOtherChain)) w.chain[faults.below(w.chain.size())] ^= 1;
  if (faults.happens(Fault::kAckOtherEpoch)) {
    w.epoch.counter += faults.below(2);
    w.epoch.random[0] ^= 1;
  }
  if (w == truth) return std::nullopt;
  return w;
}

}  // namespace farmhand::proxy
