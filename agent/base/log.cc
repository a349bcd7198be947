// SPDX-License-Identifier: Apache-2.0
#include "base/log.hh"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "base/clock.hh"

namespace farmhand::log {

namespace {

std::atomic<Level> g_level{Level::kInfo};

// systemd sets JOURNAL_STREAM when stderr goes to the journal.
bool to_journal() {
  static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  return journal;
}

std::string prefix_for(Level level) {
  if (to_journal()) {
    switch (level) {
      case Level::kDebug:
        return "<7>";
      case Level::kInfo:
        return "<6>";
      case Level::kWarn:
        return "<4>";
      case Level::kError:
        return "<3>";
    }
  }
  const std::string now = rfc3339_from_realtime(SystemClock().realtime_ns());
  switch (level) {
    case Level::kDebug:
      return now + " debug ";
    case Level::kInfo:
      return now + " info  ";
    case Level::kWarn:
      return now + " warn  ";
    case Level::kError:
      return now + " error ";
  }
  return now;
}

// Quoted where a reader or a parser could take the value apart wrongly; control bytes never pass.
std::string quoted(std::string_view value) {
  if (!value.empty() && value.find_first_of(" =\"\n\t\\") == value.npos) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

}  // namespace

void set_level(Level level) {
  g_level = level;
}
Level level() {
  return g_level;
}

void write(Level level, std::string_view message, Fields fields) {
  if (level < g_level) return;
  std::string line = prefix_for(level);
  line += message;
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += quoted(field.value);
  }
  line += '\n';
  // One write per line, so that lines of several threads and processes do not mix. A log that
  // cannot be written is nobody's error.
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace farmhand::log
