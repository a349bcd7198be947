// SPDX-License-Identifier: Apache-2.0
// The operator's command, run at most so often: one run says all cards.
#pragma once

#include <farmhand/command.hh>
#include <farmhand/polled.hh>

#include "report.hh"

namespace farmhand::sapeon {

class Adapter {
 public:
  using Seen = Polled<Report>::Seen;

  Adapter(std::vector<std::string> words, uint64_t every_ns, uint64_t time_ns)
      : words_(std::move(words)), every_ns_(every_ns), time_ns_(time_ns) {}

  bool configured() const { return !words_.empty(); }

  // Null while another call runs it for the first time. A report that should have been renewed
  // twice since stands for nothing any more and is not given.
  std::shared_ptr<const Seen> report(const Call& call) {
    auto seen = polled_.get(every_ns_, [&] { return run(call); });
    const bool old = seen && boottime_ns() - seen->boottime_ns > 2 * every_ns_ + time_ns_;
    return old ? nullptr : seen;
  }

 private:
  Report run(const Call& call) const {
    if (!configured()) return no_report(FH_E_UNSUPPORTED, "no adapter is configured");
    CommandLimits limits;
    limits.time_ns = time_ns_;
    const CommandResult done = run_command(call, words_, limits);
    if (done.status == FH_OK && done.exit_code == 0) return report_from(done.output);
    return no_report(done.status == FH_OK ? FH_E_INTERNAL : done.status, done.sentence);
  }

  std::vector<std::string> words_;
  uint64_t every_ns_;
  uint64_t time_ns_;
  Polled<Report> polled_;
};

}  // namespace farmhand::sapeon
