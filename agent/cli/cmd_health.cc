// SPDX-License-Identifier: Apache-2.0
// farmhand health [--all]: what is not well and what to do; the exit code is the verdict.
// farmhand health history, farmhand health explain.
#include <memory>

#include "cli/agent_client.hh"
#include "cli/health.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

std::string name_of_subject(const Document& subject) {
  const std::string key = text(subject, "key");
  return key.empty() ? "(node)" : key;
}

bool needs_attention(const Document& subject) {
  return text(subject, "verdict") != "ok" || member(subject, "hold").is_object();
}

std::string summary(const Document& document, const Terminal& terminal) {
  Document counts = Document::object();
  std::string node = "-";
  int held = 0;
  for (const Document& subject : member(document, "subjects")) {
    const std::string verdict = text(subject, "verdict");
    held += member(subject, "hold").is_object() ? 1 : 0;
    if (text(subject, "key").empty()) {
      node = verdict;
    } else {
      counts[verdict] = number(counts, verdict).value_or(0) + 1;
    }
  }
  const std::string verdict = text_or_dash(document, "verdict");
  std::string out = terminal.painted(verdict, verdict == "ok" ? Tone::kGood : tone_of(verdict)) +
                    "  devices: " + counted_verdicts(counts, terminal) +
                    "; node: " + terminal.painted(harmless(node), tone_of(node));
  if (held > 0) out += "; held: " + count(held);
  const size_t refused = member(document, "refused").size();
  if (refused > 0) {
    out += "; " + terminal.painted("checks refused: " + count(double(refused)), Tone::kWarn);
  }
  return out + "\n";
}

// Sentences that say what to do are never cut: they stand below the table, on lines of their own.
std::string next_lines(const Document& document) {
  std::string out;
  for (const Document& subject : member(document, "subjects")) {
    if (!needs_attention(subject)) continue;
    const std::string name = "  " + harmless(name_of_subject(subject)) + ": ";
    if (text(subject, "verdict") != "ok" && !text(subject, "action").empty()) {
      out += name + harmless(text(subject, "action")) + "\n";
    }
    const std::string hold = hold_sentence(member(subject, "hold"));
    if (!hold.empty()) out += name + hold + "\n";
    if (!text(subject, "note").empty()) out += name + harmless(text(subject, "note")) + "\n";
    for (const Document& offence : member(subject, "offences")) {
      out += name + harmless(text(offence, "reason")) + " " + count(number(offence, "count")) +
             " times within " + duration(number(offence, "window_s")) + "\n";
    }
  }
  return out;
}

std::string refused_lines(const Document& document) {
  std::string out;
  for (const Document& check : member(document, "refused")) {
    out += "  " +
           harmless(text(check, "file") + ":" + fixed(number(check, "line"), 0) + ": " +
                    text(check, "why")) +
           "\n";
  }
  return out.empty() ? "" : "\nrefused\n" + out;
}

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "DEVICE"},
               {.title = "VERDICT"},
               {.title = "HOLD", .spare = 3},
               {.title = "CHECK", .spare = 2},
               {.title = "REASON", .spare = 5},
               {.title = "SINCE", .spare = 4},
               {.title = "SENTENCE", .flexible = true}});
  for (const Document& subject : member(document, "subjects")) {
    if (!needs_attention(subject)) continue;
    const std::string sentence = text(subject, "sentence");
    const bool silent = member(subject, "checks").empty();
    table.add({name_of_subject(subject), verdict_cell(subject), hold_cell(member(subject, "hold")),
               text_or_dash(subject, "deciding_check"), text_or_dash(subject, "reason"),
               moment(member(subject, "since"), "time"),
               !sentence.empty() ? sentence
               : silent          ? std::string("no check has spoken of it yet")
                                 : std::string(kDash)});
  }
  const std::string next = next_lines(document);
  return (table.empty() ? "" : table.drawn(terminal) + "\n") +
         (next.empty() ? "" : "next\n" + next + "\n") + summary(document, terminal) +
         refused_lines(document);
}

std::string drawn_all(const Document& document, const Terminal& terminal) {
  Table table({{.title = "DEVICE"},
               {.title = "CHECK"},
               {.title = "VERDICT"},
               {.title = "SOURCE", .spare = 3},
               {.title = "CHANGES", .align = Column::Align::kRight, .spare = 6},
               {.title = "REASON", .spare = 5},
               {.title = "SINCE", .spare = 4},
               {.title = "SENTENCE", .flexible = true}});
  for (const Document& subject : member(document, "subjects")) {
    for (const Document& check : member(subject, "checks")) {
      const std::string flapping = truth(check, "flapping") ? " (flapping)" : "";
      const std::string verdict = text_or_dash(check, "verdict");
      table.add({name_of_subject(subject), text_or_dash(check, "check"),
                 Cell(verdict + flapping, tone_of(verdict)), text_or_dash(check, "source"),
                 count(number(check, "changes")), text_or_dash(check, "reason"),
                 moment(member(check, "since"), "time"), text_or_dash(check, "sentence")});
    }
  }
  const std::string next = next_lines(document);
  return (table.empty() ? "" : table.drawn(terminal) + "\n") +
         (next.empty() ? "" : "next\n" + next + "\n") + summary(document, terminal) +
         refused_lines(document);
}

