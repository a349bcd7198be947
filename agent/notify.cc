// SPDX-License-Identifier: Apache-2.0
#include "notify.hh"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "base/file.hh"

namespace farmhand {

namespace {

std::string take_from_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value != nullptr ? value : "";
  ::unsetenv(name);  // children must not speak in our name
  return taken;
}

}  // namespace

Notify::Notify() : socket_(take_from_environment("NOTIFY_SOCKET")) {
  const std::string limit_us = take_from_environment("WATCHDOG_USEC");
  const std::string pid = take_from_environment("WATCHDOG_PID");
  if (!pid.empty() && pid != std::to_string(getpid())) return;
  watchdog_ms_ = std::strtoull(limit_us.c_str(), nullptr, 10) / 2000;
}

void Notify::reloading(uint64_t monotonic_us) {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_us));
}

void Notify::send(const std::string& message) {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // systemd not listening is not our failure.
  (void)::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<sockaddr*>(&address), size);
}

}  // namespace farmhand
