// SPDX-License-Identifier: Apache-2.0
#include "plugin/package.hh"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/digest.hh"
#include "farmhand/abi.h"

namespace farmhand {

namespace {

constexpr off_t kLibraryBytesMax = 512ll << 20;
constexpr size_t kManifestBytesMax = 64 << 10;

Error refused(std::string sentence) {
  return {Errc::kRefused, std::move(sentence)};
}

// Who may change what we are about to run. A sticky folder, such as /tmp, may be written by all:
// there nobody can replace what another owns.
Result<void> check_owner(const struct stat& file, const std::string& path) {
  if (file.st_uid != 0 && file.st_uid != ::geteuid()) {
    return refused("'" + path + "' belongs to user " + std::to_string(file.st_uid) +
                   "; it must belong to root or to the agent's own user: chown root '" + path +
                   "'");
  }
  const bool sticky_folder = S_ISDIR(file.st_mode) && (file.st_mode & S_ISVTX) != 0;
  if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky_folder) {
    return refused("'" + path + "' can be written by others than its owner: chmod go-w '" + path +
                   "'");
  }
  return {};
}

// Every folder from the root down: who can rename one of them decides what lies below.
Result<void> check_folders(const std::string& folder) {
  for (size_t end = 0; end != std::string::npos;) {
    end = folder.find('/', end + 1);
    const std::string part = end == std::string::npos ? folder : folder.substr(0, end);
    struct stat status {};
    if (::lstat(part.c_str(), &status) != 0)
      return error_from_errno("look at '" + part + "'", errno);
    if (auto checked = check_owner(status, part); !checked) return checked;
  }
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refused("the folder '" + folder + "' can be written by others: chmod go-w '" + folder +
                   "'");
  }
  return {};
}

// Opens a file of the checked folder and checks the opened file, so that nobody can swap it
// between.
Result<Fd> open_file(const Fd& folder, const std::string& folder_path, const std::string& name) {
  const std::string path = folder_path + "/" + name;
  Fd fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ELOOP) {
    return refused("'" + path + "' is a symbolic link; put the file itself beside the manifest");
  }
  if (!fd) return error_from_errno("open '" + path + "'", errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return error_from_errno("look at '" + path + "'", errno);
  if (!S_ISREG(status.st_mode)) return refused("'" + path + "' is not a regular file");
  if (auto checked = check_owner(status, path); !checked) return checked.error();
  if (status.st_size > kLibraryBytesMax) return refused("'" + path + "' is larger than 512 MiB");
  return fd;
}

// `on_bytes(string_view)` for the whole file, from its beginning.
template <typename OnBytes>
Result<void> read_through(const Fd& fd, const std::string& path, OnBytes on_bytes) {
  std::array<char, 64 << 10> chunk;
  for (off_t at = 0;;) {
    const ssize_t n = ::pread(fd.get(), chunk.data(), chunk.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno("read '" + path + "'", errno);
    if (n == 0) return {};
    on_bytes(std::string_view(chunk.data(), static_cast<size_t>(n)));
    at += n;
  }
}

Result<std::string> resolved(const std::string& path) {
  std::array<char, PATH_MAX> real;
  if (::realpath(path.c_str(), real.data()) == nullptr) {
    return error_from_errno("find '" + path + "'", errno);
  }
  return std::string(real.data());
}

Result<void> check_hash(const Fd& fd, const std::string& path, const std::string& expected) {
  Sha256Hasher hasher;
  if (auto read = read_through(fd, path, [&](std::string_view bytes) { hasher.add(bytes); });
      !read) {
    return read;
  }
  const std::string found = hex_of(hasher.finish());
  if (found == expected) return {};
  return refused("'" + path + "' has the sha256 " + found.substr(0, 16) + "…, its manifest says " +
                 expected.substr(0, 16) +
                 "…; install the plugin again, or write its manifest anew after building");
}

Result<PluginManifest> read_manifest(const Fd& folder, const std::string& folder_path,
                                     const std::string& name) {
  const std::string path = folder_path + "/" + name;
  const auto file = open_file(folder, folder_path, name);
  if (!file) return file.error();
  std::string text;
  const auto keep = [&](std::string_view bytes) {
    if (text.size() <= kManifestBytesMax) text.append(bytes);
  };
  if (auto read = read_through(*file, path, keep); !read) return read.error();
  if (text.size() > kManifestBytesMax) return refused("'" + path + "' is larger than 64 KiB");
  return parse_manifest(text, path);
}

}  // namespace

Result<VerifiedPlugin> verify_plugin(const std::string& manifest_path) {
  const auto real = resolved(manifest_path);
  if (!real) return real.error();
  const size_t slash = real->rfind('/');
  const std::string folder_path = slash == 0 ? "/" : real->substr(0, slash);
  const std::string name = real->substr(slash + 1);
  if (auto checked = check_folders(folder_path); !checked) return checked.error();
  const Fd folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return error_from_errno("open '" + folder_path + "'", errno);

  auto manifest = read_manifest(folder, folder_path, name);
  if (!manifest) return manifest.error();
  if (manifest->abi_major != FH_ABI_MAJOR) {
    return refused("'" + *real + "' is for ABI major " + std::to_string(manifest->abi_major) +
                   ", this agent speaks " + std::to_string(FH_ABI_MAJOR) +
                   "; install the plugin built for it");
  }
  const std::string library_path = folder_path + "/" + manifest->library;
  if (manifest->library.empty() || manifest->library.find('/') != std::string::npos) {
    return refused("'" + *real + "': library must be the name of a file beside the manifest");
  }
  auto library = open_file(folder, folder_path, manifest->library);
  if (!library) return library.error();
  if (auto same = check_hash(*library, library_path, manifest->sha256); !same) {
    return same.error();
  }
  return VerifiedPlugin{.manifest = std::move(*manifest),
                        .manifest_path = *real,
                        .library_path = library_path,
                        .library = std::make_shared<const Fd>(std::move(*library))};
}

std::vector<std::string> find_manifests(const std::string& folder) {
  std::vector<std::string> paths;
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return paths;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string name = entry->d_name;
    if (name.size() > 5 && name[0] != '.' && name.ends_with(".toml")) {
      paths.push_back(folder + "/" + name);
    }
  }
  ::closedir(entries);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace farmhand
