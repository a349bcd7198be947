// SPDX-License-Identifier: Apache-2.0
// Empties the outbox through one session: per lane one batch is out until it is answered, lanes 0
// and 1 go first, the lower lanes share one place and leave half of the link free. It ends with its
// session, and what was not answered is in the outbox still.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "wire/sync.hh"

namespace farmhand {

struct DrainCounts {
  uint64_t bytes_sent = 0;
  uint64_t segments_sent = 0;
  uint64_t nacks = 0;
  uint64_t batches_applied = 0;
};

class Drain {
 public:
  struct Options {
    size_t batch_bytes_max = 1 << 20;
    uint64_t answer_ms_max = 30'000;  // a batch unanswered for so long ends the session
  };
  using Send = std::function<Result<void>(wire::NodeMessage)>;
  // The session cannot go on: it is to be ended soon, not within the call. May come repeatedly.
  using Fail = std::function<void(Error)>;

  // `hello`: the positions that this session began with.
  Drain(Loop& loop, const Clock& clock, Outbox& outbox, const std::vector<Position>& hello,
        DrainCounts& counts, Options options, Send send, Fail fail);
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  void begin();
  void on_new_data(Lane lane);
  void on_applied(const wire::Watermark& watermark);
  void on_nack(const wire::Nack& nack);
  bool in_flight(Lane lane) const { return of(lane).out.has_value(); }

 private:
  struct Out {
    Watermark end;
    uint64_t first = 0;
    size_t bytes = 0;
    uint64_t sent_ns = 0;
  };
  struct LaneState {
    explicit LaneState(Loop& loop) : pause(loop) {}
    bool more = true;  // there may be something to read
    bool reading = false;
    uint64_t reads = 0;  // an answer to an older read than the last is stale
    std::optional<Out> out;
    std::vector<Segment> ahead;  // read while `out` was on its way
    std::optional<Watermark> applied;
    uint64_t catch_up_seq = 0;  // where the lane stood at hello; 0: it is past that
    Timer pause;                // active: nothing is sent before it ends
    int nacks = 0;
  };

  LaneState& of(Lane lane) { return lanes_[index_of(lane)]; }
  const LaneState& of(Lane lane) const { return lanes_[index_of(lane)]; }
  bool may_send(Lane lane) const;
  void pump(Lane lane);
  void pump_all();
  void read(Lane lane);
  void on_read(Lane lane, uint64_t number, Result<std::vector<Segment>> segments);
  void send(Lane lane, std::vector<Segment> segments);
  void settle(Lane lane, const Watermark& watermark);
  void pause(Lane lane, uint64_t ms);
  void look_for_silence();

  // Wraps a callback so that it does nothing once the Drain is gone.
  template <typename F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<int>(alive_), f](auto&&... args) {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }

  const Clock& clock_;
  Outbox& outbox_;
  DrainCounts& counts_;
  Options options_;
  Send send_;
  Fail fail_;
  std::vector<LaneState> lanes_;
  size_t next_low_ = 0;  // whose turn it is among the lower lanes
  Timer low_pause_;      // active: no lower lane sends
  Timer silence_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace farmhand
