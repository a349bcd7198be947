// SPDX-License-Identifier: Apache-2.0
// `rbln-smi -g -j` (older name `rbln-stat`), for devices that the library does not show, and for
// groups. Keys and both dialects: RBLN-SW/rblnlib-go@f931004, pkg/rblnsmi/rblnsmi.go;
// lablup/all-smi@b92ea0a, src/device/readers/rebellions.rs and lablup/backend.ai@c0032c4,
// accelerator/rebellions/common/atom_api.py (third parties).
#pragma once

#include <farmhand/command.hh>
#include <farmhand/json.hh>
#include <farmhand/polled.hh>

#include "driver.hh"

namespace farmhand::rebellions {

struct ToolCard {
  std::optional<uint32_t> number, group;
  std::string pci, uuid, serial, part, firmware, driver, status;
  int32_t numa_node = -1;
  Reading temperature, power, power_state, utilization;
  Reading contexts;  // how many
  MemoryUse memory;
};

struct ToolReport {
  int32_t status = FH_E_UNSUPPORTED;  // FH_E_*: whether there is a report
  std::string problem;                // one sentence
  uint64_t boottime_ns = 0;
  std::vector<ToolCard> cards;

  bool ok() const { return status == FH_OK; }
};

// A document of the tool; what is wrong in it is a sentence, or a reading with `error`.
ToolReport report_from(std::string_view text);

class SmiTool {
 public:
  static constexpr uint64_t kEveryNs = 5'000'000'000;

  // The first of the names or paths that is installed is run.
  explicit SmiTool(std::vector<std::string> names) : names_(std::move(names)) {}

  // At most every kEveryNs, whoever asks: one run shows all devices. Null while another call is
  // running the tool for the first time.
  std::shared_ptr<const ToolReport> report(const Call& call);

  // As it is at this moment.
  ToolReport report_now(const Call& call) const;

  // `rbln-smi group …`, which changes groups. Throws what went wrong.
  void group(const Call& call, const std::vector<std::string>& words) const;

 private:
  CommandResult run(const Call& call, const std::vector<std::string>& words,
                    const CommandLimits& limits = {}) const;

  std::vector<std::string> names_;
  Polled<ToolReport> polled_;
};

}  // namespace farmhand::rebellions
