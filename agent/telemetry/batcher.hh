// SPDX-License-Identifier: Apache-2.0
// Packs samples into telemetry records of lane 4: one record per device with what came in during
// half a second. A record names its series by their place in a table, which is declared before it,
// after each change, with each new epoch and every ten minutes, so that a reader who joins late
// understands the lane soon.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "plugin/model.hh"

namespace farmhand {

class Batcher {
 public:
  // With the second that the outbox may collect, what a crash can cost stays near one second.
  static constexpr uint64_t kCollectMs = 500;  // between ticks
  static constexpr uint64_t kRedeclareNs = 600'000'000'000;
  static constexpr size_t kRecordSamplesMax = 8192;  // about 100 kB

  // Takes an encoded record: Outbox::enqueue_relaxed.
  using Sink = std::function<Result<void>(std::string)>;

  Batcher(const Clock& clock, Sink sink);
  ~Batcher();

  void on_metrics(std::string_view plugin, std::string_view device,
                  const std::vector<MetricInfo>& metrics);
  // The first samples of a device go out at once, so that a fresh node is seen without delay.
  void on_samples(std::string_view device, std::span<const Sample> samples);
  void remove(std::string_view device);  // what was collected goes out first

  void tick() { flush(); }  // every kCollectMs
  void flush();             // sends all that was collected; before stopping
  void redeclare();         // a new epoch began: every table is declared before its next record

  struct Counts {
    uint64_t samples = 0;  // handed on
    uint64_t dropped = 0;  // samples the sink refused, or of an undeclared device or metric
    uint64_t records = 0;
    uint64_t bytes = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Collected;
  bool declare(Collected& device, uint64_t now_ns);
  void send(Collected& device, uint64_t now_ns);
  bool put(std::string record);

  const Clock& clock_;
  Sink sink_;
  std::map<std::string, std::unique_ptr<Collected>, std::less<>> devices_;
  Counts counts_;
};

}  // namespace farmhand
