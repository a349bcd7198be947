// SPDX-License-Identifier: Apache-2.0
#include "loop/stream.hh"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace farmhand {

namespace {

Error error_from_uv(std::string_view what, int status) {
  return error_from_errno(what, -status);
}

// One buffer for all streams: libuv hands it to the read callback at once, on the only loop thread.
constexpr size_t kReadBytes = 64 * 1024;
thread_local std::array<char, kReadBytes> g_read_buffer;

struct WriteRequest {
  uv_write_t uv;
  std::string bytes;
  std::function<void(Result<void>)> done;
};

}  // namespace

Stream::Stream(Loop& loop) : body_(new Body{.uv = {}, .on_bytes = {}, .on_end = {}}) {
  uv_pipe_init(&loop.uv(), &body_->uv, 0);
  body_->uv.data = body_.get();
}

Result<Stream> Stream::adopt(Loop& loop, Fd fd) {
  Stream stream(loop);
  const int status = uv_pipe_open(&stream.body_->uv, fd.get());
  if (status != 0) return error_from_uv("adopt a socket", status);
  fd.release();
  return stream;
}

void Stream::read(std::function<void(std::string_view)> on_bytes,
                  std::function<void(Error)> on_end) {
  body_->on_bytes = std::move(on_bytes);
  body_->on_end = std::move(on_end);
  const auto allocate = [](uv_handle_t*, size_t, uv_buf_t* buffer) {
    *buffer = uv_buf_init(g_read_buffer.data(), kReadBytes);
  };
  const auto deliver = [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
    auto* body = static_cast<Body*>(stream->data);
    if (n > 0) return body->on_bytes({buffer->base, static_cast<size_t>(n)});
    if (n == 0) return;
    uv_read_stop(stream);
    body->on_end(n == UV_EOF ? Error{Errc::kCancelled, "the other side closed the connection"}
                             : error_from_uv("read from a socket", static_cast<int>(n)));
  };
  uv_read_start(reinterpret_cast<uv_stream_t*>(&body_->uv), allocate, deliver);
}

void Stream::write(std::string bytes, std::function<void(Result<void>)> done) {
  auto* request = new WriteRequest{.uv = {}, .bytes = std::move(bytes), .done = std::move(done)};
  request->uv.data = request;
  const uv_buf_t buffer =
      uv_buf_init(request->bytes.data(), static_cast<unsigned>(request->bytes.size()));
  const auto finish = [](uv_write_t* write, int status) {
    const std::unique_ptr<WriteRequest> request(static_cast<WriteRequest*>(write->data));
    if (!request->done) return;
    request->done(status == 0 ? Result<void>() : error_from_uv("write to a socket", status));
  };
  auto* stream = reinterpret_cast<uv_stream_t*>(&body_->uv);
  const int status = uv_write(&request->uv, stream, &buffer, 1, finish);
  if (status != 0) finish(&request->uv, status);
}

size_t Stream::queued_bytes() const {
  return uv_stream_get_write_queue_size(reinterpret_cast<const uv_stream_t*>(&body_->uv));
}

Result<Stream::Peer> Stream::peer() const {
  uv_os_fd_t fd = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(&body_->uv), &fd);
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
    return error_from_errno("read the peer's credentials", errno);
  }
  return Peer{.pid = who.pid, .uid = who.uid, .gid = who.gid};
}

namespace {

Result<void> remove_stale_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Errc::kInvalid, "socket path '" + path + "' is longer than 107 bytes"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return error_from_errno("create a socket", errno);
  if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    return Error{Errc::kExists, "'" + path + "' is in use by another running process"};
  }
  if (errno == ECONNREFUSED) ::unlink(path.c_str());
  return {};
}

}  // namespace

void Listener::on_connection(uv_stream_t* server, int status) {
  if (status != 0) return;
  auto* body = static_cast<Body*>(server->data);
  Stream stream(*body->loop);
  if (uv_accept(server, reinterpret_cast<uv_stream_t*>(&stream.body_->uv)) == 0) {
    body->on_connection(std::move(stream));
  }
}

Result<Listener> Listener::listen(Loop& loop, const std::string& path, mode_t mode,
                                  std::function<void(Stream)> on_connection) {
  if (auto removed = remove_stale_socket(path); !removed) return removed.error();
  Handle<Body> body(new Body{.uv = {}, .loop = &loop, .on_connection = std::move(on_connection)});
  uv_pipe_init(&loop.uv(), &body->uv, 0);
  body->uv.data = body.get();
  int status = uv_pipe_bind(&body->uv, path.c_str());
  if (status == 0 && ::chmod(path.c_str(), mode) != 0) status = -errno;
  if (status == 0) {
    status = uv_listen(reinterpret_cast<uv_stream_t*>(&body->uv), 16, &Listener::on_connection);
  }
  if (status != 0) return error_from_uv("listen on '" + path + "'", status);
  return Listener(std::move(body));
}

}  // namespace farmhand
