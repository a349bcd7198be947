// SPDX-License-Identifier: Apache-2.0
#include "cli/health.hh"

#include <algorithm>
#include <array>

#include "cli/fleet.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

constexpr std::array<std::string_view, 4> kVerdicts{"ok", "warn", "fail", "unknown"};

}  // namespace

int exit_code_of_verdict(const Document& document) {
  const auto* at = std::ranges::find(kVerdicts, text(document, "verdict"));
  return at == kVerdicts.end() ? 3 : static_cast<int>(at - kVerdicts.begin());
}

Cell verdict_cell(const Document& object, std::string_view name) {
  const std::string verdict = text_or_dash(object, name);
  return {verdict, tone_of(verdict)};
}

Cell hold_cell(const Document& hold) {
  const std::string kind = hold.is_string() ? hold.get<std::string>() : text_or_dash(hold, "kind");
  return {kind, tone_of(kind)};
}

std::string hold_sentence(const Document& hold) {
  if (!hold.is_object()) return "";
  std::string out = text(hold, "kind") + " by " + text_or_dash(hold, "who");
  if (!text(hold, "why").empty()) out += ": " + text(hold, "why");
  if (!text(hold, "until").empty()) out += "; until " + text(hold, "until");
  return harmless(out);
}

std::string counted_verdicts(const Document& counts, const Terminal& terminal) {
  std::string out;
  for (const std::string_view verdict : {"fail", "unknown", "warn", "ok"}) {
    const double n = number(counts, verdict).value_or(0);
    if (n == 0) continue;
    const std::string part = count(n) + " " + std::string(verdict);
    out += (out.empty() ? "" : ", ") + terminal.painted(part, tone_of(verdict));
  }
  return out.empty() ? "none" : out;
}

Result<std::string> seconds_of_age(const std::string& age) {
  if (age.empty()) return std::string();
  const size_t digits = std::min(age.find_first_not_of("0123456789"), age.size());
  const std::string unit = age.substr(digits);
  const int64_t scale = unit.empty() || unit == "s" ? 1
                        : unit == "m"               ? 60
                        : unit == "h"               ? 3600
                        : unit == "d"               ? 86'400
                                                    : 0;
  if (digits == 0 || digits > 6 || scale == 0) {
    return Error{Errc::kInvalid, "'" + age + "' is not an age; write 90s, 30m, 12h or 7d"};
  }
  return std::to_string(std::stoll(age.substr(0, digits)) * scale);
}

std::string drawn_transitions(const Document& document, const Terminal& terminal) {
  Table table({{.title = "TIME"},
               {.title = "NODE", .spare = 1},
               {.title = "DEVICE"},
               {.title = "CHECK"},
               {.title = "FROM", .spare = 4},
               {.title = "TO"},
               {.title = "TIMES", .align = Column::Align::kRight, .spare = 3},
               {.title = "REASON", .spare = 5},
               {.title = "SOURCE", .spare = 6},
               {.title = "SENTENCE", .spare = 2, .flexible = true}});
  for (const Document& t : member(document, "transitions")) {
    const std::string device = text(t, "device");
    const double times = number(t, "count").value_or(1);
    table.add({moment(t, "time"), member(t, "node").is_string() ? node_of(t) : kDash,
               device.empty() ? "(node)" : device, text_or_dash(t, "check"),
               verdict_cell(t, "from"), verdict_cell(t, "to"), times > 1 ? count(times) : kDash,
               text_or_dash(t, "reason"), text_or_dash(t, "source"), text_or_dash(t, "sentence")});
  }
  if (table.empty()) return "nothing changed\n";
  return table.drawn(terminal);
}

}  // namespace farmhand::cli
