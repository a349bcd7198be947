// SPDX-License-Identifier: Apache-2.0
// Who can be asked for samples: the Supervisor, adapted by the agent, or a fake in a test. The
// sampler in telemetry/ decides when and what; it stands above this folder, so the seam stands
// here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace farmhand {

struct SampleRequest {
  std::string_view plugin;
  std::string_view device;
  std::span<const uint32_t> metrics;  // MetricInfo::id
};

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // All that is due at one tick: a frame per plugin can carry its devices together. Everything is
  // borrowed for the call. Each request is answered once, by samples, by the device's being
  // unknown, or by telling the sampler at once that there will be no answer.
  virtual void sample(std::span<const SampleRequest> requests) = 0;
};

}  // namespace farmhand
