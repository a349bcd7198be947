// SPDX-License-Identifier: Apache-2.0
// furiosa-smi as the last resort: for cards that neither the driver's files nor the library show.
// `furiosa-smi info --format json` and `status --format json`; Warboy's era said `--output json`
// (keys: lablup/all-smi@b92ea0a, src/device/readers/furiosa.rs, third party).
#pragma once

#include <farmhand/command.hh>
#include <farmhand/json.hh>
#include <farmhand/polled.hh>
#include <farmhand/reading.hh>

#include "cores.hh"
#include "driver.hh"

namespace farmhand::furiosa {

struct ToolCard {
  std::string pci, serial, uuid, model, name, firmware;
  Reading temperature, power, clock;
  MemoryUse memory;
  Liveness liveness = Liveness::kUnknown;
  std::vector<Reading> utilization, occupied;  // by core
};

struct ToolReport {
  int32_t status = FH_E_UNSUPPORTED;  // FH_E_*: whether there is a report
  std::string problem;                // one sentence
  uint64_t boottime_ns = 0;
  std::vector<ToolCard> cards;

  bool ok() const { return status == FH_OK; }
};

// Both documents of the tool; what is wrong in them is a sentence, or a reading with `error`.
ToolReport report_from(std::string_view info, std::string_view status);

// Runs the tool at most every kEveryNs, whoever asks: one run shows all cards.
class SmiTool {
 public:
  static constexpr uint64_t kEveryNs = 5'000'000'000;

  explicit SmiTool(std::string path) : path_(std::move(path)) {}

  // Null while another call is running the tool for the first time.
  std::shared_ptr<const ToolReport> report(const Call& call);

 private:
  ToolReport run(const Call& call) const;

  std::string path_;
  Polled<ToolReport> polled_;
};

}  // namespace farmhand::furiosa
