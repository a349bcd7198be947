// SPDX-License-Identifier: Apache-2.0
#include "health/health.hh"

#include <utility>

#include "base/log.hh"
#include "health/judge.hh"
#include "health/past.hh"

namespace farmhand {

class Health::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const Clock& clock, StoreThread& store, StateFile& state, const Inventory& inventory,
       Doors doors, HealthPast past)
      : owed_(past.unreported),
        inventory_(inventory),
        doors_(std::move(doors)),
        judge_(clock, inventory, std::move(past)),
        store_(store),
        state_(state) {}

  // Everything that changed is stored and reported; `done` once it is stored.
  void flush(Done done = nullptr);
  void report(const Transition& one);
  void after();  // an input: holds, listeners, and what must not wait for the tick
  void act(const std::string& key, HoldKind kind, const std::string& why, const std::string& who,
           Done done);
  void lift(const std::string& key, const std::string& who, bool quiesced, Done done);
  void tell_hold(const std::string& key);
  void finish_draining();
  Result<void> may_lease(std::string_view key) const;

  std::vector<Transition> owed_;
  const Inventory& inventory_;
  Doors doors_;
  Judge judge_;
  std::vector<RefusedCheck> refused_;
  std::vector<std::function<void(const Transition&)>> on_transition_;
  std::vector<std::function<void(const std::string&)>> on_hold_;
  StoreThread& store_;
  StateFile& state_;
  bool alive_ = true;
  bool disk_failing_ = false;

 private:
  void keep(HealthChanges changes);
};

// What could not be written is kept for the next time, unless something newer takes its place.
void Health::Impl::keep(HealthChanges changes) {
  HealthChanges& now = judge_.changes();
  for (auto& [key, hold] : changes.holds) now.holds.try_emplace(key, std::move(hold));
  for (auto& [key, one] : changes.expected) now.expected.try_emplace(key, std::move(one));
  changes.checks.insert(changes.checks.end(), now.checks.begin(), now.checks.end());
  changes.gone.insert(changes.gone.end(), now.gone.begin(), now.gone.end());
  constexpr size_t kKeptMax = 1000;
  if (changes.checks.size() > kKeptMax) changes.checks.clear();
  if (changes.gone.size() > kKeptMax) changes.gone.clear();
  now.checks = std::move(changes.checks);
  now.gone = std::move(changes.gone);
}

void Health::Impl::flush(Done done) {
  struct Work {
    HealthChanges changes;
    Result<void> saved;
  };
  const auto work = std::make_shared<Work>();
  work->changes = judge_.take_changes();
  store_.submit([work, &state = state_] { work->saved = save_changes(state, work->changes); },
                [self = shared_from_this(), work, done = std::move(done)] {
                  if (!self->alive_) return;
                  const bool failed = !work->saved;
                  if (failed && !self->disk_failing_) {
                    log::error("health is not remembered now, it is tried again",
                               {{"why", work->saved.error().message}});
                  }
                  self->disk_failing_ = failed;
                  // Told even so: lane 1 has a place in memory while nothing can be written.
                  for (const Transition& one : work->changes.transitions) self->report(one);
                  if (failed) self->keep(std::move(work->changes));
                  if (done) done(work->saved);
                });
}

void Health::Impl::report(const Transition& one) {
  if (!doors_.report) return;
  doors_.report(one, [self = shared_from_this(), uuid = one.uuid](Result<uint64_t> stored) {
    if (!self->alive_ || !stored) return;
    self->store_.submit([uuid, &state = self->state_] {
      if (auto marked = mark_reported(state, uuid); !marked) {
        log::warn("a reported change of health is reported again at the next start",
                  {{"why", marked.error().message}});
      }
    });
  });
}

void Health::Impl::after() {
  const std::vector<std::string> held = judge_.consider_holds();
  const HealthChanges& changes = judge_.changes();
  if (changes.transitions.empty() && held.empty()) return;
  const std::vector<Transition> told = changes.transitions;
  flush();
  for (const Transition& one : told) {
    for (const auto& listener : on_transition_) listener(one);
  }
  for (const std::string& key : held) tell_hold(key);
}

