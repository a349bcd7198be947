// SPDX-License-Identifier: Apache-2.0
// `units`: services that systemd calls failed. Where systemd does not run, as in most containers,
// there is no such check.
#include <farmhand/command.hh>
#include <farmhand/polled.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

struct Units {
  std::string problem;  // empty: the list is whole
  std::vector<std::string> failed;
};

// `● nginx.service loaded failed failed A web server`; the dot is left out by --plain.
std::vector<std::string> units_in(std::string_view text) {
  std::vector<std::string> units;
  while (!text.empty()) {
    std::string_view line = take_line(&text);
    const std::string_view name = take_word(&line);
    if (name.find('.') != std::string_view::npos) units.push_back(clean(name));
  }
  return units;
}

class UnitCheck : public Check {
 public:
  UnitCheck(const Roots& roots, const Settings& settings)
      : booted_(roots.top + "/run/systemd/system"),
        systemctl_(settings.text("systemctl", "systemctl")),
        skip_(settings.list("units_skip")),
        every_ns_(static_cast<uint64_t>(settings.number("units_every_s", 60, 0, 86'400)) *
                  1'000'000'000) {}

  // The folder is what sd_booted(3) looks at.
  void look(Call& call) override {
    if (systemctl_.empty() || !exists(booted_)) return;
    const auto seen = polled_.get(every_ns_, [&] { return ask(call); });
    Worst worst("units");
    if (!seen || !seen->value.problem.empty()) {
      worst.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                seen ? seen->value.problem : "systemctl has not answered yet");
      return worst.emit(call);
    }
    double count = 0;
    for (const std::string& unit : seen->value.failed) {
      const bool skipped = std::any_of(
          skip_.begin(), skip_.end(), [&](const std::string& each) { return matches(each, unit); });
      if (skipped) continue;
      ++count;
      worst.add(FH_VERDICT_WARN, FH_REASON_NODE_UNIT_FAILED, unit + " failed");
    }
    worst.add_ok({{"units.failed", count, FH_UNIT_NONE, {}, {}, 0}});
    worst.emit(call);
  }

 private:
  Units ask(Call& call) const {
    const CommandResult done = run_command(
        call, {systemctl_, "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"},
        {2'000'000'000, 50'000'000, 1 << 20});
    if (!done.ok()) return {done.sentence, {}};
    return {{}, units_in(done.output)};
  }

  std::string booted_, systemctl_;
  std::vector<std::string> skip_;
  uint64_t every_ns_;
  Polled<Units> polled_;
};

}  // namespace

std::unique_ptr<Check> unit_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<UnitCheck>(roots, settings);
}

}  // namespace farmhand::node
