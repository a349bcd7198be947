// SPDX-License-Identifier: Apache-2.0
// The manifest beside a plugin's library: what the agent knows of a plugin before it loads it.
//
//   id = "furiosa"                    # lower case letters, digits, '-'; the file is <id>.toml
//   vendor = "furiosa"                # the word in partition names and metric labels
//   version = "1.2.0"                 # shown, never a test of compatibility
//   abi = {major = 1, minor = 0}      # what it was built against
//   library = "furiosa.so"            # a file name beside the manifest, never a path
//   sha256 = "…64 hex digits…"        # of the library, made after stripping
//   interfaces = ["farmhand.devices/1", "farmhand.telemetry/1"]
//   flags = ["uses_threads"]          # also: opens_device_nodes, needs_root
//   user = "farmhand-plugin"          # whom the host runs as; absent: the agent's default
//   groups = ["render"]               # supplementary groups that own the device nodes
//   driver_library = "libfuriosa_smi.so.1"   # what it dlopens; for the operator's eyes
//   [[settings]]                      # what [plugins.<id>.settings] may hold
//   key = "card_limit"
//   default = "0"
//   help = "Stop after this many cards; 0: no limit."
//
// A key we do not know is an error, unless the plugin was built against a newer minor than ours:
// then it is passed over, for a newer plugin degrades on an older agent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace farmhand {

struct ManifestSetting {
  std::string key;
  std::string default_value;  // as text; empty: none
  std::string help;
};

struct PluginManifest {
  std::string id;
  std::string vendor;
  std::string version;
  uint16_t abi_major = 0;
  uint16_t abi_minor = 0;
  std::string library;  // file name beside the manifest
  std::string sha256;   // 64 lower-case hex digits
  std::vector<std::string> interfaces;
  uint64_t flags = 0;  // FH_FLAG_* of abi.h
  std::string user;
  std::vector<std::string> groups;
  std::string driver_library;
  std::vector<ManifestSetting> settings;
};

// `path` is for the sentences only. Every mistake is reported at once, one per line.
Result<PluginManifest> parse_manifest(std::string_view text, const std::string& path);

}  // namespace farmhand
