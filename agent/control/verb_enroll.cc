// SPDX-License-Identifier: Apache-2.0
#include "control/verbs.hh"

namespace farmhand {

namespace {

void write_words(Json& json, std::string_view name, const std::vector<std::string>& words) {
  json.key(name).array();
  for (const std::string& word : words) json.value(word);
  json.end();
}

std::string document_of(const Enrolled& enrolled) {
  Json json;
  json.object().member("enrolled", true).member("url", enrolled.url);
  write_text(json, "cloud", enrolled.cloud);
  write_words(json, "vendors", enrolled.vendors);
  write_words(json, "partitions", enrolled.partitions);
  json.end();
  return json.take();
}

}  // namespace

void verb_enroll(const StatusView& view, const Request& request, const Reply& reply) {
  if (!view.enroll) return reply(Error{Errc::kUnavailable, "the agent is still starting"});
  const auto token = request.get("token");
  if (!token) return reply(token.error());
  const EnrollRequest wanted{.url = request.find("url").value_or(""),
                             .token = *token,
                             .ca_file = request.find("ca").value_or("")};
  view.enroll(wanted, [reply](const Result<Enrolled>& enrolled) {
    if (!enrolled) return reply(enrolled.error());
    reply(document_of(*enrolled));
  });
}

}  // namespace farmhand
