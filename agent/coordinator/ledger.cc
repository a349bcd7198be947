// SPDX-License-Identifier: Apache-2.0
#include "coordinator/ledger.hh"

#include "base/bytes.hh"

namespace farmhand::coordinator {
namespace {

constexpr std::string_view kGood = "every sequence number is covered exactly once\n";
constexpr std::string_view kBad = "the ledger does NOT cover every sequence number exactly once\n";

std::string range(uint64_t from, uint64_t to) {
  return from == to ? std::to_string(from) : std::to_string(from) + ".." + std::to_string(to);
}

// Between two rows, or before the first.
void check_step(LaneReport& report, uint64_t expected, const LedgerRow& row) {
  if (row.to < row.from)
    report.findings.push_back("row " + range(row.from, row.to) + " ends before it begins");
  if (row.from > expected)
    report.findings.push_back("nothing covers " + range(expected, row.from - 1));
  if (row.from < expected)
    report.findings.push_back(range(row.from, std::min(expected - 1, row.to)) +
                              " is covered more than once");
}

void check_end(LaneReport& report, const LaneLedger& lane) {
  const uint64_t applied = lane.applied ? lane.applied->seq : 0;
  if (applied != report.last)
    report.findings.push_back("the watermark says " + std::to_string(applied) +
                              ", the ledger ends at " + std::to_string(report.last));
  else if (lane.applied && !lane.rows.empty() && lane.applied->chain != lane.rows.back().chain)
    report.findings.push_back("the chain of the watermark is not the ledger's");
  if (lane.stated_end > report.last)
    report.findings.push_back("the node says that this epoch reached " +
                              std::to_string(lane.stated_end) + "; nothing covers " +
                              range(report.last + 1, lane.stated_end));
}

void add_gap(Json& json, const LedgerRow& gap) {
  json.object().member("from", gap.from).member("to", gap.to);
  json.member("reason", name_of(gap.reason)).member("bytes", gap.lost_bytes).end();
}

void add_lane(Json& json, const LaneReport& lane) {
  json.object().member("node", lane.node.text()).member("epoch", lane.epoch.counter);
  json.member("lane", static_cast<int>(lane.lane)).member("last", lane.last);
  json.member("records", lane.records).member("lost", lane.lost).key("gaps").array();
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
  LaneReport report{lane.node, lane.epoch, lane.lane, 0, 0, 0, {}, {}};
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
  return findings.empty();
}

std::string json_from(const FarmReport& report) {
  Json json;
  json.object().member("ok", report.ok()).key("findings").array();
  for (const std::string& finding : report.findings) json.value(finding);
  json.end().key("lanes").array();
  for (const LaneReport& lane : report.lanes) add_lane(json, lane);
  return json.end().end().take();
}

std::string text_from(const FarmReport& report) {
  std::string text;
  for (const LaneReport& lane : report.lanes) {
    const std::string at = lane.node.text() + " epoch " + std::to_string(lane.epoch.counter) +
                           " lane " + std::to_string(lane.lane);
    text += at + ": " + std::to_string(lane.records) + " records, " + std::to_string(lane.lost) +
            " in gaps, up to " + std::to_string(lane.last) +
            (lane.findings.empty() ? "" : "  NOT COVERED") + "\n";
    for (const LedgerRow& gap : lane.gaps)
      text += "    gap " + range(gap.from, gap.to) + " " + std::string(name_of(gap.reason)) + ", " +
              std::to_string(gap.lost_bytes) + " bytes\n";
    for (const std::string& finding : lane.findings) text += "    " + finding + "\n";
  }
  for (const std::string& finding : report.findings) text += finding + "\n";
  return text.append(report.ok() ? kGood : kBad);
}

bool is_good_text(std::string_view text) { return text.ends_with(kGood); }

}  // namespace farmhand::coordinator
