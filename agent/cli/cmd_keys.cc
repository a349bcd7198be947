// SPDX-License-Identifier: Apache-2.0
// farmhand keys new FILE: a key pair for signing commands. The public half goes into each node's
// [commands] trusted_keys, the private half nowhere.
#include <unistd.h>

#include <memory>

#include "base/file.hh"
#include "base/signature.hh"
#include "cli/command.hh"

namespace farmhand::cli {

namespace {

Result<void> make(const Context& context, const std::string& path) {
  const std::string public_path = path + ".pub";
  for (const std::string& file : {path, public_path}) {
    if (::access(file.c_str(), F_OK) == 0) {
      return Error{Errc::kExists, "'" + file + "' is there already; a key is never overwritten"};
    }
  }
  const SigningKey key = SigningKey::generate();
  if (auto written = key.write(path); !written) return written.error();
  const PublicKey shared = key.public_key();
  if (auto written = write_file_atomically(public_path, shared.pem()); !written) {
    return written.error();
  }
  const Document document{{"key_id", shared.id()}, {"private", path}, {"public", public_path}};
  show(context, document, [&](const Document&, const Terminal&) {
    return "key " + shared.id() + "\n  private  " + path + "  (keep it)\n  public   " +
           public_path + "  (name it in [commands] trusted_keys of each node)\n";
  });
  return {};
}

}  // namespace

void declare_keys(CLI::App& parent, Context& context) {
  CLI::App* command = parent.add_subcommand("keys", "Keys that sign commands for nodes");
  command->require_subcommand(1);
  auto path = std::make_shared<std::string>();
  CLI::App* make_new =
      command->add_subcommand("new", "Make an Ed25519 key pair: FILE and FILE.pub");
  make_new->add_option("file", *path, "Where the private key goes")->type_name("FILE")->required();
  make_new->callback(
      [&context, path] { context.chosen = [&context, path] { return make(context, *path); }; });
}

}  // namespace farmhand::cli
