// SPDX-License-Identifier: Apache-2.0
#include "control/view.hh"

namespace farmhand {

namespace {

void act_upon(Health& health, const DeviceAct& act, Health::Done done) {
  using enum DeviceAct::Kind;
  switch (act.kind) {
    case kCordon:
      return health.cordon(act.key, act.why, act.who, std::move(done));
    case kUncordon:
      return health.uncordon(act.key, act.who, std::move(done));
    case kDrain:
      return health.drain(act.key, act.why, act.who, std::move(done));
    case kQuiesce:
      return health.quiesce(act.key, act.why, act.who, std::move(done));
    case kResume:
      return health.resume(act.key, act.who, std::move(done));
    case kForget:
      return health.forget(act.key, act.who, std::move(done));
  }
}

}  // namespace

HealthView health_view_of(Health& health) {
  HealthView view;
  view.subjects = [&health] { return health.subjects(); };
  view.refused = [&health] { return health.refused(); };
  view.may_lease = [&health](std::string_view key) { return health.may_lease(key); };
  view.history = [&health](HistoryQuery query, auto done) {
    health.history(std::move(query), std::move(done));
  };
  view.act = [&health](const DeviceAct& act, auto done) { act_upon(health, act, std::move(done)); };
  return view;
}

}  // namespace farmhand
