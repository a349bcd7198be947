// SPDX-License-Identifier: Apache-2.0
// The model finds what it is there to find.
#include "model.hh"

#include <doctest.h>

#include "outbox/outbox.hh"
#include "wire/record.hh"

using namespace farmhand;
using namespace farmhand::simulation;

namespace {

constexpr Epoch kEpoch{1, {1}};

// Five records of a lane, accepted under the numbers 1 to 5 and all delivered.
struct Delivery {
  Model model;
  DeliveredLanes lanes;

  explicit Delivery(Lane on = Lane::kLogs) : lane(on) {
    for (uint64_t i = 0; i < 5; ++i) {
      const std::string record = "record " + std::to_string(i);
      model.accepted_at(model.hand_in(lane, record, false, 0), kEpoch, i + 1);
      all().push_back({kEpoch, i + 1, i + 1, false, GapReason::kNone, record});
    }
  }
  std::vector<Delivered>& all() { return lanes[index_of(lane)]; }
  void put_gap(size_t at, GapReason reason) {
    all()[at].gap = true;
    all()[at].reason = reason;
    all()[at].record.clear();
  }
  std::string finding() const {
    const auto all = model.differences(lanes);
    return all.empty() ? "" : all.front();
  }
  Lane lane;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a perfect delivery has no differences") {
  CHECK(Delivery().finding() == "");
}

TEST_CASE("a record that is missing is found, at the end too") {
  for (const size_t at : {0, 2, 4}) {
    Delivery d;
    d.all().erase(d.all().begin() + static_cast<ptrdiff_t>(at));
    CHECK(contains(d.finding(), "missing"));
  }
}

TEST_CASE("a record that is there twice, changed places or came from nowhere is found") {
  Delivery twice;
  twice.all().push_back({kEpoch, 6, 6, false, GapReason::kNone, "record 2"});
  CHECK(contains(twice.finding(), "twice"));
  Delivery swapped;
  std::swap(swapped.all()[1].record, swapped.all()[2].record);
  CHECK(contains(swapped.finding(), "missing"));
  Delivery foreign;
  foreign.all().push_back({kEpoch, 6, 6, false, GapReason::kNone, "nobody's"});
  CHECK(contains(foreign.finding(), "nobody handed in"));
}

TEST_CASE("a gap counts only for a reason that was allowed, and never for quota on lanes 0 and 1") {
  Delivery d;
  d.put_gap(2, GapReason::kQuota);
  CHECK(contains(d.finding(), "which nothing explains"));
  d.model.allow(GapReason::kQuota);
  CHECK(d.finding() == "");
  Delivery health(Lane::kHealth);
  health.put_gap(2, GapReason::kQuota);
  health.model.allow(GapReason::kQuota);
  CHECK(contains(health.finding(), "dropped for quota"));
}

TEST_CASE("a gap that claims more or less than is missing is found") {
  Delivery less;
  less.model.allow(GapReason::kQuota);
  less.put_gap(1, GapReason::kQuota);
  less.all().erase(less.all().begin() + 2);
  CHECK(contains(less.finding(), "gaps stand for 1"));
  Delivery more;
  more.model.allow(GapReason::kQuota);
  more.all().push_back({kEpoch, 6, 12, true, GapReason::kQuota, ""});
  CHECK(contains(more.finding(), "gaps stand for 7"));
}

TEST_CASE("relaxed records may be lost by a crash within a second, and something must say so") {
  Model model;
  const auto old = model.hand_in(Lane::kTelemetry, "old", true, 0);
  const auto late = model.hand_in(Lane::kTelemetry, "late", true, 3'000'000'000);
  model.accepted(old);
  model.accepted(late);
  model.crashed(3'500'000'000);
  DeliveredLanes lanes;
  auto& lane = lanes[index_of(Lane::kTelemetry)];
  lane.push_back({kEpoch, 1, 1, false, GapReason::kNone, "old"});
  REQUIRE(model.differences(lanes).size() == 1);
  CHECK(contains(model.differences(lanes)[0], "nothing says so"));
  lane.push_back(
      {kEpoch, 2, 2, false, GapReason::kNone, wire::encode_record(wire::Interruption{4, 1, 2})});
  CHECK(model.differences(lanes).empty());
  lane.erase(lane.begin());
  CHECK(model.differences(lanes).size() == 1);
}
