// SPDX-License-Identifier: Apache-2.0
#include "device/node.hh"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/file.hh"

namespace farmhand {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\"";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The rest of the first line that begins with `key`, after `separator`.
std::string value_of(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t at = line.find(separator);
    if (at != line.npos && trimmed(line.substr(0, at)) == key) {
      return std::string(trimmed(line.substr(at + 1)));
    }
  }
  return {};
}

std::string content_or_nothing(const std::string& path) {
  auto content = read_file(path, 4 << 20);
  return content ? *std::move(content) : std::string();
}

uint64_t memory_bytes_in(const std::string& meminfo) {
  const std::string total = value_of(meminfo, "MemTotal", ':');
  uint64_t kib = 0;
  std::from_chars(total.data(), total.data() + total.size(), kib);
  return kib * 1024;
}

}  // namespace

Result<Uuid> load_node_id(const std::string& state_dir) {
  const std::string path = state_dir + "/node-id";
  const auto content = read_file(path, 4096);
  if (content) {
    auto id = Uuid::parse(trimmed(*content));
    if (!id) {
      return Error{Errc::kCorrupt,
                   "node identity '" + path + "': " + id.error().message +
                       "; restore it from a backup, or delete it to become a new node"};
    }
    return id;
  }
  if (content.error().code != Errc::kNotFound) return content.error().in("node identity");
  const Uuid fresh = Uuid::random();
  if (auto written = write_file_atomically(path, fresh.text() + "\n"); !written) {
    return written.error().in("node identity");
  }
  return fresh;
}

NodeFacts read_node_facts(const std::string& proc, const std::string& etc) {
  NodeFacts facts;
  utsname kernel{};
  if (uname(&kernel) == 0) {
    facts.hostname = kernel.nodename;
    facts.kernel = kernel.release;
    facts.architecture = kernel.machine;
  }
  facts.os = value_of(content_or_nothing(etc + "/os-release"), "PRETTY_NAME", '=');
  facts.cpu_model = value_of(content_or_nothing(proc + "/cpuinfo"), "model name", ':');
  facts.cpu_count = static_cast<uint32_t>(std::max(0L, sysconf(_SC_NPROCESSORS_ONLN)));
  facts.memory_bytes = memory_bytes_in(content_or_nothing(proc + "/meminfo"));
  return facts;
}

}  // namespace farmhand
