// SPDX-License-Identifier: Apache-2.0
// Who is asked for samples: the plugins' Supervisor, adapted by the agent, or a fake in a test.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hh"

namespace farmhand {

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  // Called once per device for all that is due, in one loop turn. Both are borrowed. Success means
  // that an answer will come (samples, or that the device is unknown); a failure means none will.
  virtual Result<void> sample(const std::string& device, std::span<const uint32_t> metrics) = 0;
};

}  // namespace farmhand
