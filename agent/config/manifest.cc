// SPDX-License-Identifier: Apache-2.0
#include "config/manifest.hh"

#include <farmhand/abi.h>

#include <algorithm>
#include <array>

#include "config/keys.hh"

namespace farmhand {

namespace {

using toml::Type;
using toml::Value;

constexpr std::array<std::pair<std::string_view, uint64_t>, 3> kFlags = {
    {{"uses_threads", FH_FLAG_USES_THREADS},
     {"opens_device_nodes", FH_FLAG_OPENS_DEVICE_NODES},
     {"needs_root", FH_FLAG_NEEDS_ROOT}}};

// Reads one manifest, key by key, noting what is wrong.
class Reader {
 public:
  Reader(const Value& root, Problems& problems) : root_(root), problems_(problems) {}

  const Value* need(std::string_view key) {
    const Value* const value = root_.find(key);
    if (value == nullptr) problems_.add(0, "the key '" + std::string(key) + "' is missing");
    return value;
  }

  void text(std::string_view key, bool required, std::string& out) {
    const Value* const value = required ? need(key) : root_.find(key);
    if (value == nullptr) return;
    if (value->type != Type::kText || (required && value->text.empty())) {
      return problems_.add(value->line, "'" + std::string(key) + "' must be text in quotes");
    }
    out = value->text;
  }

  void number(std::string_view key, uint16_t& out) {
    const Value* const value = need(key);
    if (value == nullptr) return;
    if (value->type != Type::kInteger || value->integer < 0 || value->integer > 65535) {
      return problems_.add(value->line, "'" + std::string(key) + "' must be a whole number");
    }
    out = static_cast<uint16_t>(value->integer);
  }

  void texts(std::string_view key, bool required, std::vector<std::string>& out) {
    const Value* const value = required ? need(key) : root_.find(key);
    if (value == nullptr) return;
    bool good = value->type == Type::kArray;
    for (const Value& item : value->items) good = good && item.type == Type::kText;
    if (!good) {
      return problems_.add(value->line, "'" + std::string(key) + "' must be an array of texts");
    }
    for (const Value& item : value->items) out.push_back(item.text);
  }

 private:
  const Value& root_;
  Problems& problems_;
};

int line_of(const Value& root, std::string_view key) {
  const Value* const value = root.find(key);
  return value == nullptr ? 0 : value->line;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

void check_form(const Value& root, const PluginManifest& m, Problems& problems) {
  const auto complain = [&](std::string_view key, std::string_view sentence) {
    if (root.find(key) != nullptr) problems.add(line_of(root, key), sentence);
  };
  for (const auto& [key, text] : {std::pair{"id", &m.id}, {"vendor", &m.vendor}}) {
    if (!text->empty() && !is_plugin_id(*text)) {
      complain(key, "'" + std::string(key) +
                        "' must begin with a lower case letter and hold only lower case letters, "
                        "digits and '-'");
    }
  }
  if (!m.sha256.empty() && !is_sha256(m.sha256)) {
    complain("sha256", "'sha256' must be 64 lower case hex digits, as sha256sum prints them");
  }
  if (m.library.find('/') != m.library.npos || m.library.starts_with('.')) {
    complain("library", "'library' must be a file name beside the manifest, not a path");
  }
}

void read_abi(const Value& root, Problems& problems, PluginManifest& out) {
  const Value* const abi = Reader(root, problems).need("abi");
  if (abi == nullptr) return;
  if (abi->type != Type::kTable) {
    return problems.add(abi->line, "'abi' must be written as {major = 1, minor = 0}");
  }
  Reader reader(*abi, problems);
  reader.number("major", out.abi_major);
  reader.number("minor", out.abi_minor);
}

void read_flags(const Value& root, Problems& problems, bool newer, uint64_t& out) {
  std::vector<std::string> names;
  Reader(root, problems).texts("flags", false, names);
  for (const std::string& name : names) {
    const auto* const known = std::find_if(kFlags.begin(), kFlags.end(),
                                           [&](const auto& flag) { return flag.first == name; });
    if (known != kFlags.end()) {
      out |= known->second;
    } else if (!newer) {
      problems.add(line_of(root, "flags"), "unknown flag '" + name +
                                               "': known are uses_threads, opens_device_nodes, "
                                               "needs_root");
    }
  }
}

void read_setting(const Value& item, bool newer, Problems& problems,
                  std::vector<ManifestSetting>& out) {
  ManifestSetting setting;
  Reader reader(item, problems);
  reader.text("key", true, setting.key);
  if (const Value* const value = item.find("default")) {
    if (value->type == Type::kArray || value->type == Type::kTable) {
      problems.add(value->line, "'default' of a setting must be text, a number, true or false");
    }
    setting.default_value = value->text;
  }
  reader.text("help", false, setting.help);
  for (const Value& member : item.items) {
    const bool known = member.key == "key" || member.key == "default" || member.key == "help";
    if (known || newer) continue;
    problems.add(member.line, "unknown key '" + member.key + "' in [[settings]]" +
                                  did_you_mean(member.key, {"key", "default", "help"}));
  }
  out.push_back(std::move(setting));
}

void read_settings(const Value& root, bool newer, Problems& problems,
                   std::vector<ManifestSetting>& out) {
  const Value* const settings = root.find("settings");
  if (settings == nullptr) return;
  bool good = settings->type == Type::kArray;
  for (const Value& item : settings->items) good = good && item.type == Type::kTable;
  if (!good) return problems.add(settings->line, "settings are written as [[settings]] tables");
  for (const Value& item : settings->items) read_setting(item, newer, problems, out);
}

void refuse_unknown_keys(const Value& root, Problems& problems) {
  static const std::vector<std::string_view> kKnown = {
      "id",         "vendor", "version", "abi",    "library",        "sha256",
      "interfaces", "flags",  "user",    "groups", "driver_library", "settings"};
  for (const Value& member : root.items) {
    if (std::find(kKnown.begin(), kKnown.end(), member.key) != kKnown.end()) continue;
    problems.add(member.line,
                 "unknown key '" + member.key + "'" + did_you_mean(member.key, kKnown));
  }
}

}  // namespace

Result<PluginManifest> parse_manifest(std::string_view text, const std::string& path) {
  const auto root = toml::parse(text, path);
  if (!root) return root.error();
  Problems problems(path);
  PluginManifest manifest;
  Reader reader(*root, problems);
  reader.text("id", true, manifest.id);
  reader.text("vendor", true, manifest.vendor);
  reader.text("version", true, manifest.version);
  read_abi(*root, problems, manifest);
  reader.text("library", true, manifest.library);
  reader.text("sha256", true, manifest.sha256);
  reader.texts("interfaces", true, manifest.interfaces);
  reader.text("user", false, manifest.user);
  reader.texts("groups", false, manifest.groups);
  reader.text("driver_library", false, manifest.driver_library);
  const bool newer = manifest.abi_major > FH_ABI_MAJOR || manifest.abi_minor > FH_ABI_MINOR;
  read_flags(*root, problems, newer, manifest.flags);
  read_settings(*root, newer, problems, manifest.settings);
  if (!newer) refuse_unknown_keys(*root, problems);
  check_form(*root, manifest, problems);
  if (!problems.none()) return problems.error();
  return manifest;
}

}  // namespace farmhand
