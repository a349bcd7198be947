// SPDX-License-Identifier: Apache-2.0
#include "control/verbs.hh"

namespace farmhand {

void verb_config(const StatusView& view, const Request&, const Reply& reply) {
  if (!view.config) return reply(Error{Errc::kUnavailable, "the agent is still starting"});
  Json json;
  json.object().member("path", view.facts.config_path).member("effective", view.config()).end();
  reply(json.take());
}

}  // namespace farmhand
