// SPDX-License-Identifier: Apache-2.0
#include "topology.hh"

#include <map>

namespace farmhand::cpu {

namespace {

constexpr int32_t kCpusMax = 65536;  // no list names more, whatever a file says

// One processor's paragraph of /proc/cpuinfo.
using Paragraph = std::map<std::string, std::string, std::less<>>;

std::vector<Paragraph> paragraphs_in(std::string_view text) {
  std::vector<Paragraph> all;
  while (!text.empty()) {
    const std::string_view line = take_line(&text);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string key(trimmed(line.substr(0, colon)));
    // ARM names the whole machine behind the last processor; it starts nothing.
    if (key == "processor") all.emplace_back();
    if (!all.empty()) all.back().emplace(key, trimmed(line.substr(colon + 1)));
  }
  return all;
}

std::string value(const Paragraph& paragraph, std::string_view key) {
  const auto found = paragraph.find(key);
  return found == paragraph.end() ? std::string() : found->second;
}

int32_t number(const Paragraph& paragraph, std::string_view key, int32_t otherwise) {
  return integer_from<int32_t>(value(paragraph, key)).value_or(otherwise);
}

// linux arch/x86/kernel/cpu/{amd,intel}.c; arch/arm64/include/asm/cputype.h
std::string vendor_of(const Paragraph& paragraph) {
  static const std::map<std::string, std::string> kVendors = {
      {"AuthenticAMD", "amd"}, {"HygonGenuine", "hygon"}, {"GenuineIntel", "intel"},
      {"0x41", "arm"},         {"0x4e", "nvidia"},        {"0xc0", "ampere"}};
  std::string id = value(paragraph, "vendor_id");
  if (id.empty()) id = value(paragraph, "CPU implementer");
  const auto known = kVendors.find(id);
  return known == kVendors.end() ? "cpu" : known->second;
}

std::string model_of(const Paragraph& paragraph) {
  std::string model = value(paragraph, "model name");
  const std::string part = value(paragraph, "CPU part");
  if (model.empty() && !part.empty()) model = "part " + part;
  return model.empty() ? "processor" : clean(model);
}

// Negative where the firmware does not say (linux Documentation/admin-guide/cputopology.rst).
int32_t package_of(const std::string& folder, const Paragraph& paragraph) {
  const auto id = find_integer(folder + "/topology/physical_package_id");
  const auto known = id ? static_cast<int32_t>(*id) : number(paragraph, "physical id", 0);
  return std::max(known, 0);
}

// Readable for root only (linux Documentation/ABI/testing/sysfs-devices-system-cpu, since 5.18).
std::string serial_of(const std::string& folder) {
  const auto serial = find_hex(folder + "/topology/ppin");
  if (!serial || *serial == 0) return {};
  char text[24];
  snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(*serial));
  return text;
}

Package package_from(int32_t id, const std::string& folder, const Paragraph& paragraph) {
  Package package;
  package.id = id;
  package.vendor = vendor_of(paragraph);
  package.model = model_of(paragraph);
  package.serial = serial_of(folder);
  package.key = package.serial.empty() ? "package-" + std::to_string(id) : package.serial;
  package.firmware = value(paragraph, "microcode");
  package.family = number(paragraph, "cpu family", -1);
  package.model_number = number(paragraph, "model", -1);
  std::string flags = value(paragraph, "flags");
  if (flags.empty()) flags = value(paragraph, "Features");
  std::string_view text = flags;
  for (std::string_view flag = take_word(&text); !flag.empty(); flag = take_word(&text)) {
    package.flags.emplace(flag);
  }
  return package;
}

// The first of its siblings stands for a core.
bool is_core(const std::string& folder, int32_t cpu) {
  const auto siblings = list_from(read_text(folder + "/topology/thread_siblings_list").text);
  return siblings.empty() || siblings.front() == cpu;
}

void add_nodes(const Root& root, std::vector<Package>* packages) {
  for (const std::string& name : names_in(root / "sys/devices/system/node")) {
    const auto node =
        name.starts_with("node") ? integer_from<int32_t>(name.substr(4)) : std::nullopt;
    if (!node) continue;
    const std::string folder = root / ("sys/devices/system/node/" + name);
    const auto cpus = list_from(read_text(folder + "/cpulist").text);
    const Reading memory = read_node_memory(folder, "MemTotal");
    for (Package& package : *packages) {
      const bool mine = std::any_of(cpus.begin(), cpus.end(), [&](int32_t cpu) {
        return std::binary_search(package.cpus.begin(), package.cpus.end(), cpu);
      });
      if (!mine) continue;
      package.numa_nodes.push_back(*node);
      package.memory_bytes += memory.ok() ? static_cast<uint64_t>(memory.value) : 0;
    }
  }
  for (Package& package : *packages) {
    std::sort(package.numa_nodes.begin(), package.numa_nodes.end());
  }
}

}  // namespace

