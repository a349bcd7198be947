// SPDX-License-Identifier: Apache-2.0
// farmhand queue: what waits for the coordinator, lane by lane, and what had to be dropped.
#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/draw.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

// `telemetry: 84 downsample, 3 quota` for each lane that lost something, and the interruptions.
std::string losses(const Document& document, const Terminal& terminal) {
  std::string out;
  for (const Document& lane : member(document, "lanes")) {
    std::string reasons;
    for (const auto& [reason, records] : member(lane, "dropped_by_reason").items()) {
      if (!records.is_number() || records.get<double>() == 0) continue;
      reasons += (reasons.empty() ? "" : ", ") + count(records.get<double>()) + " " + reason;
    }
    if (reasons.empty()) continue;
    out += terminal.painted("dropped from " + text(lane, "name") + ": " + harmless(reasons),
                            Tone::kWarn) +
           "\n";
  }
  const double interruptions = number(document, "interruptions").value_or(0);
  if (interruptions > 0) {
    out += "telemetry of up to a second may be missing, " + count(interruptions) +
           (interruptions == 1 ? " time\n" : " times\n");
  }
  return out;
}

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "LANE"},
               {.title = "LAST", .align = kRight},
               {.title = "WAITING", .align = kRight},
               {.title = "OLDEST", .align = kRight},
               {.title = "BYTES", .align = kRight},
               {.title = "TAIL", .align = kRight, .spare = 2},
               {.title = "QUOTA", .align = kRight, .spare = 1},
               {.title = "DROPPED", .align = kRight}});
  for (const Document& lane : member(document, "lanes")) {
    const auto dropped = number(lane, "dropped_records");
    table.add({text_or_dash(lane, "name"),
               count(number(lane, "last_sequence")),
               count(number(lane, "records")),
               duration(number(lane, "oldest_age_s")),
               bytes(number(lane, "bytes")),
               bytes(number(lane, "tail_bytes")),
               bytes(number(lane, "quota_bytes")),
               {count(dropped), dropped.value_or(0) > 0 ? Tone::kWarn : Tone::kPlain}});
  }
  std::string out = table.drawn(terminal) + "\n" + bytes(number(document, "file_bytes")) + " of " +
                    bytes(number(document, "size_max_bytes")) + " used, epoch " +
                    fixed(number(member(document, "epoch"), "counter"), 0) + ", ballast " +
                    text_or_dash(document, "ballast") + "\n";
  out += losses(document, terminal);
  const std::string trouble = text(document, "trouble");
  if (!trouble.empty()) out += terminal.painted(harmless(trouble), Tone::kBad) + "\n";
  const std::string reason = text(document, "reason");
  if (trouble.empty() && !reason.empty()) {
    out += terminal.painted(harmless(reason), Tone::kWarn) + "\n";
  }
  return out;
}

Result<void> run(const Context& context) {
  const auto document = ask_agent(context, {.verb = "queue", .arguments = {}});
  if (!document) return document.error();
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_queue(CLI::App& parent, Context& context) {
  parent.add_subcommand("queue", "What waits for the coordinator, lane by lane")
      ->callback([&context] { context.chosen = [&context] { return run(context); }; });
}

}  // namespace farmhand::cli
