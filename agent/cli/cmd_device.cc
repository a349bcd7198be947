// SPDX-License-Identifier: Apache-2.0
// farmhand device cordon|uncordon|drain|quiesce|resume|forget KEY: a person's hand on a device.
#include <memory>

#include "cli/agent_client.hh"
#include "cli/health.hh"

namespace farmhand::cli {

namespace {

struct Action {
  const char* word;
  const char* help;
  bool needs_reason;
};

constexpr Action kActions[] = {
    {"cordon", "No new jobs on it; those that run go on", true},
    {"uncordon", "Take cordon and drain back", false},
    {"drain", "No new jobs on it; those that run may end, then it is free", true},
    {"quiesce", "Let go of every handle: for a reset, profiling or another driver", true},
    {"resume", "Take a quiesced device up again", false},
    {"forget", "It is gone for good: no longer expected", false},
};

struct Options {
  std::string key;
  std::string reason;
};

std::string drawn(const Document& document, const Terminal& terminal) {
  const std::string verdict = text_or_dash(document, "verdict");
  const std::string hold = hold_sentence(member(document, "hold"));
  return harmless(text(document, "device")) + ": " + (hold.empty() ? "not held" : hold) +
         "; verdict " + terminal.painted(verdict, tone_of(verdict)) + "\n";
}

Result<void> act(const Context& context, const std::string& word, const Options& options) {
  Request request{.verb = "device", .arguments = {{"action", word}, {"device", options.key}}};
  if (!options.reason.empty()) request.arguments.emplace_back("reason", options.reason);
  if (line_of(request).size() + 1 > kRequestBytesMax) {
    return Error{Errc::kInvalid, "the reason is too long: about 2 000 characters are safe"};
  }
  const auto document = ask_agent(context, request);
  if (!document) return document.error();
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_device(CLI::App& parent, Context& context) {
  CLI::App* device =
      parent.add_subcommand("device", "Keep a device away from jobs, and give it back");
  device->require_subcommand(1);
  for (const Action& action : kActions) {
    auto options = std::make_shared<Options>();
    CLI::App* command = device->add_subcommand(action.word, action.help);
    command->add_option("key", options->key, "The device")->type_name("KEY")->required();
    if (action.needs_reason) {
      command->add_option("--reason", options->reason, "Why: it is what others will see")
          ->type_name("TEXT")
          ->required();
    }
    command->callback([&context, options, word = std::string(action.word)] {
      context.chosen = [&context, options, word] { return act(context, word, *options); };
    });
  }
}

}  // namespace farmhand::cli
