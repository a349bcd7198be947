// SPDX-License-Identifier: Apache-2.0
#include "cli/agent_client.hh"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.hh"

namespace farmhand::cli {

namespace {

// Longer than the agent allows any verb, so that its own sentence comes first.
constexpr timeval kPatience{.tv_sec = 130, .tv_usec = 0};
constexpr size_t kReplyBytesMax = 64 << 20;

Error unreachable(const std::string& path, int errnum) {
  std::string advice = "is farmhandd running? --runtime-dir names another place";
  if (errnum == EACCES) advice = "its directory is closed to this user; try as root";
  return {Errc::kUnavailable, "cannot reach the agent at " + path + ": " +
                                  std::string(std::strerror(errnum)) + "; " + advice};
}

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Errc::kInvalid, "'" + path + "' is longer than a socket path can be (107 bytes)"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return error_from_errno("create a socket", errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return unreachable(path, errno);
  }
  return fd;
}

Result<std::string> exchange(int fd, const std::string& path, const std::string& line) {
  if (::send(fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return unreachable(path, errno);
  }
  std::string reply;
  std::array<char, 65536> buffer;
  while (reply.size() < kReplyBytesMax) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreachable(path, errno == EAGAIN ? ETIMEDOUT : errno);
    if (n == 0) break;
    reply.append(buffer.data(), static_cast<size_t>(n));
  }
  return reply;
}

Errc code_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Errc::kInternal); ++i) {
    if (name_of(static_cast<Errc>(i)) == name) return static_cast<Errc>(i);
  }
  return Errc::kInternal;
}

}  // namespace

Result<Document> document_from(std::string_view text, std::string_view source) {
  Document document = Document::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return Error{Errc::kCorrupt, std::string(source) + " answered something that is not JSON"};
  }
  const Document& error = member(document, "error");
  if (error.is_object()) {
    return Error{code_from(cli::text(error, "code")), cli::text(error, "message")};
  }
  return document;
}

Result<Document> ask_agent(const Context& context, const Request& request) {
  const std::string path = context.runtime_dir + "/control.sock";
  const auto fd = connect_to(path);
  if (!fd) return fd.error();
  const auto reply = exchange(fd->get(), path, line_of(request) + "\n");
  if (!reply) return reply.error();
  if (reply->empty()) {
    return Error{Errc::kUnavailable,
                 "the agent at " + path + " closed without an answer; try again"};
  }
  return document_from(*reply, "the agent");
}

}  // namespace farmhand::cli
