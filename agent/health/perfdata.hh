// SPDX-License-Identifier: Apache-2.0
// Performance data as monitoring-plugins write it behind the '|' of their output
// (https://www.monitoring-plugins.org/doc/guidelines.html, "Performance data"):
//
//   'label'=value[unit];[warn];[crit];[min];[max]
//
// separated by spaces. A label with a space, a quote or '=' stands in single quotes, a quote in it
// is doubled. `warn` and `crit` are ranges outside of which is the alarm: `10` is 0 to 10, `10:` at
// least 10, `~:10` at most 10, `10:20`; `@10:20` is the alarm inside. A value `U` is not known.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "plugin/finding.hh"

namespace farmhand {

// What is well: from `least` to `most`.
struct PerfRange {
  std::optional<double> least;
  std::optional<double> most;
  bool inverted = false;  // the alarm is inside
};
std::optional<PerfRange> parse_perf_range(std::string_view text);

// At most 64 of them; what is malformed is left out, the rest is used. Seconds become nanoseconds,
// KB to TB bytes (by 1024, as check_disk means them).
std::vector<Evidence> parse_perfdata(std::string_view text);

}  // namespace farmhand
