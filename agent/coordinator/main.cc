// SPDX-License-Identifier: Apache-2.0
// farmhand-coordinator: the verbs, and what each does.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <functional>

#include "base/log.hh"
#include "base/version.hh"
#include "config/coordinator_config.hh"
#include "coordinator/coordinator.hh"
#include "coordinator/remote.hh"
#include "loop/wakeup.hh"
#include "net/url.hh"

namespace farmhand::coordinator {
namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "farmhand-coordinator: %s\n", error.message.c_str());
  return 1;
}

struct Flags {
  std::string config, state_dir, listen, cert, key, client_ca, ca;
  std::string role, partition, cloud, vendors, note;
  int64_t uses = -1, id = 0;
  std::string expires;
  bool json = false;
};

// The file, then the flags over it.
Result<CoordinatorConfig> config_from(const Flags& flags) {
  CoordinatorConfig config;
  if (!flags.config.empty()) {
    auto loaded = load_coordinator_config(flags.config);
    if (!loaded) return loaded.error();
    config = std::move(*loaded);
  }
  if (!flags.state_dir.empty()) config.paths.state_dir = flags.state_dir;
  if (!flags.cert.empty()) config.listen.cert = flags.cert;
  if (!flags.key.empty()) config.listen.key = flags.key;
  if (!flags.client_ca.empty()) config.listen.client_ca = flags.client_ca;
  if (flags.listen.empty()) return config;
  auto address = parse_address(flags.listen);
  if (!address) return address.error().in("--listen");
  config.listen.address = *address;
  return config;
}

int serve(const Flags& flags) {
  auto config = config_from(flags);
  if (!config) return fail(config.error());
  log::set_level(config->log.level);
  Coordinator::Options options;
  options.state_dir = config->paths.state_dir;
  options.address = config->listen.address.host;
  options.port = config->listen.address.port;
  options.cert = config->listen.cert;
  options.key = config->listen.key;
  options.client_ca = config->listen.client_ca;
  options.public_ca = flags.ca;
  options.target_petaflops = config->capacity.target_petaflops;

  Loop loop;
  SystemClock clock;
  net::Context::Options net_options;
  net_options.connections_max = 0;
  net_options.buffer_bytes = 64 << 10;
  auto net = net::Context::create(loop, net_options);
  if (!net) return fail(net.error());
  auto coordinator = Coordinator::start(loop, clock, **net, std::move(options));
  if (!coordinator) return fail(coordinator.error());
  log::info("coordinator ready", {{"port", (*coordinator)->port()}});

  const auto stop = [&](const char* why) {
    log::info("stopping", {{"signal", why}});
    loop.stop();
  };
  SignalWatch terminate(loop, SIGTERM, [&] { stop("TERM"); });
  SignalWatch interrupt(loop, SIGINT, [&] { stop("INT"); });
  loop.run();
  return 0;
}

Result<Remote> remote_from(const Flags& flags) {
  auto config = config_from(flags);
  if (!config) return config.error();
  auto remote = remote_of(config->paths.state_dir);
  if (remote && !flags.ca.empty()) remote->ca_file = flags.ca;
  return remote;
}

int ask_and_print(const Flags& flags, const std::string& method, const std::string& path) {
  auto remote = remote_from(flags);
  if (!remote) return fail(remote.error());
  auto body = ask_remote(*remote, method, path);
  if (!body) return fail(body.error());
  std::printf("%s\n", body->c_str());
  return 0;
}

void add_query(std::string& path, const std::string& name, const std::string& value) {
  if (value.empty()) return;
  path +=
      (path.find('?') == std::string::npos ? "?" : "&") + name + "=" + net::percent_encode(value);
}

int create_token(const Flags& flags) {
  std::string path = "/v1/tokens";
  add_query(path, "role", flags.role);
  add_query(path, "partition", flags.partition);
  add_query(path, "cloud", flags.cloud);
  add_query(path, "vendors", flags.vendors);
  add_query(path, "note", flags.note);
  if (flags.uses >= 0) add_query(path, "uses", std::to_string(flags.uses));
  if (!flags.expires.empty()) {
    auto expires = parse_duration(flags.expires);
    if (!expires) return fail(expires.error().in("--expires"));
    add_query(path, "expires_s", std::to_string(expires->count() / 1000));
  }
  auto remote = remote_from(flags);
  if (!remote) return fail(remote.error());
  auto body = ask_remote(*remote, "POST", path);
  if (!body) return fail(body.error());
  if (flags.json) {
    std::printf("%s\n", body->c_str());
    return 0;
  }
  // {"id":…,"role":"…","token":"…"}: alone on its line, the token is what scripts want.
  const std::string marker = "\"token\":\"";
  const size_t at = body->find(marker) + marker.size();
  std::printf("%s\n", body->substr(at, body->find('"', at) - at).c_str());
  return 0;
}

