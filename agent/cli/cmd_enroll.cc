// SPDX-License-Identifier: Apache-2.0
// farmhand enroll: makes this node known to a coordinator. The agent does it, so that the
// credential never leaves its state directory.
#include <cstdlib>
#include <memory>

#include "base/file.hh"
#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/secret.hh"

namespace farmhand::cli {

namespace {

struct Options {
  std::string url;
  std::string token;
  std::string token_file;
  std::string ca;
};

// The agent opens the file, from a directory of its own.
Result<std::string> absolute(const std::string& path) {
  if (path.empty()) return path;
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         std::free);
  if (!real) return error_from_errno("open '" + path + "'", errno);
  return std::string(real.get());
}

// A command line is seen by every process of the machine.
std::string refuse_open_token(const std::string& token) {
  return token == "-" ? "" : "a token does not belong on the command line; use --token-file FILE";
}

std::string drawn(const Document& document, const Terminal&) {
  std::string out = "enrolled at " + text(document, "url") + " as a node of cloud '" +
                    text(document, "cloud") + "'";
  std::string partitions;
  for (const Document& partition : member(document, "partitions")) {
    if (partition.is_string()) partitions += " " + partition.get<std::string>();
  }
  if (!partitions.empty()) out += "; partitions:" + partitions;
  return harmless(out) + "\n";
}

Result<void> run(const Context& context, const Options& options) {
  const auto token = secret_from(options.token_file.empty() ? options.token : options.token_file);
  if (!token) return token.error().in("join token");
  const auto ca = absolute(options.ca);
  if (!ca) return ca.error();
  Request request{.verb = "enroll", .arguments = {{"token", *token}}};
  if (!options.url.empty()) request.arguments.emplace_back("url", options.url);
  if (!ca->empty()) request.arguments.emplace_back("ca", *ca);
  const auto document = ask_agent(context, request);
  if (!document) return document.error().in("enroll");
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_enroll(CLI::App& parent, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand("enroll", "Make this node known to a coordinator");
  command
      ->add_option("--url", options->url, "The coordinator: https://host:port; absent: the agent's")
      ->type_name("URL");
  CLI::Option* file =
      command->add_option("--token-file", options->token_file, "File with the join token")
          ->type_name("FILE");
  command->add_option("--token", options->token, "'-' to read the join token from standard input")
      ->type_name("-")
      ->excludes(file)
      ->check(refuse_open_token);
  command->add_option("--ca", options->ca, "File with the authority that signed its certificate")
      ->type_name("FILE");
  command->callback([&context, options] {
    if (options->token.empty() && options->token_file.empty()) {
      throw CLI::RequiredError("--token-file FILE or --token -");
    }
    context.chosen = [&context, options] { return run(context, *options); };
  });
}

}  // namespace farmhand::cli
