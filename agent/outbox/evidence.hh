// SPDX-License-Identifier: Apache-2.0
// Records that the coordinator would not take, kept for whoever looks into it: one bounded file.
// Each is a line `lane seq size reason` and then the bytes and a newline. When it is full it starts
// over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "outbox/lane.hh"

namespace farmhand {

class RecordEvidence {
 public:
  RecordEvidence(std::string path, uint64_t bytes_max)
      : path_(std::move(path)), bytes_max_(bytes_max) {}

  // Best effort: evidence that cannot be written must not keep the lane from going on.
  void add(Lane lane, uint64_t seq, std::string_view reason, std::string_view record);

 private:
  std::string path_;
  uint64_t bytes_max_;
};

}  // namespace farmhand