int verify_running(const Flags& flags) {
  auto remote = remote_from(flags);
  if (!remote) return fail(remote.error());
  auto body = ask_remote(*remote, "GET", flags.json ? "/v1/verify" : "/v1/verify?format=text");
  if (!body) return fail(body.error());
  std::fputs(body->c_str(), stdout);
  if (flags.json) std::fputc('\n', stdout);
  const bool ok = flags.json ? body->starts_with("{\"ok\":true") : is_good_text(*body);
  return ok ? 0 : 1;
}

int verify(const Flags& flags) {
  auto config = config_from(flags);
  if (!config) return fail(config.error());
  auto lock = lock_state_dir(config->paths.state_dir);
  if (!lock && lock.error().code == Errc::kExists) return verify_running(flags);
  if (!lock) return fail(lock.error());
  auto store = Store::open_to_read(store_path(config->paths.state_dir));
  if (!store) return fail(store.error());
  auto report = check_farm(**store);
  if (!report) return fail(report.error());
  std::fputs(flags.json ? (json_from(*report) + "\n").c_str() : text_from(*report).c_str(), stdout);
  return report->ok() ? 0 : 1;
}

void add_common(CLI::App& verb, Flags& flags) {
  verb.add_option("--config", flags.config, "coordinator.toml");
  verb.add_option("--state-dir", flags.state_dir, "where the store is");
  verb.add_option("--ca", flags.ca, "what local commands check the server's certificate by");
}

int run(int argc, char** argv) {
  Flags flags;
  std::vector<std::pair<CLI::App*, std::function<int()>>> verbs;
  CLI::App app("The other end of Farmhand's sync: applies what nodes send, answers for the fleet");
  app.name("farmhand-coordinator");
  app.set_version_flag("--version", std::string("farmhand-coordinator ") + kVersion);
  app.require_subcommand(1);

  CLI::App& serving = *app.add_subcommand("serve", "run the coordinator");
  add_common(serving, flags);
  serving.add_option("--listen", flags.listen, "address:port; port 0: a free one");
  serving.add_option("--cert", flags.cert, "the server's certificate, PEM");
  serving.add_option("--key", flags.key, "its private key, PEM");
  serving.add_option("--client-ca", flags.client_ca, "accept client certificates of this CA");
  verbs.emplace_back(&serving, [&] { return serve(flags); });

  CLI::App& token = *app.add_subcommand("token", "tokens of people, scripts and joining nodes");
  token.require_subcommand(1);
  CLI::App& create = *token.add_subcommand("create", "make a token and print it, once");
  add_common(create, flags);
  create.add_option("--role", flags.role, "join, viewer, operator or admin")->required();
  create.add_option("--partition", flags.partition, "cloud-vendor; absent: all partitions");
  create.add_option("--cloud", flags.cloud, "of a join token");
  create.add_option("--vendors,--vendor", flags.vendors, "of a join token, with commas");
  create.add_option("--uses", flags.uses, "of a join token; absent: any number");
  create.add_option("--expires", flags.expires, "after this long, such as 24h; absent: never");
  create.add_option("--note", flags.note, "what it is for");
  create.add_flag("--json", flags.json, "print JSON");
  verbs.emplace_back(&create, [&] { return create_token(flags); });
  CLI::App& list = *token.add_subcommand("list", "tokens, without their secrets");
  add_common(list, flags);
  verbs.emplace_back(&list, [&] { return ask_and_print(flags, "GET", "/v1/tokens"); });
  CLI::App& revoke = *token.add_subcommand("revoke", "end a token");
  add_common(revoke, flags);
  revoke.add_option("id", flags.id, "its number in the list")->required();
  verbs.emplace_back(&revoke, [&] {
    return ask_and_print(flags, "POST", "/v1/tokens/revoke?id=" + std::to_string(flags.id));
  });

  CLI::App& verifying = *app.add_subcommand(
      "verify", "check that every sequence number is covered exactly once, by records or gaps");
  add_common(verifying, flags);
  verifying.add_flag("--json", flags.json, "print JSON");
  verbs.emplace_back(&verifying, [&] { return verify(flags); });

  CLI11_PARSE(app, argc, argv);
  for (const auto& [verb, act] : verbs)
    if (verb->parsed()) return act();
  return 2;
}

}  // namespace
}  // namespace farmhand::coordinator

int main(int argc, char** argv) {
  return farmhand::coordinator::run(argc, argv);
}
