// SPDX-License-Identifier: Apache-2.0
// farmhand fleet health: what is not well anywhere; the exit code is the verdict.
#include "cli/fleet.hh"
#include "cli/health.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string device_of(const Document& row) {
  const std::string device = text(row, "device");
  return device.empty() ? "(node)" : device;
}

std::string attention_of(const Document& document, const Terminal& terminal) {
  Table table({{.title = "NODE"},
               {.title = "DEVICE"},
               {.title = "PARTITION", .spare = 4},
               {.title = "VERDICT"},
               {.title = "HOLD", .spare = 2},
               {.title = "CHECK", .spare = 5},
               {.title = "REASON", .spare = 3},
               {.title = "SINCE", .spare = 6},
               {.title = "SENTENCE", .spare = 1, .flexible = true}});
  for (const Document& row : member(document, "attention")) {
    table.add({node_of(row), device_of(row), text_or_dash(row, "partition"), verdict_cell(row),
               hold_cell(member(row, "hold")), text_or_dash(row, "check"),
               text_or_dash(row, "reason"), moment(row, "since"), text_or_dash(row, "sentence")});
  }
  return table.empty() ? "" : table.drawn(terminal) + "\n";
}

std::string next_of(const Document& document) {
  std::string out;
  for (const Document& row : member(document, "attention")) {
    const std::string name = "  " + harmless(node_of(row) + " " + device_of(row)) + ": ";
    if (text(row, "verdict") != "ok" && !text(row, "action").empty()) {
      out += name + harmless(text(row, "action")) + "\n";
    }
    const std::string hold = hold_sentence(member(row, "hold"));
    if (!hold.empty()) out += name + hold + "\n";
  }
  return out.empty() ? "" : "next\n" + out + "\n";
}

std::string partitions_of(const Document& document, const Terminal& terminal) {
  Table table({{.title = "PARTITION"},
               {.title = "OK", .align = kRight},
               {.title = "WARN", .align = kRight},
               {.title = "FAIL", .align = kRight},
               {.title = "UNKNOWN", .align = kRight},
               {.title = "HELD", .align = kRight}});
  for (const Document& row : member(document, "partitions")) {
    const Document& devices = member(row, "devices");
    table.add({text_or_dash(row, "partition"), count(number(devices, "ok")),
               count(number(devices, "warn")), count(number(devices, "fail")),
               count(number(devices, "unknown")), count(number(row, "held"))});
  }
  return table.empty() ? "" : table.drawn(terminal) + "\n";
}

std::string offenders_of(const Document& document, const Terminal& terminal) {
  Table table({{.title = "NODE"},
               {.title = "DEVICE"},
               {.title = "REASON"},
               {.title = "FAILURES", .align = kRight},
               {.title = "LAST", .spare = 1}});
  for (const Document& row : member(document, "offenders")) {
    table.add({node_of(row), device_of(row), text_or_dash(row, "reason"),
               count(number(row, "failures")), moment(row, "last")});
  }
  if (table.empty()) return "";
  return "again and again, within " + duration(number(document, "offenders_window_s")) + "\n" +
         table.drawn(terminal) + "\n";
}

std::string drawn(const Document& document, const Terminal& terminal) {
  const std::string verdict = text_or_dash(document, "verdict");
  const double held = number(document, "held").value_or(0);
  return attention_of(document, terminal) + next_of(document) + offenders_of(document, terminal) +
         partitions_of(document, terminal) +
         terminal.painted(verdict, verdict == "ok" ? Tone::kGood : tone_of(verdict)) +
         "  devices: " + counted_verdicts(member(document, "devices"), terminal) +
         (held > 0 ? "; held: " + count(held) : "") + "\n";
}

struct HistoryOptions {
  std::string node, device, since;
};

Result<void> show_history(const Context& context, const Coordinator& where,
                          const HistoryOptions& options) {
  const auto since = seconds_of_age(options.since);
  if (!since) return since.error();
  return show_from(context, where, "/v1/fleet/health/history",
                   {{"node", options.node}, {"device", options.device}, {"since_s", *since}},
                   drawn_transitions);
}

}  // namespace

void declare_fleet_health(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  CLI::App* health = fleet.add_subcommand("health", "What is not well on any node; exits 0 to 3");
  health->require_subcommand(0, 1);
  health->fallthrough();
  auto options = std::make_shared<HistoryOptions>();
  CLI::App* history = health->add_subcommand("history", "What changed, the newest first");
  history->add_option("--node", options->node, "Only of this node")->type_name("ID");
  history->add_option("--device", options->device, "Only of this device")->type_name("KEY");
  history->add_option("--since", options->since, "Not older than this: 90s, 30m, 12h, 7d")
      ->type_name("AGE");
  history->callback([&context, where, options] {
    context.chosen = [&context, where, options] { return show_history(context, *where, *options); };
  });
  health->callback([&context, where, health] {
    if (!health->get_subcommands().empty()) return;
    context.chosen = [&context, where] {
      return show_from(context, *where, "/v1/fleet/health", {}, drawn,
                       [&context](const Document& document) {
                         context.verdict_code = exit_code_of_verdict(document);
                       });
    };
  });
}

}  // namespace farmhand::cli
