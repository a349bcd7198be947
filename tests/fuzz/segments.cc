// SPDX-License-Identifier: Apache-2.0
// A segment's bytes, as they come from a damaged disk or over the wire. An input is: kind, from and
// to, 8 bytes each, then the bytes. What is walked covers from … to exactly once, and so do the
// parts when it is thinned or cut in two.
#include "base/bytes.hh"
#include "fuzz.hh"
#include "outbox/segment.hh"
#include "samples.hh"

namespace farmhand::fuzz {
namespace {

// What a walk covered; breaks when it leaves something out or comes twice.
struct Cover {
  uint64_t records = 0, gaps = 0;
  std::string bytes;  // of the records
};

std::optional<Cover> walk(const Segment& segment) {
  Cover cover;
  uint64_t next = segment.from;
  bool began = false;
  const auto step = [&](uint64_t from, uint64_t to) {
    require(!began || next != segment.from, "a walk does not turn around");
    began = true;
    require(from == next && from <= to && to <= segment.to, "a walk goes on where it was");
    next = to + 1;
  };
  auto walked = walk_segment(segment, {[&](uint64_t seq, std::string_view record) {
                                         step(seq, seq);
                                         ++cover.records;
                                         cover.bytes += record;
                                       },
                                       [&](uint64_t from, uint64_t to, GapReason) {
                                         step(from, to);
                                         cover.gaps += to - from + 1;
                                       }});
  if (!walked) return std::nullopt;
  require(began && next == segment.to + 1, "a whole walk ends at the end");
  return cover;
}

void thin(Segment segment, const Cover& before) {
  auto thinned = thin_segment(segment, GapReason::kDownsample,
                              [](uint64_t seq) { return seq % kThinKeepOneOf != 0; });
  require(thinned.ok(), "what can be walked can be thinned");
  const auto after = walk(segment);
  require(after.has_value(), "what was thinned can be walked");
  require(after->records + after->gaps == before.records + before.gaps, "thinning keeps numbers");
}

void split(Segment segment, const Cover& before) {
  if (segment.kind == SegmentKind::kRecords || segment.from == segment.to) return;
  auto front = split_segment(segment, segment.from + (segment.to - segment.from) / 2);
  require(front.ok(), "what can be walked can be cut");
  const auto first = walk(*front), second = walk(segment);
  require(first && second, "both parts can be walked");
  require(first->bytes + second->bytes == before.bytes, "cutting keeps the records");
  require(first->gaps + second->gaps == before.gaps, "cutting keeps the gaps");
}

std::string input_of(const Segment& segment) {
  std::string input(1, static_cast<char>(segment.kind));
  append_le(input, segment.from);
  append_le(input, segment.to);
  return input + segment.bytes;
}

}  // namespace

Seeds seeds() {
  Segment segment;
  const wire::Segment sample = sample_segment();
  segment.from = sample.from;
  segment.to = sample.to;
  segment.bytes = sample.bytes;
  Seeds all = {input_of(segment)};
  (void)thin_segment(segment, GapReason::kQuota, [](uint64_t seq) { return seq % 3 == 0; });
  all.push_back(input_of(segment));
  segment.kind = SegmentKind::kGap;
  segment.bytes.clear();
  all.push_back(input_of(segment));
  return all;
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto kind = take_le<uint8_t>(rest);
  const auto from = take_le<uint64_t>(rest), to = take_le<uint64_t>(rest);
  if (!kind || !from || !to) return 0;
  Segment segment;
  segment.kind = static_cast<SegmentKind>(*kind % 3);
  segment.from = *from;
  segment.to = *to;
  segment.bytes = rest;
  const auto cover = fuzz::walk(segment);
  if (!cover) return 0;
  fuzz::thin(segment, *cover);
  fuzz::split(segment, *cover);
  return 0;
}
