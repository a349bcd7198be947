// SPDX-License-Identifier: Apache-2.0
// What a person does to a device by hand, with a reason and the name that the kernel vouches for.
#include <algorithm>
#include <array>

#include "config/problems.hh"
#include "control/health_json.hh"

namespace farmhand {

namespace {

struct Action {
  std::string_view word;
  DeviceAct::Kind kind;
  bool needs_reason;
};

constexpr std::array<Action, 6> kActions{{{"cordon", DeviceAct::Kind::kCordon, true},
                                          {"uncordon", DeviceAct::Kind::kUncordon, false},
                                          {"drain", DeviceAct::Kind::kDrain, true},
                                          {"quiesce", DeviceAct::Kind::kQuiesce, true},
                                          {"resume", DeviceAct::Kind::kResume, false},
                                          {"forget", DeviceAct::Kind::kForget, false}}};

const Action* find_action(const std::string& word) {
  for (const Action& action : kActions)
    if (action.word == word) return &action;
  return nullptr;
}

// A missing device is no longer in the inventory, but may still be judged and forgotten.
std::vector<std::string> keys_of(const StatusView& view) {
  std::vector<std::string> keys;
  for (const auto& [key, device] : view.inventory.devices())
    if (device.info.kind != DeviceKind::kNode) keys.push_back(key);
  for (const SubjectHealth& subject : view.health.subjects())
    if (!subject.key.empty() && view.inventory.find(subject.key) == nullptr)
      keys.push_back(subject.key);
  return keys;
}

Result<void> known(const StatusView& view, const std::string& key) {
  const auto keys = keys_of(view);
  if (std::ranges::find(keys, key) != keys.end()) return {};
  const std::vector<std::string_view> words(keys.begin(), keys.end());
  return Error{Errc::kNotFound, "there is no device '" + key + "'" + did_you_mean(key, words) +
                                    "; 'farmhand devices' lists those there are"};
}

Result<DeviceAct> act_from(const StatusView& view, const Request& request) {
  const auto word = request.get("action");
  if (!word) return word.error();
  const Action* action = find_action(*word);
  if (action == nullptr) {
    return Error{Errc::kInvalid, "'" + *word +
                                     "' is not done to a device; cordon, uncordon, drain, quiesce, "
                                     "resume and forget are"};
  }
  const auto key = request.get("device");
  if (!key) return key.error();
  if (const auto there = known(view, *key); !there) return there.error();
  DeviceAct act{action->kind, *key, request.find("reason").value_or(""), request.who};
  if (action->needs_reason && act.why.empty()) {
    return Error{Errc::kInvalid, *word + " needs a reason: it is what others will see"};
  }
  return act;
}

}  // namespace

void verb_device(const StatusView& view, const Request& request, const Reply& reply) {
  if (!view.health.act || !view.health.subjects) {
    return reply(Error{Errc::kUnavailable, "the agent is still starting"});
  }
  const auto act = act_from(view, request);
  if (!act) return reply(act.error());
  view.health.act(*act, [&view, reply, key = act->key](const Result<void>& done) {
    if (!done) return reply(done.error());
    const auto subject = find_subject(view, key);
    Json json;
    json.object().member("device", key).key("verdict");
    subject ? json.value(name_of(subject->verdict)) : json.null();
    write_hold(json, subject ? subject->hold : std::nullopt);
    json.end();
    reply(json.take());
  });
}

}  // namespace farmhand
