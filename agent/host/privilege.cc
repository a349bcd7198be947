// SPDX-License-Identifier: Apache-2.0
#include "host/privilege.hh"

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace farmhand::host {

namespace {

std::optional<uint32_t> take_number(std::string_view& text, char end) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  if (text.empty()) return number;
  if (text.front() != end) return std::nullopt;
  text.remove_prefix(1);
  return number;
}

}  // namespace

Result<Identity> parse_identity(std::string_view text) {
  const Error malformed{Errc::kInvalid, "an identity is uid:gid:gid,gid"};
  const auto uid = take_number(text, ':');
  const auto gid = uid ? take_number(text, ':') : std::nullopt;
  if (!gid) return malformed;
  Identity identity{.uid = *uid, .gid = *gid, .groups = {}};
  while (!text.empty()) {
    const auto group = take_number(text, ',');
    if (!group) return malformed;
    identity.groups.push_back(*group);
  }
  return identity;
}

Result<void> become(const Identity& identity) {
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
    return error_from_errno("set the supplementary groups", errno);
  }
  if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) {
    return error_from_errno("set the group", errno);
  }
  if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) {
    return error_from_errno("set the user", errno);
  }
  return {};
}

Result<void> drop_capabilities() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return error_from_errno("prctl", errno);
  if (::geteuid() == 0) return {};
  // From one unprivileged user to another the kernel keeps them: only leaving root drops them.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[2]{};
  if (::syscall(SYS_capset, &header, none) != 0) {
    return error_from_errno("drop the capabilities", errno);
  }
  return {};
}

void end_group() {
  ::kill(0, SIGKILL);
  ::_exit(1);
}

Result<void> die_with(pid_t parent) {
  // A group of its own, so that one kill reaches every child. It fails only for a leader, which has
  // one already.
  ::setsid();
  // A child's orphans come back to us instead of living on under init, out of our group's story.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  // Not SIGKILL: that would end this process and leave its children. The last real-time signal,
  // because no library claims it. The channel's end says the same a second way.
  const int signum = SIGRTMAX;
  struct sigaction action {};
  action.sa_handler = [](int) { end_group(); };
  ::sigaction(signum, &action, nullptr);
  if (::prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0) return error_from_errno("prctl", errno);
  // The parent may have died before the prctl.
  if (::getppid() != parent) return Error{Errc::kCancelled, "the agent has ended"};
  return {};
}

}  // namespace farmhand::host
