// SPDX-License-Identifier: Apache-2.0
// What a check or a reason means, what to do about it, and where it stands on this node.
#include <array>
#include <set>

#include "config/problems.hh"
#include "control/health_json.hh"
#include "farmhand/reasons.h"

namespace farmhand {

namespace {

struct Meaning {
  std::string_view reason, meaning, action;
};

#define FH_ONE_REASON(name, code, meaning, action) Meaning{code, meaning, action},
constexpr Meaning kCatalogue[] = {FH_REASONS(FH_ONE_REASON)};
#undef FH_ONE_REASON

const Meaning* find_meaning(std::string_view reason) {
  for (const Meaning& meaning : kCatalogue)
    if (meaning.reason == reason) return &meaning;
  return nullptr;
}

struct Place {
  const SubjectHealth* subject;
  const CheckStatus* check;
};

std::vector<Place> places_of(const std::vector<SubjectHealth>& subjects, const std::string& word) {
  std::vector<Place> places;
  for (const SubjectHealth& subject : subjects)
    for (const CheckStatus& check : subject.checks)
      if (check.check == word || check.reason == word) places.push_back({&subject, &check});
  return places;
}

Error no_such(const std::vector<SubjectHealth>& subjects, const std::string& word) {
  std::vector<std::string_view> words;
  for (const Meaning& meaning : kCatalogue) words.push_back(meaning.reason);
  for (const SubjectHealth& subject : subjects)
    for (const CheckStatus& check : subject.checks) words.push_back(check.check);
  return {Errc::kNotFound, "there is no check or reason '" + word + "'" +
                               did_you_mean(word, words) +
                               "; 'farmhand health --all' lists the checks, "
                               "farmhand-reasons(7) the reasons"};
}

void write_reason(Json& json, const Meaning& meaning) {
  json.object().member("reason", meaning.reason).member("meaning", meaning.meaning);
  json.member("action", meaning.action).end();
}

// The word itself if it is a reason, and the reasons that its checks give now.
void write_reasons(Json& json, const std::string& word, const std::vector<Place>& places) {
  std::set<std::string_view> shown;
  json.key("reasons").array();
  const auto write = [&](std::string_view reason) {
    const Meaning* meaning = find_meaning(reason);
    if (meaning != nullptr && shown.insert(reason).second) write_reason(json, *meaning);
  };
  write(word);
  for (const Place& place : places) write(place.check->reason);
  json.end();
}

void write_past(Json& json, const std::string& word, const std::vector<Transition>& past) {
  uint64_t times = 0;
  int64_t last_ns = 0;
  for (const Transition& t : past) {
    if ((t.check != word && t.reason != word) || t.to == Verdict::kOk) continue;
    times += t.count;
    last_ns = std::max(last_ns, t.realtime_ns);
  }
  json.key("past").object().member("times_not_ok", times);
  write_wall(json, "last", last_ns);
  json.end();
}

std::string document_of(const StatusView& view, const std::string& word,
                        const std::vector<SubjectHealth>& subjects,
                        const Result<std::vector<Transition>>* past) {
  const auto places = places_of(subjects, word);
  Json json;
  json.object().member("word", word);
  write_reasons(json, word, places);
  json.key("now").array();
  for (const Place& place : places) {
    json.object();
    write_text(json, "device", place.subject->key);
    json.member("decides", place.subject->deciding_check == place.check->check).key("state");
    write_check(json, view.clock, *place.check);
    write_offences(json, place.subject->offences);
    json.end();
  }
  json.end();
  if (past != nullptr && *past) write_past(json, word, **past);
  return json.end().take();
}

}  // namespace

void verb_health_explain(const StatusView& view, const Request& request, const Reply& reply) {
  if (!view.health.subjects) {
    return reply(Error{Errc::kUnavailable, "the agent is still starting; nothing is judged yet"});
  }
  const auto word = request.get("word");
  if (!word) return reply(word.error());
  const auto subjects = view.health.subjects();
  if (find_meaning(*word) == nullptr && places_of(subjects, *word).empty())
    return reply(no_such(subjects, *word));
  if (!view.health.history) return reply(document_of(view, *word, subjects, nullptr));
  HistoryQuery query;
  query.limit = 10'000;
  view.health.history(query, [&view, reply, word = *word](const auto& past) {
    reply(document_of(view, word, view.health.subjects(), &past));
  });
}

}  // namespace farmhand
