// SPDX-License-Identifier: Apache-2.0
#include "wire/command.hh"

#include "farmhand/v1/command.pb.h"
#include "farmhand/v1/sync.pb.h"
#include "wire/position.hh"
#include "wire/text.hh"

namespace farmhand::wire {

namespace v1 = ::farmhand::v1;

std::string encode_command(const Command& command) {
  v1::Command out;
  out.set_uuid(bytes_of(command.uuid.bytes));
  out.set_kind(utf8(command.kind));
  out.set_partition(utf8(command.partition));
  out.set_not_after_realtime_ns(command.not_after_realtime_ns);
  out.set_max_attempts(command.max_attempts);
  for (const auto& [key, value] : command.arguments) {
    v1::Argument& argument = *out.add_arguments();
    argument.set_key(utf8(key));
    argument.set_value(utf8(value));
  }
  return out.SerializeAsString();
}

Result<Command> decode_command(std::string_view payload) {
  v1::Command in;
  if (payload.size() > kRecordBytesMax ||
      !in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return corrupt("these bytes are not a command");
  }
  Command command;
  if (!take_uuid(command.uuid, in.uuid())) return corrupt("command: the uuid is not 16 bytes");
  if (in.kind().empty()) return corrupt("command: it has no kind");
  command.kind = in.kind();
  command.partition = in.partition();
  command.not_after_realtime_ns = in.not_after_realtime_ns();
  command.max_attempts = in.max_attempts() == 0 ? 1 : in.max_attempts();
  for (const v1::Argument& argument : in.arguments()) {
    command.arguments.emplace_back(argument.key(), argument.value());
  }
  return command;
}

std::string bytes_to_sign(std::string_view payload) {
  std::string bytes("farmhand-cmd-v1", sizeof "farmhand-cmd-v1");  // with its zero byte
  bytes += payload;
  return bytes;
}

std::string encode_signed_command(const SignedCommand& command) {
  v1::SignedCommand out;
  out.set_payload(command.payload);
  out.set_signature(command.signature);
  out.set_key_id(utf8(command.key_id));
  return out.SerializeAsString();
}

Result<SignedCommand> decode_signed_command(std::string_view bytes) {
  v1::SignedCommand in;
  if (bytes.size() > kRecordBytesMax ||
      !in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return corrupt("these bytes are not a signed command");
  }
  return SignedCommand{.payload = in.payload(), .signature = in.signature(), .key_id = in.key_id()};
}

}  // namespace farmhand::wire