std::string bound(const Document& evidence, std::string_view name, const std::string& word) {
  const auto value = number(evidence, name);
  return value ? ", " + word + " " + measured(value, text(evidence, "unit")) : "";
}

std::string evidence_lines(const Document& state) {
  std::string out;
  for (const Document& evidence : member(state, "evidence")) {
    const auto value = number(evidence, "value");
    out +=
        "    " + harmless(text(evidence, "name")) + ": " +
        harmless(value ? measured(value, text(evidence, "unit")) : text_or_dash(evidence, "text")) +
        bound(evidence, "least", "at least") + bound(evidence, "most", "at most") + "\n";
  }
  return out;
}

std::string state_lines(const Document& now, const Terminal& terminal) {
  const Document& state = member(now, "state");
  const std::string device = text(now, "device");
  const std::string verdict = text_or_dash(state, "verdict");
  std::string out = "  " + harmless(device.empty() ? "(node)" : device) + "  " +
                    terminal.painted(verdict, tone_of(verdict)) + " since " +
                    moment(member(state, "since"), "time") + ", " +
                    count(number(state, "changes")) + " changes, " +
                    harmless(text(state, "source")) +
                    (truth(now, "decides") ? ", decides the verdict" : "") + "\n";
  if (!text(state, "sentence").empty()) out += "    " + harmless(text(state, "sentence")) + "\n";
  if (!text(state, "action").empty() && verdict != "ok") {
    out += "    next: " + harmless(text(state, "action")) + "\n";
  }
  out += evidence_lines(state);
  for (const Document& offence : member(now, "offences")) {
    out += "    " + harmless(text(offence, "reason")) + " " + count(number(offence, "count")) +
           " times within " + duration(number(offence, "window_s")) + "\n";
  }
  return out;
}

std::string drawn_meaning(const Document& document, const Terminal& terminal) {
  std::string out = terminal.painted(harmless(text(document, "word")), Tone::kBold) + "\n";
  for (const Document& reason : member(document, "reasons")) {
    out += "  " + harmless(text(reason, "reason") + ": " + text(reason, "meaning")) +
           "\n    next: " + harmless(text(reason, "action")) + "\n";
  }
  const Document& now = member(document, "now");
  out += now.empty() ? "\nno check says so now\n" : "\nnow\n";
  for (const Document& place : now) out += state_lines(place, terminal);
  const Document& past = member(document, "past");
  if (const auto times = number(past, "times_not_ok"); times && *times > 0) {
    out += "\nnot ok " + count(times) + " times, the last at " + moment(past, "last") + "\n";
  }
  return out;
}

Result<void> show_health(Context& context, bool all) {
  const auto document = ask_agent(context, {.verb = "health", .arguments = {}});
  if (!document) return document.error();
  show(context, *document, all ? drawn_all : drawn);
  context.verdict_code = exit_code_of_verdict(*document);
  return {};
}

struct HistoryOptions {
  std::string device, since;
};

Result<void> show_history(const Context& context, const HistoryOptions& options) {
  const auto since = seconds_of_age(options.since);
  if (!since) return since.error();
  Request request{.verb = "health-history", .arguments = {}};
  if (!options.device.empty()) request.arguments.emplace_back("device", options.device);
  if (!since->empty()) request.arguments.emplace_back("since_s", *since);
  const auto document = ask_agent(context, request);
  if (!document) return document.error();
  show(context, *document, drawn_transitions);
  return {};
}

Result<void> explain(const Context& context, const std::string& word) {
  const auto document =
      ask_agent(context, {.verb = "health-explain", .arguments = {{"word", word}}});
  if (!document) return document.error();
  show(context, *document, drawn_meaning);
  return {};
}

void declare_history(CLI::App& health, Context& context) {
  auto options = std::make_shared<HistoryOptions>();
  CLI::App* history = health.add_subcommand("history", "What changed, the newest first");
  history->add_option("--device", options->device, "Only of this device")->type_name("KEY");
  history->add_option("--since", options->since, "Not older than this: 90s, 30m, 12h, 7d")
      ->type_name("AGE");
  history->callback([&context, options] {
    context.chosen = [&context, options] { return show_history(context, *options); };
  });
}

void declare_explain(CLI::App& health, Context& context) {
  auto word = std::make_shared<std::string>();
  CLI::App* explained =
      health.add_subcommand("explain", "What a check or reason means, and what to do next");
  explained->add_option("word", *word, "A check or a reason code")->type_name("CHECK")->required();
  explained->callback(
      [&context, word] { context.chosen = [&context, word] { return explain(context, *word); }; });
}

}  // namespace

void declare_health(CLI::App& parent, Context& context) {
  auto all = std::make_shared<bool>(false);
  CLI::App* health =
      parent.add_subcommand("health", "What is not well, why, and what to do; exits 0 to 3");
  health->add_flag("--all", *all, "Every check, also those that are ok");
  health->require_subcommand(0, 1);
  declare_history(*health, context);
  declare_explain(*health, context);
  // CLI11 calls this after the callback of a subcommand.
  health->callback([&context, health, all] {
    if (!health->get_subcommands().empty()) return;
    context.chosen = [&context, all] { return show_health(context, *all); };
  });
}

}  // namespace farmhand::cli
