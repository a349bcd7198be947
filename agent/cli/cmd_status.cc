// SPDX-License-Identifier: Apache-2.0
// farmhand status: one screen that says whether this node is well, and what is not.
#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/draw.hh"
#include "cli/health.hh"

namespace farmhand::cli {

namespace {

std::string label(const Terminal& terminal, std::string_view name) {
  std::string padded(name);
  padded.resize(13, ' ');
  return terminal.painted(padded, Tone::kDim);
}

std::string agent_lines(const Document& status, const Terminal& terminal) {
  const Document& agent = member(status, "agent");
  const Document& self = member(status, "self");
  std::string out = label(terminal, "node");
  out += terminal.painted(harmless(text_or_dash(agent, "node_name")), Tone::kBold) + "  " +
         text_or_dash(agent, "node_id") + "\n";
  out += label(terminal, "agent") + text_or_dash(agent, "version") + ", pid " +
         fixed(number(agent, "pid"), 0) + ", up " + duration(number(agent, "uptime_s")) + ", " +
         bytes(number(self, "rss_bytes")) + ", CPU " + duration(number(self, "cpu_s")) + "\n";
  if (!truth(status, "clock_synchronised")) {
    out += label(terminal, "clock") + terminal.painted("not synchronised", Tone::kWarn) + "\n";
  }
  return out;
}

std::string coordinator_line(const Document& status, const Terminal& terminal) {
  const Document& uplink = member(status, "coordinator");
  const std::string state = text_or_dash(uplink, "status");
  std::string out = label(terminal, "coordinator") + terminal.painted(state, tone_of(state));
  if (!text(uplink, "url").empty()) out += "  " + harmless(text(uplink, "url"));
  if (const auto rtt = number(uplink, "round_trip_ns")) out += ", " + duration(*rtt / 1e9);
  if (!text(uplink, "reason").empty()) {
    out += "\n" + std::string(13, ' ') + harmless(text(uplink, "reason"));
  }
  return out + "\n";
}

std::string counted(const Document& counts, const Terminal& terminal) {
  std::string out;
  for (const auto& [name, value] : counts.items()) {
    const bool summed = name == "total" || name == "accelerators";
    if (summed || !value.is_number() || value.get<double>() == 0) continue;
    const std::string part = count(value.get<double>()) + " " + name;
    out += (out.empty() ? "" : ", ") + terminal.painted(part, tone_of(name));
  }
  return out.empty() ? "none" : out;
}

std::string health_line(const Document& status, const Terminal& terminal) {
  const Document& health = member(status, "health");
  if (!health.is_object()) return "";
  const std::string verdict = text_or_dash(health, "verdict");
  std::string out = label(terminal, "health") + terminal.painted(verdict, tone_of(verdict)) +
                    "  devices: " + counted_verdicts(member(health, "devices"), terminal);
  const double held = number(health, "held").value_or(0);
  if (held > 0) out += "; held: " + count(held);
  const double refused = number(health, "checks_refused").value_or(0);
  if (refused > 0) out += "; " + terminal.painted("checks refused: " + count(refused), Tone::kWarn);
  return out + "\n";
}

std::string part_lines(const Document& status, const Terminal& terminal) {
  const Document& queue = member(status, "queue");
  std::string out =
      label(terminal, "devices") + counted(member(status, "devices"), terminal) + "\n" +
      label(terminal, "plugins") + counted(member(status, "plugins"), terminal) + "\n" +
      label(terminal, "queue") + count(number(queue, "records")) + " records, " +
      bytes(number(queue, "file_bytes")) + " of " + bytes(number(queue, "size_max_bytes")) +
      ", oldest " + duration(number(queue, "oldest_age_s"));
  if (number(queue, "dropped_records").value_or(0) > 0) {
    const std::string gaps = count(number(queue, "dropped_records")) + " records dropped";
    out += ", " + terminal.painted(gaps, Tone::kWarn);
  }
  return out + "\n";
}

// A reason says what to do, so it is never cut: it stands on a line of its own.
std::string problem_lines(const Document& status, const Terminal& terminal) {
  std::string out;
  for (const Document& problem : member(status, "problems")) {
    const std::string state = text_or_dash(problem, "status");
    out += "\n" + terminal.painted(harmless(state), tone_of(state)) + "  " +
           harmless(text(problem, "subject") + " " + text(problem, "name")) + "\n  " +
           harmless(text_or_dash(problem, "reason")) + "\n";
  }
  return out;
}

std::string drawn(const Document& status, const Terminal& terminal) {
  return agent_lines(status, terminal) + coordinator_line(status, terminal) +
         health_line(status, terminal) + part_lines(status, terminal) +
         problem_lines(status, terminal);
}

Result<void> run(const Context& context) {
  const auto document = ask_agent(context, {.verb = "status", .arguments = {}});
  if (!document) return document.error();
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_status(CLI::App& parent, Context& context) {
  parent.add_subcommand("status", "How this node is doing, and what needs attention")
      ->callback([&context] { context.chosen = [&context] { return run(context); }; });
}

}  // namespace farmhand::cli
