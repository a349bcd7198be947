// SPDX-License-Identifier: Apache-2.0
// farmhand-plugin-host: holds exactly one plugin, for farmhandd. Not for people.
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "host/host.hh"
#include "host/last_words.hh"
#include "host/privilege.hh"

using namespace farmhand;
using namespace farmhand::host;

namespace {

constexpr int kExitUsage = 64;
constexpr int kExitFailed = 70;

int fail(const Error& error, int code = kExitFailed) {
  std::fprintf(stderr, "farmhand-plugin-host: %s\n", error.message.c_str());
  return code;
}

// `farmhand-plugin-host PARENT-PID [IDENTITY]`, with the channel, the library and the page open.
Result<void> settle(int argc, char** argv) {
  const std::string_view parent_text = argv[1];
  pid_t parent = 0;
  std::from_chars(parent_text.data(), parent_text.data() + parent_text.size(), parent);
  if (argc == 3) {
    const auto identity = parse_identity(argv[2]);
    if (!identity) return identity.error();
    if (auto became = become(*identity); !became) return became;
  }
  if (auto dropped = drop_capabilities(); !dropped) return dropped;
  // Last: a change of user clears the tie to the parent.
  return die_with(parent);
}

CallPage* map_page() {
  void* at =
      ::mmap(nullptr, kCallPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, frame::kCallPageFd, 0);
  return at == MAP_FAILED ? nullptr : static_cast<CallPage*>(at);
}

bool is_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3 || !is_socket(frame::kChannelFd)) {
    return fail({Errc::kInvalid, "this program is started by farmhandd only"}, kExitUsage);
  }
  if (auto settled = settle(argc, argv); !settled) return fail(settled.error());
  // The plugin's children must not inherit what is ours.
  for (const int fd : {frame::kChannelFd, frame::kLibraryFd, frame::kCallPageFd}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  // One heap for all workers: each further one would keep pages of its own for ever.
  ::mallopt(M_ARENA_MAX, 1);
  CallPage* page = map_page();
  if (page == nullptr) return fail(error_from_errno("map the call page", errno));
  watch_for_death(*page);
  Host(frame::kChannelFd, frame::kLibraryFd, *page).run();
}