void Health::Impl::tell_hold(const std::string& key) {
  const Hold* hold = judge_.holds().find(key);
  log::warn(hold == nullptr ? "a device may be used again"
                            : "a device gets no new leases: " + std::string(name_of(hold->kind)),
            {{"device", key}, {"why", hold == nullptr ? "" : hold->why}});
  for (const auto& listener : on_hold_) listener(key);
}

void Health::Impl::act(const std::string& key, HoldKind kind, const std::string& why,
                       const std::string& who, Done done) {
  const Device* device = inventory_.find(key);
  if (device == nullptr || device->info.kind != DeviceKind::kAccelerator) {
    return done(Error{Errc::kNotFound, "there is no device '" + key +
                                           "' here; `farmhand devices` lists what there is"});
  }
  if (why.empty()) {
    return done(Error{Errc::kInvalid, "say why: the next person has to know"});
  }
  if (const Hold* hold = judge_.holds().find(key);
      hold != nullptr && hold->kind == HoldKind::kQuiesced) {
    return done(Error{Errc::kExists, "device '" + key + "' is quiesced by " + hold->who +
                                         "; `farmhand device resume` ends that first"});
  }
  if (kind == HoldKind::kQuiesced) {
    if (!doors_.let_go) {
      return done(Error{Errc::kUnsupported, "this agent cannot let go of a device"});
    }
    if (doors_.leased && doors_.leased(key)) {
      return done(Error{Errc::kRefused, "device '" + key + "' is leased; drain it first"});
    }
    if (auto gone = doors_.let_go(key, why); !gone) return done(gone.error());
  }
  judge_.hold(key, kind, why, who);
  flush(std::move(done));
  tell_hold(key);
}

void Health::Impl::lift(const std::string& key, const std::string& who, bool quiesced, Done done) {
  const Hold* hold = judge_.holds().find(key);
  if (hold == nullptr) {
    return done(Error{Errc::kNotFound, "device '" + key + "' is not held"});
  }
  if ((hold->kind == HoldKind::kQuiesced) != quiesced) {
    return done(Error{Errc::kRefused, "device '" + key + "' is " +
                                          std::string(name_of(hold->kind)) +
                                          "; the way back is `farmhand device " +
                                          (quiesced ? "uncordon" : "resume") + "'"});
  }
  log::info("a hold is lifted by hand", {{"device", key}, {"who", who}});
  if (auto released = judge_.release(key); !released) return done(released.error());
  if (quiesced && doors_.take_up) doors_.take_up(key);
  judge_.cleared(key);
  flush(std::move(done));
  tell_hold(key);
}

void Health::Impl::finish_draining() {
  std::vector<std::string> drained;
  for (const auto& [key, hold] : judge_.holds().all()) {
    if (hold.kind != HoldKind::kDraining) continue;
    if (!doors_.leased || !doors_.leased(key)) drained.push_back(key);
  }
  for (const std::string& key : drained) {
    const Hold hold = *judge_.holds().find(key);
    judge_.hold(key, HoldKind::kDrained, hold.why, hold.who);
    flush();
    tell_hold(key);
  }
}

Result<void> Health::Impl::may_lease(std::string_view key) const {
  const std::string name = "device '" + std::string(key) + "'";
  const Device* device = inventory_.find(key);
  if (device == nullptr) return Error{Errc::kNotFound, "there is no " + name + " here"};
  if (device->presence != Presence::kManaged) {
    return Error{Errc::kUnavailable,
                 name + " is " + std::string(name_of(device->presence)) + ": " + device->reason};
  }
  if (const Hold* hold = judge_.holds().find(key)) {
    return Error{Errc::kRefused, name + " is " + std::string(name_of(hold->kind)) + " by " +
                                     hold->who + ": " + hold->why + " (until " + hold->until + ')'};
  }
  const auto health = judge_.find(key);
  if (!health || health->verdict == Verdict::kUnknown) {
    const CheckStatus* why = health ? health->deciding() : nullptr;
    return Error{Errc::kUnavailable,
                 name + " is unknown: " + (why == nullptr ? "not looked at yet" : why->sentence)};
  }
  return {};
}

