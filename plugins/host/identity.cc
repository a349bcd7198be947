// SPDX-License-Identifier: Apache-2.0
#include "identity.hh"

#include <sys/utsname.h>

#include "file.hh"
#include "sha256.hh"

namespace farmhand::node {

namespace {

std::string host_name() {
  utsname names{};
  return uname(&names) == 0 ? names.nodename : "localhost";
}

// The machine id is confidential (machine-id(5)): what leaves the node is a hash that serves this
// purpose only. A container without one goes by the board's UUID, else by its host name.
std::string key_of(const Roots& roots, const std::string& machine_id_file, std::string* note) {
  std::string secret = word_in_file(machine_id_file);
  if (secret.size() < 32) secret = word_in_file(roots.sys + "/class/dmi/id/product_uuid");
  if (secret.size() < 32) {
    *note = "no machine id: the key is the host name";
    return "host-" + host_name();
  }
  return "node-" + sha256_hex("farmhand node key\n" + secret).substr(0, 32);
}

// cpuinfo of a machine with many cores is larger than what /sys has.
std::string text_of(const std::string& path) {
  return read_text(path, 4 << 20).text;
}

// The value of the first line `key : value`.
std::string first_in(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = take_line(&text);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !line.starts_with(key)) continue;
    const size_t value = line.find_first_not_of(" \t", colon + 1);
    if (value != std::string_view::npos) return std::string(line.substr(value));
  }
  return {};
}

std::string model_of(const Roots& roots) {
  const std::string maker = word_in_file(roots.sys + "/class/dmi/id/sys_vendor");
  const std::string product = word_in_file(roots.sys + "/class/dmi/id/product_name");
  if (!product.empty()) return maker.empty() ? product : maker + " " + product;
  const std::string processor = first_in(text_of(roots.proc + "/cpuinfo"), "model name");
  return processor.empty() ? "server" : processor;
}

uint64_t memory_of(const Roots& roots) {
  const std::string total = first_in(text_of(roots.proc + "/meminfo"), "MemTotal");
  std::string_view text = total;
  const auto kib = number_from(take_word(&text));
  return kib && *kib > 0 ? static_cast<uint64_t>(*kib) * 1024 : 0;
}

}  // namespace

Identity identity_of(const Roots& roots, const std::string& machine_id_file) {
  Identity identity;
  identity.key = key_of(roots, machine_id_file, &identity.note);
  identity.model = model_of(roots);
  identity.firmware = word_in_file(roots.sys + "/class/dmi/id/bios_version");
  identity.kernel = word_in_file(roots.proc + "/sys/kernel/osrelease");
  identity.memory_bytes = memory_of(roots);
  return identity;
}

}  // namespace farmhand::node
