// SPDX-License-Identifier: Apache-2.0
#include "library.hh"

#include <dlfcn.h>

#include "stage.hh"

namespace farmhand::check {

const fh_plugin_entry* load_entry(const std::string& path, std::string& why) {
  at("dlopen");
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  at_rest();
  if (library == nullptr) {
    why = dlerror();
    return nullptr;
  }
  const auto* const entry =
      static_cast<const fh_plugin_entry*>(dlsym(library, "farmhand_plugin_v1"));
  if (entry == nullptr) why = "there is no symbol farmhand_plugin_v1";
  return entry;
}

}  // namespace farmhand::check
