// SPDX-License-Identifier: Apache-2.0
#include "health/command_checks.hh"

#include <charconv>
#include <set>
#include <utility>

#include "health/command_check.hh"
#include "plugin/identity.hh"

namespace farmhand {

namespace {

constexpr uint64_t kNsPerMs = 1'000'000;
// A clock that jumps, or a machine that slept, must not make us sleep through a turn.
constexpr uint64_t kWaitMaxMs = 60'000;

std::string source_of(const CommandDefinition& definition) {
  return "command " + definition.name;
}

std::vector<std::string> environment_of(const CommandDefinition& definition,
                                        const DeviceInfo* device) {
  std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"};
  if (device != nullptr) {
    env.push_back("FARMHAND_DEVICE_KEY=" + device->key);
    env.push_back("FARMHAND_DEVICE_PCI=" + device->pci);
    env.push_back("FARMHAND_DEVICE_VENDOR=" + device->vendor);
    env.push_back("FARMHAND_DEVICE_MODEL=" + device->model);
  }
  for (const auto& [name, value] : definition.env) {
    // Of a name given twice most programs see the first.
    std::erase_if(env, [&](const std::string& line) { return line.starts_with(name + '='); });
    env.push_back(name + '=' + value);
  }
  return env;
}

uint64_t take_id(std::string_view& text) {
  uint64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return id;
}

// Nothing: as we are. A user we cannot become is an error: a check that was to run as nobody must
// not run with more rights instead.
Result<std::optional<Command::User>> user_from(const std::string& name) {
  if (name.empty()) return std::optional<Command::User>();
  const auto identity = find_identity(name, {});
  if (!identity) return identity.error();
  if (identity->empty() && !is_own_user(name)) {
    return Error{Errc::kPermission,
                 "the agent may not run a check as user '" + name +
                     "'; give it CAP_SETUID and CAP_SETGID, or leave `user` out"};
  }
  if (identity->empty()) return std::optional<Command::User>();
  std::string_view left = *identity;
  Command::User user;
  user.uid = static_cast<uid_t>(take_id(left));
  user.gid = static_cast<gid_t>(take_id(left));
  user.groups = {user.gid};
  return std::optional(user);
}

}  // namespace

CommandChecks::CommandChecks(Loop& loop, const Clock& clock, uint64_t seed, Listener& listener)
    : loop_(loop), clock_(clock), listener_(listener), schedule_(seed), timer_(loop) {}

CommandChecks::~CommandChecks() = default;

void CommandChecks::set(std::vector<CommandDefinition> definitions) {
  std::set<std::string> gone;
  for (const CommandDefinition& old : definitions_) gone.insert(source_of(old));
  for (const CommandDefinition& fresh : definitions) gone.erase(source_of(fresh));
  definitions_ = std::move(definitions);
  arrange();
  for (const std::string& source : gone) listener_.on_source_gone(source);
}

void CommandChecks::set_devices(const std::vector<DeviceInfo>& devices) {
  devices_ = devices;
  arrange();
}

void CommandChecks::arrange() {
  std::map<std::string, Target, std::less<>> wanted;
  for (const CommandDefinition& one : definitions_) {
    if (one.filter.any()) {
      wanted[one.name] = {one, "", environment_of(one, nullptr)};
      continue;
    }
    for (const DeviceInfo& device : devices_) {
      if (device.kind != DeviceKind::kAccelerator) continue;
      if (!one.filter.matches(device.vendor, device.model, device.key)) continue;
      wanted[one.name + '/' + device.key] = {one, device.key, environment_of(one, &device)};
    }
  }
  for (const auto& [id, target] : targets_) {
    const auto at = wanted.find(id);
    if (at == wanted.end() || !(at->second == target)) retire(id);
    if (at == wanted.end()) schedule_.remove(id);
  }
  targets_ = std::move(wanted);
  for (const auto& [id, target] : targets_) {
    const auto interval_ms = static_cast<uint64_t>(target.definition.interval.count());
    schedule_.put(id, interval_ms * kNsPerMs, clock_.boottime_ns());
  }
  wait();
}

// It keeps its Command until it has ended: somebody has to reap it.
void CommandChecks::retire(const std::string& id) {
  schedule_.ended(id);
  const auto at = running_.find(id);
  if (at == running_.end()) return;
  at->second.command->stop();
  dying_[at->second.serial] = std::move(at->second.command);
  running_.erase(at);
}

void CommandChecks::start_due() {
  if (const auto id = schedule_.take_due(clock_.boottime_ns())) start(std::string(*id));
  wait();
}

void CommandChecks::start(const std::string& id) {
  const Target& target = targets_.find(id)->second;
  Command::Spec spec;
  spec.argv = target.definition.argv;
  spec.env = target.env;
  spec.output_max = target.definition.output_max;
  spec.timeout_ms = static_cast<uint64_t>(target.definition.timeout.count());
  auto user = user_from(target.definition.user);
  auto command = Result<std::unique_ptr<Command>>(Error{});
  const uint64_t serial = ++serial_;
  if (user) {
    spec.user = *user;
    command = Command::start(
        loop_, spec, [this, id, serial](const Command::End& end) { on_end(id, serial, end); });
  } else {
    command = user.error();
  }
  if (command) {
    ++counts_.started;
    running_[id] = {serial, std::move(*command)};
    return;
  }
  ++counts_.not_started;
  schedule_.ended(id);
  listener_.on_finding(target.subject, source_of(target.definition),
                       finding_from(target.definition, command.error(), clock_.boottime_ns()));
}

// One that hangs in the kernel keeps its place in the schedule: it is not started a second time.
void CommandChecks::on_end(const std::string& id, uint64_t serial, const Command::End& end) {
  counts_.cpu_ns += end.cpu_ns;
  const bool dying = dying_.contains(serial);
  if (!end.parked && dying) dying_.erase(serial);
  if (dying) return;
  if (end.timed_out && !end.parked) ++counts_.timed_out;
  if (!end.parked) {
    running_.erase(id);
    schedule_.ended(id);
  }
  const auto target = targets_.find(id);
  if (target != targets_.end()) {
    const Target told = target->second;  // the listener may change the definitions
    listener_.on_finding(told.subject, source_of(told.definition),
                         finding_from(told.definition, end, clock_.boottime_ns()));
  }
  wait();
}

void CommandChecks::wait() {
  const uint64_t next_ns = schedule_.next_due_ns();
  if (next_ns == CheckSchedule::kNever) return timer_.stop();
  const uint64_t now_ns = clock_.boottime_ns();
  const uint64_t wait_ms = next_ns <= now_ns ? 0 : (next_ns - now_ns + kNsPerMs - 1) / kNsPerMs;
  timer_.once(std::min(wait_ms, kWaitMaxMs), [this] { start_due(); });
}

CommandChecks::Counts CommandChecks::counts() const {
  Counts counts = counts_;
  counts.missed = schedule_.missed();
  counts.running = schedule_.running();
  return counts;
}

}  // namespace farmhand
