// SPDX-License-Identifier: Apache-2.0
// `clock`: whether somebody keeps the kernel's clock in step, and how far it is off. The kernel
// knows both, whoever keeps it: chrony, systemd-timesyncd, ntpd, ptp4l (adjtimex(2)).
#include <sys/timex.h>

#include <farmhand/command.hh>
#include <farmhand/polled.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr uint64_t kAskEveryNs = 60'000'000'000;

struct Clock {
  bool known = false;
  bool kept = false;
  double offset_ms = 0;
  double error_ms = 0;  // the most that it may be off
};

Clock ask_kernel() {
  timex now{};
  const int state = adjtimex(&now);
  const double per_ms = (now.status & STA_NANO) != 0 ? 1e6 : 1e3;
  return {state >= 0, state != TIME_ERROR && (now.status & STA_UNSYNC) == 0,
          static_cast<double>(now.offset) / per_ms, static_cast<double>(now.maxerror) / 1e3};
}

// A file stands in for the kernel, where its clock is not the one meant: `1 -0.25 12.5`.
Clock ask_file(const std::string& path) {
  const Text file = read_text(path);
  std::string_view text = file.text;
  const auto kept = number_from(take_word(&text));
  const auto offset = number_from(take_word(&text));
  const auto error = number_from(take_word(&text));
  if (!kept || !offset || !error) return {};
  return {true, *kept != 0, *offset, *error};
}

class ClockCheck : public Check {
 public:
  ClockCheck(const Roots& roots, const Settings& settings)
      : uptime_(roots.proc + "/uptime"),
        file_(settings.text("clock_file")),
        chronyc_(settings.text("chronyc", "chronyc")),
        warn_ms_(static_cast<double>(settings.number("clock_warn_ms", 100, 1, 86'400'000))),
        fail_ms_(static_cast<double>(settings.number("clock_fail_ms", 1000, 1, 86'400'000))),
        grace_s_(static_cast<double>(settings.number("clock_grace_s", 600, 0, 86'400))) {}

  void look(Call& call) override {
    const Clock now = file_.empty() ? ask_kernel() : ask_file(file_);
    Worst worst("clock");
    const double off = std::abs(now.offset_ms);
    const std::vector<Measure> measures = {
        {"clock.offset", off * 1e6, FH_UNIT_NANOSECOND, {}, {}, warn_ms_ * 1e6},
        {"clock.error",
         now.error_ms * 1e6,
         FH_UNIT_NANOSECOND,
         "the most that it may be off",
         {},
         {}}};
    if (!now.known) {
      worst.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, "the kernel's clock is not readable");
    } else if (!now.kept && is_young()) {
      worst.add(FH_VERDICT_OK, "", "not synchronised yet: the node has just been started",
                measures);
    } else if (!now.kept && !chrony_keeps_it(call)) {
      worst.add(FH_VERDICT_WARN, FH_REASON_NODE_CLOCK, "nothing keeps the clock synchronised",
                measures);
    } else if (off >= warn_ms_) {
      worst.add(off >= fail_ms_ ? FH_VERDICT_FAIL : FH_VERDICT_WARN, FH_REASON_NODE_CLOCK,
                said("the clock is off by %.1f ms", off), measures);
    } else {
      worst.add_ok(measures);
    }
    worst.emit(call);
  }

 private:
  bool is_young() const {
    const Text file = read_text(uptime_);
    std::string_view text = file.text;
    const auto seconds = number_from(take_word(&text));
    return seconds && *seconds < grace_s_;
  }

  // Without the option `rtcsync` chrony leaves the kernel's mark unset while it keeps the clock
  // (chrony sys_timex.c; chrony.conf(5)). The last field of its tracking report is then `Normal`.
  bool chrony_keeps_it(Call& call) {
    if (chronyc_.empty()) return false;
    const auto seen = chrony_.get(kAskEveryNs, [&] {
      const CommandResult done =
          run_command(call, {chronyc_, "-c", "tracking"}, {500'000'000, 50'000'000, 64 * 1024});
      return done.ok() && trimmed(done.output).ends_with(",Normal");
    });
    return seen && seen->value;
  }

  std::string uptime_, file_, chronyc_;
  double warn_ms_, fail_ms_, grace_s_;
  Polled<bool> chrony_;
};

}  // namespace

std::unique_ptr<Check> clock_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<ClockCheck>(roots, settings);
}

}  // namespace farmhand::node
