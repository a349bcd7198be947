// SPDX-License-Identifier: Apache-2.0
// `load`: the load of five minutes per processor. The limits are high, for a node that feeds
// accelerators is meant to be busy.
#include <farmhand/sysfs.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

// `0-3,8` are five.
double count_in(std::string_view list) {
  double count = 0;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view range = list.substr(0, comma);
    const size_t dash = std::min(range.find('-'), range.size());
    const auto first = integer_from(range.substr(0, dash));
    const auto last = dash == range.size() ? first : integer_from(range.substr(dash + 1));
    if (!first || !last || *last < *first) return 0;
    count += static_cast<double>(*last - *first + 1);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return count;
}

class Load : public Check {
 public:
  Load(const Roots& roots, const Settings& settings)
      : roots_(roots),
        warn_(static_cast<double>(settings.number("load_warn_per_core", 4, 1, 10'000))),
        fail_(static_cast<double>(settings.number("load_fail_per_core", 20, 1, 10'000))) {}

  void look(Call& call) override {
    const Text file = read_text(roots_.proc + "/loadavg");
    if (file.status == FH_SAMPLE_NOT_SUPPORTED) return;
    std::string_view text = file.text;
    take_word(&text);
    const auto load = number_from(take_word(&text));
    const double cores = count_in(read_text(roots_.sys + "/devices/system/cpu/online").text);
    if (!load || cores == 0) {
      return call.emit(unknown_record("load", "the load or the number of cores is not readable"));
    }
    const Measure measure{"load.5", *load, FH_UNIT_NONE, {}, {}, warn_ * cores};
    Worst worst("load");
    if (*load < warn_ * cores) {
      worst.add_ok({measure});
    } else {
      worst.add(*load < fail_ * cores ? FH_VERDICT_WARN : FH_VERDICT_FAIL, FH_REASON_NODE_LOAD,
                said("the load of five minutes is %.1f on %.0f cores", *load, cores), {measure});
    }
    worst.emit(call);
  }

 private:
  Roots roots_;
  double warn_, fail_;
};

}  // namespace

std::unique_ptr<Check> load_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Load>(roots, settings);
}

}  // namespace farmhand::node
