// SPDX-License-Identifier: Apache-2.0
#include "coordinator/judge.hh"

#include <algorithm>

#include "base/bytes.hh"
#include "base/digest.hh"

namespace farmhand::coordinator {
namespace {

Judged out_of_place(std::string why) {
  return {Judgement::kOutOfPlace, std::move(why)};
}

std::string text_of(const wire::Segment& s) {
  return std::to_string(s.from) + ".." + std::to_string(s.to);
}

// Only whole records can be hashed again: what a gap replaced is gone, and its chain is the word of
// the node. The next segment of records is checked against it.
bool chain_holds(const wire::Segment& s, const wire::Chain& before) {
  return s.kind != wire::SegmentKind::kRecords || chain_after(before, s.bytes) == s.chain;
}

}  // namespace

wire::Chain chain_after(const wire::Chain& before, std::string_view bytes) {
  Sha256Hasher hasher;
  hasher.add(raw(before));
  hasher.add(bytes);
  const Sha256 digest = hasher.finish();
  wire::Chain chain;
  std::copy_n(digest.begin(), chain.size(), chain.begin());
  return chain;
}

Judged judge(const wire::Segment& s, const std::optional<wire::Watermark>& current,
             uint64_t applied_in_epoch) {
  if (s.from == 0 || s.to < s.from) return out_of_place("segment " + text_of(s) + " is no range");
  if (s.to <= applied_in_epoch) return {Judgement::kKnown, ""};

  const bool same_epoch = current && current->epoch == s.epoch;
  if (current && !same_epoch && s.epoch.counter <= current->epoch.counter)
    return out_of_place("epoch " + std::to_string(s.epoch.counter) + " comes after epoch " +
                        std::to_string(current->epoch.counter) + " was begun");
  const uint64_t expected = same_epoch ? current->seq + 1 : 1;
  if (s.from != expected)
    return out_of_place("segment " + text_of(s) + " comes where " + std::to_string(expected) +
                        " is expected");
  if (!chain_holds(s, same_epoch ? current->chain : wire::Chain{}))
    return out_of_place("the chain of segment " + text_of(s) +
                        " does not continue what was applied before it");
  return {};
}

}  // namespace farmhand::coordinator
