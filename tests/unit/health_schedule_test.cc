// SPDX-License-Identifier: Apache-2.0
#include "health/schedule.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace farmhand {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMs;

struct Start {
  uint64_t at_ns;
  std::string check;
};

// Runs the schedule until `until_ns`, each check taking `lasts_ns`.
std::vector<Start> play(CheckSchedule& schedule, uint64_t until_ns, uint64_t lasts_ns = kMs) {
  std::vector<Start> starts;
  std::multimap<uint64_t, std::string> ends;
  uint64_t now_ns = 0;
  while (now_ns < until_ns) {
    for (; !ends.empty() && ends.begin()->first <= now_ns; ends.erase(ends.begin())) {
      schedule.ended(ends.begin()->second);
    }
    while (const auto check = schedule.take_due(now_ns)) {
      starts.push_back({now_ns, std::string(*check)});
      ends.emplace(now_ns + lasts_ns, *check);
    }
    uint64_t next_ns = schedule.next_due_ns();
    if (!ends.empty()) next_ns = std::min(next_ns, ends.begin()->first);
    now_ns = std::max(now_ns + 1, next_ns);
  }
  return starts;
}

std::string numbered(int i) {
  return "check" + std::to_string(i);
}

TEST_CASE("200 checks of 10 s start evenly: at most four in any 100 ms") {
  CheckSchedule schedule(7);
  for (int i = 0; i < 200; ++i) schedule.put(numbered(i), 10 * kSecond, 0);
  const std::vector<Start> starts = play(schedule, 60 * kSecond);
  CHECK(starts.size() >= 1150);
  CHECK(starts.size() <= 1250);
  size_t most = 0;
  for (size_t first = 0, last = 0; last < starts.size(); ++last) {
    while (starts[last].at_ns - starts[first].at_ns >= 100 * kMs) ++first;
    most = std::max(most, last - first + 1);
  }
  CHECK(most <= 4);
}

TEST_CASE("a check keeps its interval, give or take the jitter") {
  CheckSchedule schedule(3);
  schedule.put("disk", 10 * kSecond, 0);
  const std::vector<Start> starts = play(schedule, 1000 * kSecond);
  REQUIRE(starts.size() >= 99);
  for (size_t i = 1; i < starts.size(); ++i) {
    const uint64_t between_ns = starts[i].at_ns - starts[i - 1].at_ns;
    CHECK(between_ns >= 9'500 * kMs);
    CHECK(between_ns <= 10'500 * kMs);
  }
}

TEST_CASE("an hourly check has its first start within a minute") {
  CheckSchedule schedule(5);
  for (int i = 0; i < 20; ++i) schedule.put(numbered(i), 3600 * kSecond, 0);
  CHECK(play(schedule, 61 * kSecond + 72 * kSecond).size() == 20);
}

TEST_CASE("a check that still runs is not started again, and its missed turns are counted") {
  CheckSchedule schedule(1);
  schedule.put("slow", 10 * kSecond, 0);
  const std::vector<Start> starts = play(schedule, 300 * kSecond, 25 * kSecond);
  for (size_t i = 1; i < starts.size(); ++i) {
    CHECK(starts[i].at_ns - starts[i - 1].at_ns >= 25 * kSecond);
  }
  CHECK(starts.size() >= 9);
  CHECK(schedule.missed() >= 18);
}

TEST_CASE("no more run at once than may") {
  CheckSchedule::Limits limits;
  limits.running_max = 3;
  CheckSchedule schedule(1, limits);
  for (int i = 0; i < 50; ++i) schedule.put(numbered(i), kSecond, 0);
  uint32_t most = 0;
  for (uint64_t now_ns = 0; now_ns < 10 * kSecond; now_ns += 10 * kMs) {
    while (schedule.take_due(now_ns)) most = std::max(most, schedule.running());
  }
  CHECK(most == 3);
  CHECK(schedule.next_due_ns() == CheckSchedule::kNever);
}

TEST_CASE("every check has its turn when there are more than places") {
  CheckSchedule::Limits limits;
  limits.running_max = 2;
  CheckSchedule schedule(1, limits);
  for (int i = 0; i < 20; ++i) schedule.put(numbered(i), kSecond, 0);
  std::map<std::string, int> times;
  for (const Start& start : play(schedule, 100 * kSecond, kSecond)) ++times[start.check];
  CHECK(times.size() == 20);
  for (const auto& [check, count] : times) CHECK_MESSAGE(count >= 8, check);
}

TEST_CASE("taking a check in again, unchanged, leaves its turn alone; another interval does not") {
  CheckSchedule schedule(1);
  schedule.put("disk", 10 * kSecond, 0);
  const uint64_t next_ns = schedule.next_due_ns();
  schedule.put("disk", 10 * kSecond, kSecond);
  CHECK(schedule.next_due_ns() == next_ns);
  schedule.put("disk", kSecond, 20 * kSecond);
  CHECK(schedule.next_due_ns() >= 20 * kSecond);
  CHECK(schedule.next_due_ns() <= 21 * kSecond + 20 * kMs);
}

TEST_CASE("a check removed while it runs gives its place back") {
  CheckSchedule::Limits limits;
  limits.running_max = 1;
  CheckSchedule schedule(1, limits);
  schedule.put("a", kSecond, 0);
  REQUIRE(schedule.take_due(2 * kSecond));
  schedule.put("b", kSecond, 0);
  CHECK_FALSE(schedule.take_due(5 * kSecond));
  schedule.remove("a");
  schedule.ended("a");
  CHECK(schedule.running() == 0);
  CHECK(schedule.take_due(6 * kSecond) == "b");
}

TEST_CASE("after a suspend each check starts once, not once per turn slept through") {
  CheckSchedule schedule(1);
  for (int i = 0; i < 5; ++i) schedule.put(numbered(i), 10 * kSecond, 0);
  int starts = 0;
  for (uint64_t now_ns = 3600 * kSecond; now_ns < 3602 * kSecond; now_ns += kMs) {
    while (const auto check = schedule.take_due(now_ns)) {
      ++starts;
      schedule.ended(*check);
    }
  }
  CHECK(starts >= 5);
  CHECK(starts <= 6);
}

TEST_CASE("nodes with different seeds do not start together") {
  CheckSchedule one(1);
  CheckSchedule other(2);
  one.put("ntp", 60 * kSecond, 0);
  other.put("ntp", 60 * kSecond, 0);
  CHECK(one.next_due_ns() != other.next_due_ns());
}

}  // namespace
}  // namespace farmhand
