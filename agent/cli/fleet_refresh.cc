// SPDX-License-Identifier: Apache-2.0
// farmhand fleet refresh NODE --key FILE: asks one node to report its inventory anew. The command
// is signed here: the coordinator only carries it.
#include "base/clock.hh"
#include "base/signature.hh"
#include "cli/fleet.hh"
#include "control/request.hh"
#include "wire/command.hh"

namespace farmhand::cli {

namespace {

constexpr int64_t kGoodForNs = 10ll * 60 * 1'000'000'000;

struct Options {
  std::string node;
  std::string key;
  std::string partition;
};

// A command belongs to one partition; any of the node's will do for its inventory.
Result<std::string> partition_on(const Coordinator& coordinator, const std::string& node) {
  const auto document = get(coordinator, "/v1/fleet/devices", {{"node", node}});
  if (!document) return document.error();
  for (const Document& device : member(*document, "devices")) {
    const bool of_node = text(device, "node") == node || text(device, "hostname") == node;
    if (of_node && !text(device, "partition").empty()) return text(device, "partition");
  }
  return Error{Errc::kNotFound, "the coordinator knows no device of node '" + node +
                                    "' inside a partition; name one with --partition"};
}

std::string signed_refresh(const SigningKey& key, const std::string& partition) {
  const wire::Command command{.uuid = Uuid::random(),
                              .kind = "report_inventory",
                              .partition = partition,
                              .not_after_realtime_ns = SystemClock().realtime_ns() + kGoodForNs,
                              .max_attempts = 1,
                              .arguments = {}};
  wire::SignedCommand proof{
      .payload = wire::encode_command(command), .signature = {}, .key_id = key.public_key().id()};
  proof.signature = key.sign(wire::bytes_to_sign(proof.payload));
  return wire::encode_signed_command(proof);
}

std::string drawn(const Document& document, const Terminal&) {
  return "command " + text_or_dash(document, "uuid") + " is " + text_or_dash(document, "state") +
         "; the node answers when it is connected, within 10 minutes\n";
}

Result<void> run(const Context& context, const Coordinator& where, const Options& options) {
  const auto key = SigningKey::read(options.key);
  if (!key) return key.error();
  const auto coordinator = completed(where);
  if (!coordinator) return coordinator.error();
  auto partition = options.partition.empty() ? partition_on(*coordinator, options.node)
                                             : Result<std::string>(options.partition);
  if (!partition) return partition.error();
  const auto document =
      post(*coordinator, "/v1/fleet/commands?node=" + percent_encode(options.node),
           signed_refresh(*key, *partition), "application/x-protobuf");
  if (!document) return document.error();
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_fleet_refresh(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  auto options = std::make_shared<Options>();
  CLI::App* command = fleet.add_subcommand("refresh", "Have a node report its inventory anew");
  command->add_option("node", options->node, "The node")->type_name("NODE")->required();
  command
      ->add_option("--key", options->key, "Private key that the node trusts ('farmhand keys new')")
      ->type_name("FILE")
      ->required();
  command->add_option("--partition", options->partition, "One of the node's partitions")
      ->type_name("NAME");
  command->callback([&context, where, options] {
    context.chosen = [&context, where, options] { return run(context, *where, *options); };
  });
}

}  // namespace farmhand::cli
