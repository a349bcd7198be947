// SPDX-License-Identifier: Apache-2.0
#include "host/library.hh"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "host/exports.hh"
#include "plugin/text.hh"

namespace farmhand::host {

namespace {

constexpr std::pair<uint64_t, const char*> kFlags[] = {
    {FH_FLAG_USES_THREADS, "uses_threads"},
    {FH_FLAG_OPENS_DEVICE_NODES, "opens_device_nodes"},
    {FH_FLAG_NEEDS_ROOT, "needs_root"}};

Error refused(std::string sentence) {
  return {Errc::kRefused, std::move(sentence)};
}

template <typename T>
T sized_copy(const T* from) {
  T copy{};
  std::memcpy(&copy, from, std::min<size_t>(from->struct_size, sizeof copy));
  copy.struct_size = static_cast<uint32_t>(std::min<size_t>(from->struct_size, sizeof copy));
  return copy;
}

Result<void> check_word(std::string_view what, const fh_str& said, const std::string& expected) {
  const std::string_view text =
      said.ptr == nullptr ? std::string_view() : std::string_view(said.ptr, said.len);
  if (text == expected) return {};
  return refused("its " + std::string(what) + " is '" + cleaned_text(text, 100) +
                 "', the manifest says '" + expected + "'; write the manifest anew");
}

Result<void> check_descriptor(const fh_descriptor* at, const Expected& expected) {
  if (at == nullptr || at->struct_size < sizeof(fh_descriptor)) {
    return refused("its entry has no descriptor; set descriptor_static");
  }
  const fh_descriptor descriptor = sized_copy(at);
  if (auto same = check_word("id", descriptor.id_static, expected.id); !same) return same;
  if (auto same = check_word("vendor", descriptor.vendor_static, expected.vendor); !same) {
    return same;
  }
  return check_word("version", descriptor.version_static, expected.version);
}

Result<void> check_entry(const fh_plugin_entry& entry) {
  if (entry.abi_major != FH_ABI_MAJOR) {
    return refused("it was built for ABI major " + std::to_string(entry.abi_major) +
                   ", this agent speaks " + std::to_string(FH_ABI_MAJOR) +
                   "; install the plugin built for it");
  }
  if (!FH_HAS(&entry, create) || !FH_HAS(&entry, query) || !FH_HAS(&entry, start) ||
      !FH_HAS(&entry, stop) || !FH_HAS(&entry, destroy)) {
    return refused("one of create, query, start, stop, destroy is missing in its entry");
  }
  if ((entry.required_host_features & ~kHostFeatures) != 0) {
    return refused("it needs abilities this agent does not have; install a newer agent");
  }
  return {};
}

// A newer plugin's flags that we do not know are not in the agent's list either.
Result<void> check_promises(const fh_plugin_entry& entry, const Expected& expected) {
  if (entry.abi_minor != expected.abi_minor) {
    return refused("it was built for ABI " + std::to_string(entry.abi_major) + "." +
                   std::to_string(entry.abi_minor) + ", the manifest says " +
                   std::to_string(FH_ABI_MAJOR) + "." + std::to_string(expected.abi_minor) +
                   "; write the manifest anew");
  }
  for (const auto& [flag, name] : kFlags) {
    if (((entry.flags ^ expected.flags) & flag) == 0) continue;
    const bool listed = (expected.flags & flag) != 0;
    return refused("the manifest " + std::string(listed ? "lists" : "does not list") +
                   " the flag " + name + ", the library " +
                   (listed ? "does not have it" : "has it") + "; write the manifest anew");
  }
  return {};
}

}  // namespace

Result<fh_plugin_entry> load_library(int fd, const Expected& expected) {
  if (auto checked = check_exports(fd); !checked) return checked.error();
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return refused("it cannot be loaded: " +
                   cleaned_text(why == nullptr ? "no reason given" : why, 160));
  }
  const auto* at = static_cast<const fh_plugin_entry*>(::dlsym(library, "farmhand_plugin_v1"));
  if (at == nullptr || at->struct_size < offsetof(fh_plugin_entry, required_host_features)) {
    return refused("its farmhand_plugin_v1 is empty");
  }
  const fh_plugin_entry entry = sized_copy(at);
  if (auto checked = check_entry(entry); !checked) return checked.error();
  if (auto checked = check_descriptor(entry.descriptor_static, expected); !checked) {
    return checked.error();
  }
  if (auto kept = check_promises(entry, expected); !kept) return kept.error();
  return entry;
}

}  // namespace farmhand::host
