// SPDX-License-Identifier: Apache-2.0
// The only file that includes toml++.
#include "manifest.hh"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <farmhand/abi.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

namespace farmhand::check {

namespace {

constexpr std::array kKeys = {"id",      "vendor", "version",        "abi",
                              "library", "sha256", "interfaces",     "flags",
                              "user",    "groups", "driver_library", "settings"};

bool is_id(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), fits);
}

class Reader {
 public:
  Reader(const toml::table& table, Manifest& out) : table_(table), out_(out) {}

  void text(const char* key, std::string& value) {
    const auto found = table_[key].value<std::string>();
    if (found && !found->empty()) {
      value = *found;
    } else {
      problem(std::string("write ") + key + " = \"…\"");
    }
  }

  void texts(const char* key, std::vector<std::string>& values) {
    const toml::array* const list = table_[key].as_array();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const auto each = list->get(i)->value<std::string>();
      if (each) values.push_back(*each);
      if (!each) problem(std::string(key) + " must be an array of texts");
    }
  }

  void abi() {
    out_.abi_major = table_["abi"]["major"].value_or<int64_t>(-1);
    out_.abi_minor = table_["abi"]["minor"].value_or<int64_t>(-1);
    if (out_.abi_major < 0 || out_.abi_minor < 0) problem("write abi = {major = 1, minor = 0}");
  }

  void flags() {
    std::vector<std::string> names;
    texts("flags", names);
    for (const std::string& name : names) {
      if (name == "uses_threads") {
        out_.flags |= FH_FLAG_USES_THREADS;
      } else if (name == "opens_device_nodes") {
        out_.flags |= FH_FLAG_OPENS_DEVICE_NODES;
      } else if (name == "needs_root") {
        out_.flags |= FH_FLAG_NEEDS_ROOT;
      } else {
        problem("unknown flag '" + name + "'");
      }
    }
  }

  void settings() {
    const toml::array* const list = table_["settings"].as_array();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const toml::table* const each = list->get(i)->as_table();
      const auto key =
          each == nullptr ? std::optional<std::string>() : (*each)["key"].value<std::string>();
      if (key) out_.settings.push_back(*key);
      if (!key) problem("each [[settings]] has a key = \"…\"");
    }
  }

  void known_keys() {
    for (const auto& [key, value] : table_) {
      const bool known = std::any_of(kKeys.begin(), kKeys.end(),
                                     [&](const char* each) { return key.str() == each; });
      if (!known) problem("unknown key '" + std::string(key.str()) + "'");
    }
  }

  void problem(const std::string& what) { out_.problems.push_back("the manifest: " + what); }

 private:
  const toml::table& table_;
  Manifest& out_;
};

void check_form(const std::string& path, Reader& reader, const Manifest& manifest) {
  if (!is_id(manifest.id)) reader.problem("id has only lower case letters, digits and '-'");
  if (!is_id(manifest.vendor)) reader.problem("vendor has only lower case letters, digits and '-'");
  const std::string file = path.substr(path.rfind('/') + 1);
  if (file != manifest.id + ".toml")
    reader.problem("its file name must be " + manifest.id + ".toml");
  if (manifest.library.find('/') != std::string::npos || manifest.library.starts_with('.')) {
    reader.problem("library is a file name beside the manifest, not a path");
  }
}

}  // namespace

Manifest read_manifest(const std::string& path) {
  Manifest manifest;
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    manifest.problems.push_back(path + ":" + std::to_string(parsed.error().source().begin.line) +
                                ": " + std::string(parsed.error().description()));
    return manifest;
  }
  Reader reader(parsed.table(), manifest);
  reader.text("id", manifest.id);
  reader.text("vendor", manifest.vendor);
  reader.text("version", manifest.version);
  reader.text("library", manifest.library);
  reader.text("sha256", manifest.sha256);
  reader.abi();
  reader.texts("interfaces", manifest.interfaces);
  reader.flags();
  reader.settings();
  reader.known_keys();
  check_form(path, reader, manifest);
  return manifest;
}

}  // namespace farmhand::check
