// SPDX-License-Identifier: Apache-2.0
#include "match.hh"

#include <farmhand/parse.hh>

namespace farmhand::sapeon {

namespace {

Match match_from(const std::string& text) {
  const std::string_view line = text;
  const bool shaped = line.size() > 10 && line[4] == ':' && line[9] == '=';
  const auto vendor = shaped ? integer_from<uint32_t>(line.substr(0, 4), 16) : std::nullopt;
  const auto device = shaped ? integer_from<uint32_t>(line.substr(5, 4), 16) : std::nullopt;
  const std::string model = shaped ? clean(trimmed(line.substr(10))) : std::string();
  if (!vendor || !device || model.empty()) {
    fail(FH_E_INVALID, "setting 'match' has '%s': write it as 1234:0330=X330", text.c_str());
  }
  return {*vendor, *device, model};
}

}  // namespace

std::vector<Match> matches_from(const Settings& settings) {
  std::vector<Match> all;
  for (const std::string& each : settings.list("match")) all.push_back(match_from(each));
  return all;
}

}  // namespace farmhand::sapeon
