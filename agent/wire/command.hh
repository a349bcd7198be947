// SPDX-License-Identifier: Apache-2.0
// What a node is asked to do, and its proof. The payload stays the bytes that were signed: it is
// decoded to be read and never encoded again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hh"
#include "base/result.hh"

namespace farmhand::wire {

struct Command {
  Uuid uuid;
  std::string kind;       // `ping`, `job.run`, …
  std::string partition;  // `cloud-vendor`
  int64_t not_after_realtime_ns = 0;
  uint32_t max_attempts = 1;
  std::vector<std::pair<std::string, std::string>> arguments;
  bool operator==(const Command&) const = default;
};

struct SignedCommand {
  std::string payload;    // encode_command's
  std::string signature;  // Ed25519 over bytes_to_sign(payload)
  std::string key_id;     // PublicKey::id()
  bool operator==(const SignedCommand&) const = default;
};

std::string encode_command(const Command& command);
Result<Command> decode_command(std::string_view payload);

// `farmhand-cmd-v1`, a zero byte, the payload: a signature over it can stand for nothing else.
std::string bytes_to_sign(std::string_view payload);

// A signed command as a file holds it.
std::string encode_signed_command(const SignedCommand& command);
Result<SignedCommand> decode_signed_command(std::string_view bytes);

}  // namespace farmhand::wire