Health::Health(const Clock& clock, StoreThread& store, StateFile& state, const Inventory& inventory,
               HealthRules rules, Doors doors, HealthPast past)
    : impl_(std::make_shared<Impl>(clock, store, state, inventory, std::move(doors),
                                   std::move(past))) {
  impl_->judge_.set_rules(rules);
}

Health::~Health() {
  impl_->alive_ = false;
}

void Health::report_again() {
  for (const Transition& one : std::exchange(impl_->owed_, {})) impl_->report(one);
}

void Health::set_rules(const HealthRules& rules) {
  impl_->judge_.set_rules(rules);
}

void Health::set_refused(std::vector<RefusedCheck> refused) {
  impl_->refused_ = std::move(refused);
}

void Health::take(std::string_view subject, std::string_view source,
                  std::span<const Finding> findings) {
  impl_->judge_.take(subject, source, findings);
  impl_->after();
}

void Health::take_failure(std::string_view subject, std::string_view source,
                          std::string_view reason, std::string_view sentence) {
  impl_->judge_.take_failure(subject, source, reason, sentence);
  impl_->after();
}

void Health::drop_source(std::string_view source) {
  impl_->judge_.drop_source(source);
}

void Health::on_event(const std::string& plugin, const PluginEvent& event) {
  impl_->judge_.on_event(plugin, event);
  impl_->after();
}

void Health::on_device_change(const DeviceChange& change) {
  impl_->judge_.look_at(change.key);
  impl_->after();
}

void Health::cleared(const std::string& key) {
  impl_->judge_.cleared(key);
  impl_->after();
}

void Health::tick() {
  impl_->judge_.tick();
  impl_->finish_draining();
  impl_->after();
  if (!impl_->judge_.changes().empty()) impl_->flush();
}

std::vector<SubjectHealth> Health::subjects() const {
  return impl_->judge_.subjects();
}

std::optional<SubjectHealth> Health::find(std::string_view key) const {
  return impl_->judge_.find(key);
}

Verdict Health::overall() const {
  return impl_->judge_.overall();
}

const std::vector<RefusedCheck>& Health::refused() const {
  return impl_->refused_;
}

uint64_t Health::generation() const {
  return impl_->judge_.generation();
}

void Health::history(HistoryQuery query,
                     std::function<void(Result<std::vector<Transition>>)> done) {
  const auto found = std::make_shared<Result<std::vector<Transition>>>(std::vector<Transition>());
  impl_->store_.submit([found, query = std::move(query),
                        &state = impl_->state_] { *found = find_history(state, query); },
                       [found, done = std::move(done), impl = impl_] {
                         if (impl->alive_) done(std::move(*found));
                       });
}

void Health::cordon(const std::string& key, const std::string& why, const std::string& who,
                    Done done) {
  impl_->act(key, HoldKind::kCordoned, why, who, std::move(done));
}

void Health::uncordon(const std::string& key, const std::string& who, Done done) {
  impl_->lift(key, who, false, std::move(done));
}

void Health::drain(const std::string& key, const std::string& why, const std::string& who,
                   Done done) {
  impl_->act(key, HoldKind::kDraining, why, who, std::move(done));
}

void Health::quiesce(const std::string& key, const std::string& why, const std::string& who,
                     Done done) {
  impl_->act(key, HoldKind::kQuiesced, why, who, std::move(done));
}

void Health::resume(const std::string& key, const std::string& who, Done done) {
  impl_->lift(key, who, true, std::move(done));
}

void Health::forget(const std::string& key, const std::string& who, Done done) {
  if (!impl_->judge_.forget(key)) {
    return done(Error{Errc::kNotFound, "nothing is remembered of a device '" + key + "'"});
  }
  log::info("a device is forgotten by hand", {{"device", key}, {"who", who}});
  impl_->flush(std::move(done));
}

Result<void> Health::may_lease(std::string_view key) const {
  return impl_->may_lease(key);
}

void Health::on_transition(std::function<void(const Transition&)> listener) {
  impl_->on_transition_.push_back(std::move(listener));
}

void Health::on_hold(std::function<void(const std::string& key)> listener) {
  impl_->on_hold_.push_back(std::move(listener));
}

}  // namespace farmhand
