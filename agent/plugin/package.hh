// SPDX-License-Identifier: Apache-2.0
// A plugin's package, checked before anything of it runs: the manifest, who may write to it, the
// library's hash, the ABI it was built for. Every refusal is one sentence that says what to do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.hh"
#include "base/result.hh"
#include "config/manifest.hh"

namespace farmhand {

// What passed. The descriptor is the very file that was hashed: every host of the plugin loads
// this one, whatever happens to the path meanwhile.
struct VerifiedPlugin {
  PluginManifest manifest;
  std::string manifest_path;  // with links resolved
  std::string library_path;
  std::shared_ptr<const Fd> library;
};

Result<VerifiedPlugin> verify_plugin(const std::string& manifest_path);

// The manifests (`*.toml`) in a folder, by name. A folder that is not there has none.
std::vector<std::string> find_manifests(const std::string& folder);

}  // namespace farmhand
