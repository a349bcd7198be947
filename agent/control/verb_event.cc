// SPDX-License-Identifier: Apache-2.0
// A person's or a script's own event: on lane 1 like the agent's, and answered once it is on disk.
#include <algorithm>
#include <optional>

#include "control/verbs.hh"
#include "wire/record.hh"

namespace farmhand {

namespace {

constexpr size_t kReasonBytesMax = 64;

Result<wire::Severity> severity_from(const std::string& word) {
  using enum wire::Severity;
  for (const wire::Severity severity : {kInfo, kWarning, kError, kCritical}) {
    if (wire::name_of(severity) == word) return severity;
  }
  return Error{Errc::kInvalid,
               "'" + word + "' is not a severity; it is info, warning, error or critical"};
}

// As the catalogue writes its codes, so that one query finds both.
bool is_reason(const std::string& reason) {
  return !reason.empty() && reason.size() <= kReasonBytesMax &&
         std::ranges::all_of(reason, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
         });
}

Result<wire::Event> event_from(const StatusView& view, const Request& request) {
  auto sentence = request.get("sentence");
  if (!sentence) return sentence.error();
  if (sentence->empty()) return Error{Errc::kInvalid, "an event needs a sentence"};
  auto severity = severity_from(request.find("severity").value_or("info"));
  if (!severity) return severity.error();
  wire::Event event;
  event.reason = request.find("reason").value_or("operator.note");
  if (!is_reason(event.reason)) {
    return Error{Errc::kInvalid,
                 "'" + event.reason + "' is not a reason: up to 64 of a-z, 0-9, '.' and '_'"};
  }
  event.device_key = request.find("device").value_or("");
  if (!event.device_key.empty()) {
    const Device* device = view.inventory.find(event.device_key);
    if (device == nullptr) {
      return Error{Errc::kNotFound, "no device '" + event.device_key +
                                        "' on this node; 'farmhand devices' lists them"};
    }
    event.plugin = device->info.plugin;
  }
  event.uuid = Uuid::random();
  event.boottime_ns = view.clock.boottime_ns();
  event.severity = *severity;
  event.sentence = *std::move(sentence);
  return event;
}

}  // namespace

void verb_event(const StatusView& view, const Request& request, const Reply& reply) {
  if (!view.add_event) return reply(Error{Errc::kUnavailable, "the agent is still starting"});
  auto event = event_from(view, request);
  if (!event) return reply(event.error());
  const std::string uuid = event->uuid.text();
  view.add_event(*std::move(event), [reply, uuid](const Result<uint64_t>& seq) {
    if (!seq) return reply(seq.error());
    Json json;
    json.object().member("uuid", uuid).member("lane", static_cast<int>(Lane::kHealth));
    json.member("sequence", *seq).end();
    reply(json.take());
  });
}

}  // namespace farmhand