Text read_large(const std::string& path) {
  return read_text(path, 16 << 20);
}

// `Node 0 MemTotal:  16310340 kB` (linux drivers/base/node.c).
Reading read_node_memory(const std::string& folder, std::string_view key) {
  const Text content = read_text(folder + "/meminfo");
  if (!content.ok()) return no_reading(content.status);
  for (std::string_view text = content.text; !text.empty();) {
    std::string_view line = take_line(&text);
    take_word(&line);
    take_word(&line);
    if (take_word(&line) != std::string(key) + ":") continue;
    const auto kib = integer_from<uint64_t>(take_word(&line));
    if (kib && take_word(&line) == "kB") return good(static_cast<double>(*kib) * 1024);
  }
  return no_reading(FH_SAMPLE_ERROR);
}

std::vector<int32_t> list_from(std::string_view text) {
  std::vector<int32_t> list;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view range = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t dash = std::min(range.find('-'), range.size());
    const auto first = integer_from<int32_t>(range.substr(0, dash));
    const auto last = dash < range.size() ? integer_from<int32_t>(range.substr(dash + 1)) : first;
    if (!first || !last || *first < 0 || *last >= kCpusMax) return {};
    for (int32_t cpu = *first; cpu <= *last; ++cpu) list.push_back(cpu);
  }
  return list;
}

std::string text_from(const std::vector<int32_t>& list) {
  std::string text;
  for (size_t at = 0; at < list.size();) {
    size_t end = at;
    while (end + 1 < list.size() && list[end + 1] == list[end] + 1) ++end;
    text += (text.empty() ? "" : ",") + std::to_string(list[at]);
    if (end > at) text += "-" + std::to_string(list[end]);
    at = end + 1;
  }
  return text;
}

std::vector<Package> find_packages(const Root& root, std::string* why) {
  const Text info = read_large(root / "proc/cpuinfo");
  std::map<int32_t, Package> found;
  for (const Paragraph& paragraph : paragraphs_in(info.text)) {
    const int32_t cpu = number(paragraph, "processor", -1);
    if (cpu < 0 || cpu >= kCpusMax) continue;
    const std::string folder = root / ("sys/devices/system/cpu/cpu" + std::to_string(cpu));
    const int32_t id = package_of(folder, paragraph);
    Package& package = found.try_emplace(id, package_from(id, folder, paragraph)).first->second;
    package.cpus.push_back(cpu);
    if (is_core(folder, cpu)) package.cores.push_back(cpu);
  }
  if (found.empty())
    *why =
        (root / "proc/cpuinfo") + " is " + name_of_status(info.status) + " or names no processor";
  std::vector<Package> packages;
  for (auto& [id, package] : found) {
    std::sort(package.cpus.begin(), package.cpus.end());
    packages.push_back(std::move(package));
  }
  add_nodes(root, &packages);
  return packages;
}

}  // namespace farmhand::cpu
