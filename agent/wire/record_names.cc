// SPDX-License-Identifier: Apache-2.0
// The words for the wire's enums, as config, logs and JSON show them.
#include <array>

#include "wire/record.hh"

namespace farmhand::wire {

namespace {

template <size_t N>
std::string_view word(const std::array<std::string_view, N>& words, size_t index) {
  return words[index < N ? index : 0];
}

}  // namespace

std::string_view name_of(const Record& record) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "inventory",    "metric_table", "telemetry",        "event", "command_result", "epoch_start",
      "interruption", "plugin_state", "health_transition"};
  static_assert(kWords.size() == std::variant_size_v<Record>);
  return word(kWords, record.index());
}

std::string_view name_of(DeviceKind kind) {
  static constexpr std::array<std::string_view, 3> kWords = {"unspecified", "accelerator", "node"};
  return word(kWords, static_cast<size_t>(kind));
}

std::string_view name_of(DeviceState state) {
  static constexpr std::array<std::string_view, 6> kWords = {
      "unspecified", "managed", "unmanaged", "no_permission", "unknown", "missing"};
  return word(kWords, static_cast<size_t>(state));
}

std::string_view name_of(PluginHealth health) {
  static constexpr std::array<std::string_view, 6> kWords = {"unspecified", "starting", "running",
                                                             "backing_off", "refused",  "stopped"};
  return word(kWords, static_cast<size_t>(health));
}

std::string_view name_of(Severity severity) {
  static constexpr std::array<std::string_view, 5> kWords = {"unspecified", "info", "warning",
                                                             "error", "critical"};
  return word(kWords, static_cast<size_t>(severity));
}

std::string_view name_of(CommandStatus status) {
  static constexpr std::array<std::string_view, 6> kWords = {
      "unspecified", "ok", "failed", "refused", "expired", "unsupported"};
  return word(kWords, static_cast<size_t>(status));
}

std::string_view name_of(Verdict verdict) {
  static constexpr std::array<std::string_view, 5> kWords = {"unknown", "ok", "warn", "fail",
                                                             "unknown"};
  return word(kWords, static_cast<size_t>(verdict));
}

std::string_view name_of(HoldKind kind) {
  static constexpr std::array<std::string_view, 6> kWords = {"none",    "cordoned",    "draining",
                                                             "drained", "quarantined", "quiesced"};
  return word(kWords, static_cast<size_t>(kind));
}

}  // namespace farmhand::wire
