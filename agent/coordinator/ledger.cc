// SPDX-License-Identifier: Apache-2.0
#include "coordinator/ledger.hh"

#include <algorithm>

#include "outbox/lane.hh"

namespace farmhand::coordinator {
namespace {

constexpr std::string_view kGood = "every sequence number is covered exactly once\n";
constexpr std::string_view kBad = "the ledger does NOT cover every sequence number exactly once\n";

std::string range(uint64_t from, uint64_t to) {
  return from == to ? std::to_string(from) : std::to_string(from) + ".." + std::to_string(to);
}

void add_hole(LaneReport& report, uint64_t from, uint64_t to) {
  report.holes.emplace_back(from, to);
  report.findings.push_back("nothing covers " + range(from, to));
}

// Between two rows, or before the first.
void check_step(LaneReport& report, uint64_t expected, const LedgerRow& row) {
  if (row.to < row.from)
    report.findings.push_back("row " + range(row.from, row.to) + " ends before it begins");
  if (row.from > expected) add_hole(report, expected, row.from - 1);
  if (row.from >= expected) return;
  report.overlaps.emplace_back(row.from, std::min(expected - 1, row.to));
  report.findings.push_back(range(report.overlaps.back().first, report.overlaps.back().second) +
                            " is covered more than once");
}

void check_end(LaneReport& report, const LaneLedger& lane) {
  const uint64_t applied = lane.applied ? lane.applied->seq : 0;
  if (applied != report.last)
    report.findings.push_back("the watermark says " + std::to_string(applied) +
                              ", the ledger ends at " + std::to_string(report.last));
  else if (lane.applied && !lane.rows.empty() && lane.applied->chain != lane.rows.back().chain)
    report.findings.push_back("the chain of the watermark is not the ledger's");
  if (lane.stated_end > report.last) {
    add_hole(report, report.last + 1, lane.stated_end);
    report.findings.push_back("the node says that this epoch reached " +
                              std::to_string(lane.stated_end));
  }
}

void add_ranges(Json& json, std::string_view name,
                const std::vector<std::pair<uint64_t, uint64_t>>& ranges) {
  json.key(name).array();
  for (const auto& [from, to] : ranges) json.object().member("from", from).member("to", to).end();
  json.end();
}

void add_gap(Json& json, const LedgerRow& gap) {
  json.object().member("from", gap.from).member("to", gap.to);
  json.member("reason", name_of(gap.reason)).member("bytes", gap.lost_bytes).end();
}

void add_lane(Json& json, const LaneReport& lane) {
  json.object().member("lane", name_of(static_cast<Lane>(lane.lane))).member("last", lane.last);
  json.member("records", lane.records).member("lost", lane.lost);
  add_ranges(json, "holes", lane.holes);
  add_ranges(json, "overlaps", lane.overlaps);
  json.key("gaps").array();
  for (const LedgerRow& gap : lane.gaps) add_gap(json, gap);
  json.end().key("findings").array();
  for (const std::string& finding : lane.findings) json.value(finding);
  json.end().end();
}

}  // namespace

std::string_view name_of(wire::GapReason reason) {
  switch (reason) {
    case wire::GapReason::kNone:
      return "none";
    case wire::GapReason::kQuota:
      return "quota";
    case wire::GapReason::kPoison:
      return "poison";
    case wire::GapReason::kCorruption:
      return "corruption";
    case wire::GapReason::kDownsample:
      return "downsample";
    case wire::GapReason::kOversize:
      return "oversize";
    case wire::GapReason::kTailExpired:
      return "tail_expired";
  }
  return "unknown";
}

bool merges(const LedgerRow& row, const LedgerRow& next) {
  return row.to + 1 == next.from && row.gap == next.gap && row.reason == next.reason;
}

LaneReport check_lane(const LaneLedger& lane) {
  LaneReport report;
  report.node = lane.node;
  report.epoch = lane.epoch;
  report.lane = lane.lane;
  for (const LedgerRow& row : lane.rows) {
    check_step(report, report.last + 1, row);
    report.last = std::max(report.last, row.to);
    const uint64_t count = row.to - row.from + 1;
    (row.gap ? report.lost : report.records) += count;
    if (row.gap) report.gaps.push_back(row);
  }
  check_end(report, lane);
  return report;
}

bool FarmReport::ok() const {
  for (const LaneReport& lane : lanes)
    if (!lane.findings.empty()) return false;
  return true;
}

// Nodes, their epochs, their lanes: the order in which the rows come.
std::string json_from(const FarmReport& report) {
  Json json;
  json.object().member("ok", report.ok()).key("nodes").array();
  const LaneReport* before = nullptr;
  for (const LaneReport& lane : report.lanes) {
    const bool same_node = before != nullptr && before->node == lane.node;
    const bool same_epoch = same_node && before->epoch == lane.epoch;
    if (before != nullptr && !same_epoch) json.end().end();
    if (before != nullptr && !same_node) json.end().end();
    if (!same_node) json.object().member("node", lane.node.text()).key("epochs").array();
    if (!same_epoch) json.object().member("epoch", lane.epoch.counter).key("lanes").array();
    add_lane(json, lane);
    before = &lane;
  }
  if (before != nullptr) json.end().end().end().end();
  return json.end().end().take();
}

std::string text_from(const FarmReport& report) {
  std::string text;
  for (const LaneReport& lane : report.lanes) {
    const std::string at = lane.node.text() + " epoch " + std::to_string(lane.epoch.counter) +
                           " lane " + std::string(name_of(static_cast<Lane>(lane.lane)));
    text += at + ": " + std::to_string(lane.records) + " records, " + std::to_string(lane.lost) +
            " in gaps, up to " + std::to_string(lane.last) +
            (lane.findings.empty() ? "" : "  NOT COVERED") + "\n";
    for (const LedgerRow& gap : lane.gaps)
      text += "    gap " + range(gap.from, gap.to) + " " + std::string(name_of(gap.reason)) + ", " +
              std::to_string(gap.lost_bytes) + " bytes\n";
    for (const std::string& finding : lane.findings) text += "    " + finding + "\n";
  }
  return text.append(report.ok() ? kGood : kBad);
}

bool is_good_text(std::string_view text) {
  return text.ends_with(kGood);
}

}  // namespace farmhand::coordinator
