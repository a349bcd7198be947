// SPDX-License-Identifier: Apache-2.0
#include "agent.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/log.hh"
#include "base/version.hh"
#include "sync/convert.hh"

namespace farmhand {

namespace {

// systemd's and the operator's patience is 5 s; what has not ended by then is left behind.
constexpr uint64_t kStopMs = 4'500;

constexpr int64_t kOffencesKeptNs = 30ll * 86'400 * 1'000'000'000;

// The plugin a manifest's file name stands for: `…/furiosa.toml` is `furiosa`.
std::string plugin_named_by(const std::string& manifest_path) {
  const size_t slash = manifest_path.rfind('/');
  const std::string file = manifest_path.substr(slash == manifest_path.npos ? 0 : slash + 1);
  return file.substr(0, file.rfind('.'));
}

// A full, read-only or forbidden disk passes; until then the agent says so.
bool is_of_the_disk(Errc code) {
  return code == Errc::kNoSpace || code == Errc::kIo || code == Errc::kPermission;
}

// One agent per state directory: two would share an identity and a queue. The lock is the
// directory's own, for a file could not be made on a full disk.
Result<Fd> lock_directory(const std::string& dir) {
  Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return error_from_errno("open '" + dir + "'", errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  return Error{Errc::kExists, "another farmhandd is already running with state directory '" + dir +
                                  "'; stop it, or give this one its own --state-dir"};
}

}  // namespace

Result<AgentConfig> ConfigSource::load() const {
  auto config = load_agent_config(path, conf_d.value_or(directory_of(path) + "/conf.d"));
  if (!config) return config;
  if (!state_dir.empty()) config->paths.state_dir = state_dir;
  if (!runtime_dir.empty()) config->paths.runtime_dir = runtime_dir;
  return config;
}

Agent::Agent(Loop& loop, ConfigSource source, AgentConfig config)
    : loop_(loop),
      source_(std::move(source)),
      config_(std::move(config)),
      boot_id_(read_boot_id()),
      turns_(loop),
      watchdog_(loop),
      last_resort_(loop) {}

Agent::~Agent() = default;

Result<std::unique_ptr<Agent>> Agent::create(Loop& loop, ConfigSource source, AgentConfig config) {
  std::unique_ptr<Agent> agent(new Agent(loop, std::move(source), std::move(config)));
  if (auto opened = agent->open_state(); !opened) return opened.error();
  if (auto opened = agent->open_network(); !opened) return opened.error();
  agent->build_parts();
  if (auto opened = agent->open_doors(); !opened) return opened.error();
  agent->load_plugins();
  agent->farm_->start();
  agent->watch();
  log::info("farmhandd is ready", {{"version", kVersion},
                                   {"node", agent->node_.text()},
                                   {"state_dir", agent->config_.paths.state_dir}});
  agent->notify_.ready();
  return agent;
}

Result<void> Agent::open_state() {
  const std::string& dir = config_.paths.state_dir;
  if (auto made = make_directories(dir, 0750); !made) return made.error().in("state directory");
  if (auto made = make_directories(config_.paths.runtime_dir); !made) {
    return made.error().in("runtime directory");
  }
  if (auto fit = check_file_system(dir); !fit) return fit.error();
  auto lock = lock_directory(dir);
  if (!lock) return lock.error();
  state_lock_ = *std::move(lock);
  auto node = load_node_id(dir);
  if (!node) return node.error();
  node_ = *node;
  state_.emplace(StateFile::closed(dir + "/state.db", {commands_module(), health_module()}));
  if (auto opened = state_->ensure_open(); !opened) {
    if (!is_of_the_disk(opened.error().code)) return opened.error().in("open the state");
    log::error("the state cannot be opened now, it is tried again",
               {{"why", opened.error().message}});
  }
  epochs_.emplace(*state_);
  auto past = load_past(*state_, clock_.realtime_ns() - kOffencesKeptNs);
  if (past) {
    health_past_ = *std::move(past);
  } else {
    log::error("what was known of health cannot be read", {{"why", past.error().message}});
  }
  return {};
}

Result<void> Agent::open_network() {
  auto context = net::Context::create(loop_);
  if (!context) return context.error();
  net_ = *std::move(context);
  return {};
}

void Agent::build_parts() {
  store_.emplace(loop_);
  outbox_.emplace(loop_, clock_, *store_,
                  Outbox::Options{.path = config_.paths.state_dir + "/queue.db",
                                  .size_max = config_.outbox.size_max,
                                  .epochs = &*epochs_,
                                  .encoders = wire_encoders(),
                                  .vfs = {}});
  readings_.emplace(loop_, clock_, *outbox_, IntervalRules::from(config_));
  health_.emplace(
      HealthLink::Parts{loop_, clock_, *store_, *state_, *outbox_, readings_->inventory()}, config_,
      node_, std::move(health_past_));
  health_->apply(config_);
  Supervisor::Options options;
  options.plugin_host_path = config_.paths.plugin_host;
  options.host_stderr = STDERR_FILENO;
  supervisor_.emplace(loop_, clock_, options, *readings_);
  const auto plugins = [this] { return supervisor_->plugins(); };
  reporter_.emplace(loop_, clock_, *outbox_, readings_->inventory(), plugins, config_.node.name);
  readings_->connect(*supervisor_, *reporter_, *health_);
  reporter_->set_health([this](std::string_view key) { return health_->health().find(key); });
  health_->health().on_transition([this](const Transition&) { reporter_->on_plugin_state(); });
  health_->health().on_hold([this](const std::string&) { reporter_->on_plugin_state(); });
  health_->start(*supervisor_);
  outbox_->on_change([this](const OutboxStats& before, const OutboxStats& now) {
    if (before.epoch != now.epoch) readings_->redeclare();
    reporter_->on_queue_change(now);
  });
  farm_.emplace(
      FarmLink::Parts{loop_, clock_, *net_, *store_, *state_, *outbox_}, config_, node_, boot_id_,
      [this](Commands::Done done) {
        reporter_->report_inventory([done = std::move(done)](Result<uint64_t> seq) {
          done(seq ? Result<std::string>(std::string("the inventory is on its way")) : seq.error());
        });
      });
  view_.emplace(StatusView{
      .facts = {.version = kVersion,
                .node = node_,
                .node_name = config_.node.name,
                .boot_id = boot_id_,
                .state_dir = config_.paths.state_dir,
                .runtime_dir = config_.paths.runtime_dir,
                .config_path = source_.path,
                .metrics_address = {},
                .started_ns = clock_.boottime_ns()},
      .clock = clock_,
      .inventory = readings_->inventory(),
      .telemetry = readings_->telemetry(),
      .plugins = plugins,
      .queue = [this] { return outbox_->stats(); },
      .coordinator = [this] { return farm_->view(); },
      .config = [this] { return render_effective(config_); },
      .enroll =
          [this](const EnrollRequest& request, std::function<void(Result<Enrolled>)> done) {
            farm_->enroll(request, std::move(done));
          },
      .add_event =
          [this](wire::Event event, Outbox::Done done) {
            reporter_->add_event(std::move(event), std::move(done));
          },
      .health = health_view_of(health_->health()),
      .turns = &turns_});
}

// The control socket is how a node is seen: without it the agent does not start. /metrics is one of
// several ways out: without it the agent goes on and says so.
Result<void> Agent::open_doors() {
  verbs_.emplace(*view_);
  auto control = ControlServer::listen(loop_, config_.paths.runtime_dir + "/control.sock", *verbs_);
  if (!control) return control.error();
  control_ = *std::move(control);
  if (!config_.metrics.listen.off()) serve_metrics();
  return {};
}

void Agent::serve_metrics() {
  auto server = net::Server::listen(
      *net_,
      {.address = config_.metrics.listen.host, .port = config_.metrics.listen.port, .tls = {}});
  if (!server) {
    log::error("/metrics is not served", {{"why", server.error().message}});
    return;
  }
  metrics_server_ = *std::move(server);
  metrics_page_.emplace(*view_);
  metrics_server_->get("/metrics", [this](const net::Request& request, net::Responder responder) {
    const MetricsFormat format = metrics_format_for(request.accept);
    responder.respond(200, std::string(content_type_of(format)), metrics_page_->rendered(format));
  });
  view_->facts.metrics_address =
      text_of(Address{config_.metrics.listen.host, metrics_server_->port()});
}

PluginSettings Agent::settings_of(const std::string& plugin) const {
  const PluginConfig config = config_.plugin(plugin);
  PluginSettings settings;
  const auto interval = config.interval.count() > 0 ? config.interval : config_.telemetry.interval;
  settings.interval_ms = static_cast<uint64_t>(interval.count());
  settings.deadline_ms = static_cast<uint64_t>(config.deadline.count());
  settings.user = config.user;
  settings.cpu_max_percent = config.cpu_max_percent;
  settings.memory_max_bytes = config.memory_max;
  settings.settings = config.settings;
  return settings;
}

Result<void> Agent::load_plugin(const std::string& manifest_path) {
  auto plugin = verify_plugin(manifest_path);
  if (!plugin) return plugin.error();
  const std::string id = plugin->manifest.id;
  return supervisor_->add(*std::move(plugin), settings_of(id));
}

void Agent::load_plugins() {
  std::set<std::string> found;
  for (const std::string& dir : config_.paths.plugin_dirs) {
    for (const std::string& manifest : find_manifests(dir)) {
      const std::string id = plugin_named_by(manifest);
      if (!config_.plugin_enabled(id) || !found.insert(id).second) continue;
      if (auto loaded = load_plugin(manifest); !loaded) supervisor_->refuse(id, loaded.error());
    }
  }
  for (const std::string& id : config_.plugins_enabled.value_or(std::vector<std::string>())) {
    if (found.contains(id) || !config_.plugin_enabled(id)) continue;
    supervisor_->refuse(
        id, {Errc::kNotFound, "no manifest '" + id +
                                  ".toml' in [paths] plugin_dirs; "
                                  "install its package or take it out of [plugins] enabled"});
  }
}

void Agent::watch() {
  signals_.emplace_back(loop_, SIGTERM, [this] { stop(); });
  signals_.emplace_back(loop_, SIGINT, [this] { stop(); });
  signals_.emplace_back(loop_, SIGHUP, [this] { reload(); });
  if (notify_.watchdog_ms() > 0) {
    watchdog_.every(notify_.watchdog_ms(), [this] { notify_.alive(); });
  }
}

void Agent::reload() {
  notify_.reloading(clock_.boottime_ns() / 1000);
  auto fresh = source_.load();
  if (!fresh) {
    log::error("configuration not reloaded, keeping the old one", {{"why", fresh.error().message}});
    return notify_.ready();
  }
  for (const std::string& key : diff_needs_restart(config_, *fresh)) {
    log::warn("a changed key takes effect at the next restart", {{"key", key}});
  }
  const AgentConfig before = std::exchange(config_, *std::move(fresh));
  log::set_level(config_.log.level);
  readings_->set_rules(IntervalRules::from(config_));
  health_->apply(config_);
  apply_plugins(before);
  log::info("configuration reloaded");
  notify_.ready();
}

// A plugin whose own section changed gets a new host; the others are not disturbed.
void Agent::apply_plugins(const AgentConfig& before) {
  for (const PluginStatus& plugin : supervisor_->plugins()) {
    const bool wanted = config_.plugin_enabled(plugin.id);
    const bool same = before.plugin(plugin.id) == config_.plugin(plugin.id) &&
                      before.telemetry.interval == config_.telemetry.interval &&
                      plugin.state != PluginState::kRefused;
    if (!wanted || !same) supervisor_->remove(plugin.id);
  }
  load_plugins();
}

void Agent::stop() {
  if (std::exchange(stopping_, true)) return;
  notify_.stopping();
  log::info("stopping");
  last_resort_.once(kStopMs, [this] {
    log::warn("some part did not end in time; leaving it behind");
    loop_.stop();
  });
  last_resort_.unref();
  readings_->stop();
  health_->stop();
  farm_->stop();
  control_.reset();
  metrics_server_.reset();
  supervisor_->stop([this] {
    outbox_->flush([this](Result<void> flushed) {
      if (!flushed)
        log::error("the outbox kept something back", {{"why", flushed.error().message}});
      close_when_flushed();
    });
  });
}

// The network closes last of all, with the store's thread already gone: libwebsockets closes a
// descriptor twice, and another thread could have been given its number in between.
void Agent::close_when_flushed() {
  watchdog_.stop();
  signals_.clear();
  loop_.stop();
}

}  // namespace farmhand
