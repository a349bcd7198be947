// SPDX-License-Identifier: Apache-2.0
#include "plugin/identity.hh"

#include <sys/types.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "base/file.hh"

namespace farmhand {

namespace {

constexpr uint64_t kCapSetuid = 1u << 7;  // CAP_SETUID, linux/capability.h

std::string_view take_until(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return taken;
}

bool may_change_user() {
  if (::geteuid() == 0) return true;
  const auto status = read_file("/proc/self/status");
  if (!status) return false;
  const size_t at = status->find("CapEff:\t");
  if (at == std::string::npos) return false;
  uint64_t bits = 0;
  std::from_chars(status->data() + at + 8, status->data() + status->size(), bits, 16);
  return (bits & kCapSetuid) != 0;
}

// The line of a name in passwd(5) or group(5), after the name and the password. Read here and not
// asked from the name service, which may wait for a network on the loop.
std::optional<std::string> find_line(const std::string& path, std::string_view name) {
  const auto file = read_file(path, 4 << 20);
  if (!file) return std::nullopt;
  for (std::string_view left = *file; !left.empty();) {
    std::string_view line = take_until(left, '\n');
    if (take_until(line, ':') != name) continue;
    take_until(line, ':');
    return std::string(line);
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> find_identity(const std::string& user, const std::vector<std::string>& groups) {
  if (user.empty() || !may_change_user()) return std::string();
  const auto found = find_line("/etc/passwd", user);
  if (!found) {
    return Error{Errc::kNotFound, "there is no user '" + user +
                                      "' on this node; create it, or name another with `user`"};
  }
  std::string_view line = *found;
  const std::string uid(take_until(line, ':'));
  const std::string gid(take_until(line, ':'));
  if (uid == std::to_string(::geteuid()) && groups.empty()) return std::string();
  std::string identity = uid + ":" + gid + ":";
  for (const std::string& group : groups) {
    const auto entry = find_line("/etc/group", group);
    if (!entry) continue;
    if (identity.back() != ':') identity += ',';
    identity += entry->substr(0, entry->find(':'));
  }
  return identity;
}

bool is_own_user(const std::string& user) {
  const auto found = find_line("/etc/passwd", user);
  return found && found->substr(0, found->find(':')) == std::to_string(::geteuid());
}

std::string name_of_user(uid_t uid) {
  const std::string wanted = std::to_string(uid);
  const auto file = read_file("/etc/passwd", 4 << 20);
  std::string_view left = file ? std::string_view(*file) : std::string_view();
  while (!left.empty()) {
    std::string_view line = take_until(left, '\n');
    const std::string_view name = take_until(line, ':');
    take_until(line, ':');
    if (take_until(line, ':') == wanted) return std::string(name);
  }
  return "uid " + wanted;
}

}  // namespace farmhand
