// SPDX-License-Identifier: Apache-2.0
#include "outbox/stats.hh"

namespace farmhand {

std::string trouble_of(const OutboxStats& stats) {
  if (!stats.writable) {
    const std::string why = stats.error.empty() ? "it is not open yet" : stats.error;
    return "the queue cannot be written: " + why +
           "; results and events wait in memory, all else is refused; make room on the disk of '" +
           stats.directory + "', or make it writable: it is tried every second";
  }
  if (!stats.disk_full) return {};
  return "the disk of '" + stats.directory +
         "' is full: the queue lives on the space it has, and telemetry makes room first; free " +
         std::to_string(stats.room_bytes >> 20) + " MiB there";
}

}  // namespace farmhand
