// SPDX-License-Identifier: Apache-2.0
// Names and labels of a metrics page, out of what plugins say. A reader of the page gets back the
// very label values that went in, and nothing besides.
#include "control/exposition.hh"

#include <optional>

#include "fuzz.hh"

namespace farmhand::fuzz {
namespace {

// One sample line `name{a="…",b="…"} 1` as Prometheus reads it: the values, unescaped.
std::optional<std::vector<std::string>> values_of(std::string_view line) {
  std::vector<std::string> values;
  size_t at = line.find('{');
  if (at == line.npos) return values;
  while (line[at] != '}') {
    at = line.find('"', at);
    if (at == line.npos) return std::nullopt;
    std::string value;
    for (++at; at < line.size() && line[at] != '"'; ++at) {
      const bool escaped = line[at] == '\\';
      if (escaped && ++at == line.size()) return std::nullopt;
      value += escaped && line[at] == 'n' ? '\n' : line[at];
    }
    if (++at >= line.size()) return std::nullopt;
    values.push_back(std::move(value));
  }
  return values;
}

bool is_name(std::string_view name) {
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == name.npos &&
         (name.empty() || name[0] < '0' || name[0] > '9');
}

void write_page(MetricsFormat format, const std::string& name, const std::string& first,
                const std::string& second) {
  std::string page;
  Exposition exposition(format, page);
  exposition.family({.name = name, .unit = "", .help = first, .type = FamilyType::kCounter});
  const size_t start = page.size();
  exposition.sample().label("a", first).label("b", second).value(1);
  std::string line = page.substr(start);
  require(!line.empty() && line.find('\n') == line.size() - 1, "a sample is one line");
  std::vector<std::string> expected;
  for (const std::string& value : {first, second})
    if (!value.empty()) expected.push_back(value);
  const auto read = values_of(line);
  require(read && *read == expected, "label values come back as they were");
}

}  // namespace

Seeds seeds() {
  return {"temperature sensor \"core\" 0", "a\\nb\nc\\\\", "7fan{x=\"}"};
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::string name = exposition_name(input);
  fuzz::require(fuzz::is_name(name), "a name is made of letters, digits and _");
  const std::string first = input.substr(0, size / 2), second = input.substr(size / 2);
  for (const auto format : {MetricsFormat::kText, MetricsFormat::kOpenMetrics})
    fuzz::write_page(format, "name", first, second);
  (void)metrics_format_for(input);
  return 0;
}
