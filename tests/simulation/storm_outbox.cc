// SPDX-License-Identifier: Apache-2.0
// An Outbox in memory, in the place of the product's: ten thousand of those would be forty
// gigabytes of ballast. Each record handed in is a segment of its own; what is asked for is
// answered a little later, as by the store thread.
#include <algorithm>
#include <memory>

#include "base/digest.hh"
#include "outbox/outbox.hh"
#include "virtual_loop.hh"

namespace farmhand {

struct Outbox::Impl {
  Loop& loop;
  Epoch epoch{1, {1}};
  std::array<std::vector<Segment>, kLaneCount> lanes;
  std::array<size_t, kLaneCount> applied{};
  std::function<void(Lane)> new_data;

  std::vector<Segment>& of(Lane lane) { return lanes[index_of(lane)]; }
  template <typename F>
  void soon(F then) {
    simulation::after_ns(loop, simulation::kMillisecond, std::move(then));
  }
};

Outbox::Outbox(Loop& loop, const Clock&, StoreThread&, Options)
    : impl_(std::make_shared<Impl>(Impl{.loop = loop, .lanes = {}, .new_data = {}})) {}
Outbox::~Outbox() = default;

Result<void> Outbox::enqueue_durable(Lane lane, std::string record, Done) {
  auto& segments = impl_->of(lane);
  Segment s;
  s.epoch = impl_->epoch;
  s.lane = lane;
  s.from = s.to = segments.size() + 1;
  append_record(s.bytes, record);
  s.chain = next_chain(segments.empty() ? Chain{} : segments.back().chain, s.bytes);
  s.crc32c = crc32c(s.bytes);
  segments.push_back(std::move(s));
  return {};
}

void Outbox::positions(std::function<void(Result<std::vector<Position>>)> done) {
  std::vector<Position> all;
  for (const Lane lane : kLanes) {
    Position p;
    p.epoch = impl_->epoch;
    p.lane = lane;
    p.last_seq = impl_->of(lane).size();
    if (p.last_seq > 0) p.last_chain = impl_->of(lane).back().chain;
    all.push_back(p);
  }
  impl_->soon([done = std::move(done), all = std::move(all)] { done(all); });
}

void Outbox::rewind(const std::array<std::optional<Watermark>, kLaneCount>& theirs,
                    std::function<void(Result<Standing>)> done) {
  for (const Lane lane : kLanes)
    if (theirs[index_of(lane)]) impl_->applied[index_of(lane)] = theirs[index_of(lane)]->seq;
  impl_->soon([done = std::move(done)] { done(Standing::kApplied); });
}

void Outbox::read_after(Lane lane, std::optional<Watermark> after, size_t bytes_max,
                        std::function<void(Result<std::vector<Segment>>)> done) {
  const auto& segments = impl_->of(lane);
  std::vector<Segment> out;
  size_t bytes = 0;
  const size_t from =
      std::max(impl_->applied[index_of(lane)], after ? static_cast<size_t>(after->seq) : 0);
  for (size_t i = from; i < segments.size(); ++i) {
    bytes += segments[i].bytes.size();
    if (!out.empty() && bytes > bytes_max) break;
    out.push_back(segments[i]);
  }
  impl_->soon([done = std::move(done), out = std::move(out)] { done(out); });
}

void Outbox::applied(const Watermark& watermark, std::function<void(Result<Standing>)> done) {
  impl_->applied[index_of(watermark.lane)] = watermark.seq;
  impl_->soon([done = std::move(done)] {
    if (done) done(Standing::kApplied);
  });
}

void Outbox::release(Lane) {}
void Outbox::nack(Lane, uint64_t, std::string, std::function<void(Result<bool>)>) {}
void Outbox::on_new_data(std::function<void(Lane)> callback) {
  impl_->new_data = std::move(callback);
}

OutboxStats Outbox::stats() const {
  OutboxStats stats;
  for (const Lane lane : kLanes)
    stats.lanes[index_of(lane)].depth = impl_->of(lane).size() - impl_->applied[index_of(lane)];
  return stats;
}

}  // namespace farmhand
