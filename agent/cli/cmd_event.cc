// SPDX-License-Identifier: Apache-2.0
// farmhand event add: a person's note or a script's finding, beside what the agent notices itself.
#include <memory>

#include "cli/agent_client.hh"
#include "cli/command.hh"

namespace farmhand::cli {

namespace {

struct EventOptions {
  std::string severity = "info";
  std::string reason = "operator.note";
  std::string device;
  std::string sentence;
};

Result<void> add(const Context& context, const EventOptions& options) {
  Request request{.verb = "event",
                  .arguments = {{"severity", options.severity},
                                {"reason", options.reason},
                                {"sentence", options.sentence}}};
  if (!options.device.empty()) request.arguments.emplace_back("device", options.device);
  if (line_of(request).size() + 1 > kRequestBytesMax) {
    return Error{Errc::kInvalid, "the sentence is too long: about 2 000 characters are safe"};
  }
  const auto document = ask_agent(context, request);
  if (!document) return document.error();
  show(context, *document, [](const Document& stored, const Terminal&) {
    return "stored as event " + fixed(number(stored, "sequence"), 0) + "\n";
  });
  return {};
}

}  // namespace

void declare_event(CLI::App& parent, Context& context) {
  CLI::App* command = parent.add_subcommand("event", "Events of people and scripts");
  command->require_subcommand(1);
  auto options = std::make_shared<EventOptions>();
  CLI::App* added =
      command->add_subcommand("add", "Store an event on this node, for the coordinator to see");
  added->add_option("--severity", options->severity, "info, warning, error or critical")
      ->type_name("WORD")
      ->capture_default_str();
  added->add_option("--reason", options->reason, "A code to find it by, such as maintenance.begin")
      ->type_name("CODE")
      ->capture_default_str();
  added->add_option("--device", options->device, "The device it is about; absent: the node")
      ->type_name("KEY");
  added->add_option("sentence", options->sentence, "What happened, in words")
      ->type_name("SENTENCE")
      ->required();
  added->callback([&context, options] {
    context.chosen = [&context, options] { return add(context, *options); };
  });
}

}  // namespace farmhand::cli
