// SPDX-License-Identifier: Apache-2.0
#include "coordinator/coordinator.hh"

#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>

namespace farmhand::coordinator {
namespace {

Result<void> ensure_admin_token(Store& store, const std::string& state_dir, int64_t now_ns) {
  auto tokens = store.tokens.list();
  if (!tokens) return tokens.error();
  for (const TokenRow& token : *tokens)
    if (token.role == Role::kAdmin) return {};
  const std::string secret = new_secret();
  TokenRow admin;
  admin.role = Role::kAdmin;
  admin.note = "made at the first start";
  admin.created_ns = now_ns;
  // The file first: a token that is in the store and in no file could never be used.
  if (auto done = write_file_atomically(admin_token_path(state_dir), secret + "\n", 0600); !done)
    return done;
  auto transaction = store.begin();
  if (!transaction) return transaction.error();
  if (auto id = store.tokens.add(hash_of(secret), admin); !id) return id.error();
  return transaction->commit();
}

// Messages of up to 2 MiB come and go: without this the heap gives their pages back each time, and
// the kernel clears them anew, which took a tenth of the processor time of a drain.
void keep_freed_pages() {
  mallopt(M_MMAP_THRESHOLD, 8 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

std::string local_address(const std::string& listen_address) {
  if (listen_address.empty() || listen_address == "0.0.0.0") return "127.0.0.1";
  if (listen_address == "::") return "[::1]";
  const bool v6 = listen_address.find(':') != std::string::npos;
  return v6 ? "[" + listen_address + "]" : listen_address;
}

}  // namespace

std::string store_path(const std::string& state_dir) {
  return state_dir + "/coordinator.db";
}
std::string admin_token_path(const std::string& state_dir) {
  return state_dir + "/admin.token";
}
std::string endpoint_path(const std::string& state_dir) {
  return state_dir + "/endpoint";
}

Result<Fd> lock_state_dir(const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno("open '" + path + "'", errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK)
    return Error{Errc::kExists, "'" + state_dir + "' is in use by a running farmhand-coordinator"};
  return error_from_errno("lock '" + path + "'", errno);
}

Coordinator::Coordinator(Loop& loop, const Clock& clock, const Options& options, Fd lock,
                         std::unique_ptr<Store> store)
    : lock_(std::move(lock)),
      store_(std::move(store)),
      thread_(loop),
      ask_(thread_, *store_),
      sessions_(loop, clock, ask_, options.sessions),
      api_(clock, ask_, sessions_, options.target_petaflops) {}

Result<std::unique_ptr<Coordinator>> Coordinator::start(Loop& loop, const Clock& clock,
                                                        net::Context& net, Options options) {
  keep_freed_pages();
  if (auto made = make_directories(options.state_dir, 0700); !made) return made.error();
  auto lock = lock_state_dir(options.state_dir);
  if (!lock) return lock.error();
  auto store = Store::open(store_path(options.state_dir));
  if (!store) return store.error();
  (*store)->lanes.set_archive_limits(options.archive);
  if (auto done = ensure_admin_token(**store, options.state_dir, clock.realtime_ns()); !done)
    return done.error();
  std::unique_ptr<Coordinator> coordinator(
      new Coordinator(loop, clock, options, std::move(*lock), std::move(*store)));
  if (auto done = coordinator->listen(net, options); !done) return done.error();
  return coordinator;
}

Result<void> Coordinator::listen(net::Context& net, const Options& options) {
  net::Server::Options server;
  server.address = options.address;
  server.port = options.port;
  server.tls = net::ServerTls{options.cert, options.key, options.client_ca};
  auto listening = net::Server::listen(net, std::move(server));
  if (!listening) return listening.error();
  server_ = std::move(*listening);
  api_.serve(*server_);
  const std::string ca =
      std::filesystem::absolute(options.public_ca.empty() ? options.cert : options.public_ca);
  return write_file_atomically(
      endpoint_path(options.state_dir),
      "https://" + local_address(options.address) + ":" + std::to_string(port()) + "\n" + ca + "\n",
      0644);
}

}  // namespace farmhand::coordinator
