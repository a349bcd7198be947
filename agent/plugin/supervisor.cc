// SPDX-License-Identifier: Apache-2.0
#include "plugin/supervisor.hh"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.hh"
#include "loop/timer.hh"
#include "plugin/identity.hh"
#include "plugin/keeper.hh"

namespace farmhand {

namespace {

constexpr uint64_t kStopLookMs = 5;
// After the last SIGKILL; what is not gone then is stuck in the kernel.
constexpr uint64_t kStopKillMs = 500;

}  // namespace

struct Supervisor::Body {
  Body(Loop& on, const Clock& by, Options with, Listener& to)
      : loop(on),
        clock(by),
        options(std::move(with)),
        listener(to),
        look_timer(on),
        stop_timer(on) {
    if (options.host_env.empty()) {
      options.host_env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                          "LC_ALL=C"};
    }
    look_timer.every(options.account_ms, [this] { look(); });
    look_timer.unref();
  }

  void look();
  Keeper* find(const std::string& id);
  Keeper* find_owner(const std::string& key);
  bool ended() const;
  void wind_up();

  Loop& loop;
  const Clock& clock;
  Options options;
  Listener& listener;
  KeyOwners owners;
  std::map<std::string, std::unique_ptr<Keeper>> keepers;
  std::vector<std::unique_ptr<Keeper>> leaving;  // removed, until their processes have ended
  std::map<std::string, PluginStatus> refused;
  std::function<void()> stopped;
  uint64_t stop_since_ns = 0;
  bool killed = false;
  Timer look_timer;
  Timer stop_timer;
};

Supervisor::Supervisor(Loop& loop, const Clock& clock, Options options, Listener& listener)
    : body_(std::make_unique<Body>(loop, clock, std::move(options), listener)) {}

Supervisor::~Supervisor() = default;

Keeper* Supervisor::Body::find(const std::string& id) {
  const auto found = keepers.find(id);
  return found == keepers.end() ? nullptr : found->second.get();
}

Keeper* Supervisor::Body::find_owner(const std::string& key) {
  const auto owner = owners.find(key);
  return owner == owners.end() ? nullptr : find(owner->second);
}

void Supervisor::Body::look() {
  for (auto& [id, keeper] : keepers) keeper->look();
  std::erase_if(leaving, [](const auto& keeper) { return keeper->ended(); });
}

Result<void> Supervisor::add(VerifiedPlugin plugin, PluginSettings settings) {
  const std::string id = plugin.manifest.id;
  if (body_->find(id) != nullptr) {
    return Error{Errc::kExists, "plugin '" + id + "' is there twice; remove one of its manifests"};
  }
  const std::string& user = settings.user.empty() ? plugin.manifest.user : settings.user;
  const auto identity = find_identity(user, plugin.manifest.groups);
  if (!identity) return identity.error().in("plugin '" + id + "'");
  body_->refused.erase(id);
  const Keeper::Parts parts{.loop = body_->loop,
                            .clock = body_->clock,
                            .options = body_->options,
                            .listener = body_->listener,
                            .owners = body_->owners};
  auto keeper = std::make_unique<Keeper>(parts, std::move(plugin), std::move(settings), *identity);
  Keeper& started = *body_->keepers.emplace(id, std::move(keeper)).first->second;
  started.start();
  return {};
}

void Supervisor::refuse(const std::string& id, const Error& why) {
  PluginStatus& status = body_->refused[id];
  status.id = id;
  status.state = PluginState::kRefused;
  status.last_error = why.message;
  log::error("a plugin is refused", {{"plugin", id}, {"reason", why.message}});
}

void Supervisor::remove(const std::string& id) {
  body_->refused.erase(id);
  const auto found = body_->keepers.find(id);
  if (found == body_->keepers.end()) return;
  auto keeper = std::move(found->second);
  body_->keepers.erase(found);
  keeper->kill_all();
  keeper->forget();
  body_->leaving.push_back(std::move(keeper));
}

Result<void> Supervisor::sample(const std::string& key, std::span<const uint32_t> metric_ids) {
  Keeper* keeper = body_->find_owner(key);
  if (keeper == nullptr) return Error{Errc::kNotFound, "there is no device '" + key + "'"};
  return keeper->sample(key, metric_ids);
}

Result<void> Supervisor::check(const std::string& plugin, const std::string& key) {
  Keeper* keeper = body_->find(plugin);
  if (keeper == nullptr) return Error{Errc::kNotFound, "there is no plugin '" + plugin + "'"};
  return keeper->check(key);
}

bool Supervisor::has_checks(const std::string& plugin) const {
  const Keeper* keeper = body_->find(plugin);
  return keeper != nullptr && keeper->has_checks();
}

Result<void> Supervisor::let_go(const std::string& key, const std::string& reason) {
  Keeper* keeper = body_->find_owner(key);
  if (keeper == nullptr) return Error{Errc::kNotFound, "there is no device '" + key + "'"};
  keeper->let_go(key, reason);
  return {};
}

void Supervisor::take_up(const std::string& key) {
  if (Keeper* keeper = body_->find_owner(key)) keeper->take_up(key);
}

void Supervisor::rescan() {
  for (auto& [id, keeper] : body_->keepers) keeper->rescan();
}

bool Supervisor::retry(const std::string& key) {
  Keeper* keeper = body_->find_owner(key);
  return keeper != nullptr && keeper->retry(key);
}

std::vector<PluginStatus> Supervisor::plugins() const {
  std::vector<PluginStatus> all;
  for (const auto& [id, keeper] : body_->keepers) all.push_back(keeper->status());
  for (const auto& [id, status] : body_->refused) all.push_back(status);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

bool Supervisor::Body::ended() const {
  const auto has_ended = [](const auto& keeper) { return keeper->ended(); };
  return std::all_of(leaving.begin(), leaving.end(), has_ended) &&
         std::all_of(keepers.begin(), keepers.end(),
                     [&](const auto& entry) { return has_ended(entry.second); });
}

void Supervisor::stop(std::function<void()> done) {
  body_->stopped = std::move(done);
  body_->stop_since_ns = body_->clock.boottime_ns();
  body_->look_timer.stop();
  for (auto& [id, keeper] : body_->keepers) keeper->stop();
  body_->stop_timer.every(kStopLookMs, [body = body_.get()] { body->wind_up(); });
}

void Supervisor::Body::wind_up() {
  const uint64_t waited_ms = (clock.boottime_ns() - stop_since_ns) / 1'000'000;
  if (!ended() && waited_ms < options.stop_ms + kStopKillMs) {
    if (waited_ms < options.stop_ms || std::exchange(killed, true)) return;
    for (auto& [id, keeper] : keepers) {
      if (!keeper->ended()) log::warn("a plugin does not stop, it is killed", {{"plugin", id}});
      keeper->kill_all();
    }
    return;
  }
  stop_timer.stop();
  keepers.clear();
  leaving.clear();
  if (stopped) std::exchange(stopped, nullptr)();
}

}  // namespace farmhand
