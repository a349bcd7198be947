// SPDX-License-Identifier: Apache-2.0
// What travels once: commands, in and out of their signature, and the two halves of an enrolment.
#include "fuzz.hh"
#include "wire/command.hh"
#include "wire/enroll.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  wire::Command command;
  command.uuid = Uuid{{1, 2, 3}};
  command.kind = "inventory.refresh";
  command.partition = "kt-rebellions";
  command.not_after_realtime_ns = 1'700'000'000'000'000'000;
  command.arguments = {{"name", "value"}};
  const std::string payload = wire::encode_command(command);
  return {payload, wire::encode_signed_command({payload, std::string(64, 's'), "SHA256:abc"}),
          wire::encode_enroll_request({"token", command.uuid, "node-1", "0.1.0"}),
          wire::encode_enroll_response({"credential", "kt", {"rebellions", "furiosa"}})};
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::require_stable(input, wire::encode_command, wire::decode_command);
  fuzz::require_stable(input, wire::encode_signed_command, wire::decode_signed_command);
  fuzz::require_stable(input, wire::encode_enroll_request, wire::decode_enroll_request);
  fuzz::require_stable(input, wire::encode_enroll_response, wire::decode_enroll_response);
  return 0;
}
