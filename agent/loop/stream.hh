// SPDX-License-Identifier: Apache-2.0
// Byte streams over UNIX sockets: a Stream is one end of a connection, a Listener makes them.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/file.hh"
#include "base/result.hh"
#include "loop/handle.hh"
#include "loop/loop.hh"

namespace farmhand {

class Stream {
 public:
  // Takes over one end of a connected socket.
  static Result<Stream> adopt(Loop& loop, Fd fd);

  // `on_bytes` runs with whatever arrived; `on_end` once, with the reason: kCancelled when the
  // other side closed in good order. After `on_end` nothing more comes. Either may destroy the
  // stream.
  void read(std::function<void(std::string_view)> on_bytes, std::function<void(Error)> on_end);

  // Bytes leave in order. `done`, if given, runs when they left or failed, also after the stream is
  // destroyed (kCancelled): it must not point into the owner.
  void write(std::string bytes, std::function<void(Result<void>)> done = nullptr);
  size_t queued_bytes() const;  // not yet taken by the kernel

  struct Peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
  };
  Result<Peer> peer() const;  // SO_PEERCRED: who connected

 private:
  friend class Listener;
  struct Body {
    uv_pipe_t uv;
    std::function<void(std::string_view)> on_bytes;
    std::function<void(Error)> on_end;
  };
  explicit Stream(Loop& loop);

  Handle<Body> body_;
};

class Listener {
 public:
  // Listens at `path` with file mode `mode`. A socket file left behind by a dead process is
  // replaced; one that somebody answers on is kExists.
  static Result<Listener> listen(Loop& loop, const std::string& path, mode_t mode,
                                 std::function<void(Stream)> on_connection);

 private:
  struct Body {
    uv_pipe_t uv;
    Loop* loop;
    std::function<void(Stream)> on_connection;
  };
  explicit Listener(Handle<Body> body) : body_(std::move(body)) {}
  static void on_connection(uv_stream_t* server, int status);

  Handle<Body> body_;
};

}  // namespace farmhand
