// SPDX-License-Identifier: Apache-2.0
// How long the loop's turns are: what one callback takes, every other part waits for.
#pragma once

#include <cstdint>

#include "loop/handle.hh"
#include "loop/loop.hh"

namespace farmhand {

class TurnWatch {
 public:
  static constexpr uint64_t kLongNs = 100'000'000;  // a person begins to notice

  // Before the loop runs: libuv counts the time it sleeps from its first turn on, or not at all.
  explicit TurnWatch(Loop& loop);

  uint64_t long_turns() const { return body_->long_turns; }  // longer than kLongNs, so far
  uint64_t longest_ns() const;                               // of the last minute or two

 private:
  static constexpr uint64_t kMinuteNs = 60'000'000'000;

  struct Body {
    uv_prepare_t uv;
    uint64_t at_ns = 0;    // of the last look
    uint64_t idle_ns = 0;  // slept until then
    uint64_t minute = 0;
    uint64_t longest_ns[2] = {};  // of this minute, of the one before
    uint64_t long_turns = 0;
  };
  static void look(Body& body);

  Handle<Body> body_;
};

}  // namespace farmhand
