// SPDX-License-Identifier: Apache-2.0
#include "net/context.hh"

#include <fcntl.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "base/log.hh"

namespace farmhand::net {

namespace {

// What libwebsockets calls an error is mostly a connection that did not work, which its owner is
// told and reports; so its own lines are for debugging.
void emit_log(int, const char* line) {
  std::string_view text(line);
  while (text.ends_with('\n')) text.remove_suffix(1);
  log::debug("libwebsockets", {{"line", std::string(text)}});
}

void* pointer_from_id(uint64_t id) {
  return reinterpret_cast<void*>(id);
}

uint64_t id_from_pointer(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

// Which endpoint an event is for: a connection knows its number; an event from before there is a
// connection belongs to the vhost's listener.
std::shared_ptr<Endpoint> endpoint_of(Context& context, lws* wsi, int reason, void* in) {
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    return context.find(id_from_pointer(lws_vhost_user(static_cast<lws_vhost*>(in))));
  }
  if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED) {
    return context.find(id_from_pointer(lws_vhost_user(lws_get_vhost(wsi))));
  }
  return context.find(id_from_pointer(lws_get_opaque_user_data(wsi)));
}

// Events that come with a context but without a connection.
bool is_housekeeping(int reason) {
  switch (reason) {
    case LWS_CALLBACK_PROTOCOL_INIT:
    case LWS_CALLBACK_PROTOCOL_DESTROY:
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS:
    case LWS_CALLBACK_WSI_CREATE:
    case LWS_CALLBACK_GET_THREAD_ID:
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
    case LWS_CALLBACK_ADD_POLL_FD:
    case LWS_CALLBACK_DEL_POLL_FD:
    case LWS_CALLBACK_CHANGE_MODE_POLL_FD:
    case LWS_CALLBACK_LOCK_POLL:
    case LWS_CALLBACK_UNLOCK_POLL:
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
      return true;
    default:
      return false;
  }
}

// libwebsockets 4.1.6 puts this answer in the place of OpenSSL's verdict on a client's certificate,
// so it must repeat it: 0 accepts.
int repeat_verdict(void* store, size_t preverified) {
  if (preverified != 0) return 0;
  const auto* context = static_cast<X509_STORE_CTX*>(store);
  log::info("refused a client certificate",
            {{"reason", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context))}});
  return 1;
}

int dispatch(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
  if (is_housekeeping(reason)) return 0;
  if (reason == LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION) {
    return repeat_verdict(user, size);
  }
  auto& context = *static_cast<Context*>(lws_context_user(lws_get_context(wsi)));
  const auto endpoint = endpoint_of(context, wsi, reason, in);
  if (!endpoint) return reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED ? -1 : 0;
  const bool about_tls = reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS ||
                         reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION;
  return endpoint->on_event(wsi, reason, about_tls ? user : in, size);
}

// One protocol for everything. An empty proxy keeps libwebsockets from asking the environment for
// one.
lws_context_creation_info info_for(Context& context, size_t buffer_bytes) {
  // libwebsockets copies the table when it makes a vhost.
  static lws_protocols protocols[2];
  protocols[0] = {.name = kProtocolName,
                  .callback = &dispatch,
                  .per_session_data_size = 0,
                  .rx_buffer_size = buffer_bytes,
                  .id = 0,
                  .user = nullptr,
                  .tx_packet_size = 0};
  lws_context_creation_info info{};
  info.protocols = protocols;
  info.user = &context;
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.http_proxy_address = "";
  info.alpn = "http/1.1";
  return info;
}

// The descriptors that are eventfds.
std::set<int> event_fds() {
  std::set<int> fds;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (target == "anon_inode:[eventfd]") fds.insert(std::stoi(entry.path().filename().string()));
  }
  return fds;
}

std::string stamp_of(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return file + "\n";
  return file + "@" + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + "\n";
}

}  // namespace

Result<std::unique_ptr<Context>> Context::create(Loop& loop, Options options) {
  lws_set_log_level(LLL_ERR | LLL_WARN, &emit_log);
  std::unique_ptr<Context> context(new Context(loop, options));
  lws_context_creation_info info = info_for(*context, options.buffer_bytes);
  void* loops[] = {loop.native()};
  info.foreign_loops = loops;
  info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                 LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
  info.fd_limit_per_thread = options.connections_max;
  info.pt_serv_buf_size = static_cast<unsigned>(options.buffer_bytes);
  info.pcontext = &context->context_;
  info.timeout_secs = 20;  // behind our own, shorter ones
  const std::set<int> before = event_fds();
  context->context_ = lws_create_context(&info);
  for (const int fd : event_fds()) {
    if (!before.contains(fd)) context->event_fd_ = fd;
  }
  if (context->context_ == nullptr) {
    return Error{Errc::kUnsupported,
                 "libwebsockets cannot start on libuv: is its libuv plug-in installed "
                 "(package libwebsockets-evlib-uv)?"};
  }
  return context;
}

Context::~Context() {
  if (context_ != nullptr) {
    start_destroying();
    // First the connections' handles close, then libwebsockets' own, and only then may it be freed.
    // The third turn is for what the second began.
    for (int turns = 0; turns < 3; ++turns) loop_.turn();
    lws_context_destroy(context_);
    assert(context_ == nullptr);
  }
  for (const auto& [files, client] : client_vhosts_) free_tls(client.tls);
}

void Context::close() {
  if (closing_) return;
  closing_ = true;
  // Not from here: this may be inside one of libwebsockets' callbacks.
  closer_.once(0, [this] { start_destroying(); });
}

void Context::start_destroying() {
  closing_ = true;
  if (destroying_) return;
  destroying_ = true;
  closer_.stop();
  lws_context_destroy(context_);
  // libwebsockets 4.1.6 has now closed its event descriptor and closes it once more when the loop
  // has let go of it. By then the number may be somebody else's file, so it is taken up at once.
  if (event_fd_ >= 0) (void)!::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, event_fd_);
}

uint64_t Context::add(std::shared_ptr<Endpoint> endpoint) {
  const uint64_t id = ++last_id_;
  endpoints_.emplace(id, std::move(endpoint));
  return id;
}

void Context::remove(uint64_t id) {
  endpoints_.erase(id);
}

std::shared_ptr<Endpoint> Context::find(uint64_t id) const {
  const auto found = endpoints_.find(id);
  return found == endpoints_.end() ? nullptr : found->second;
}

// The timer that does it was set from outside libwebsockets, which looks at its timers only after
// an event of its own: so it is given one.
void Context::kill(lws* wsi) {
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
  lws_cancel_service(context_);
}

const char* Context::keep(std::string text) {
  return kept_.emplace_back(std::move(text)).c_str();
}

Result<lws_vhost*> Context::client_vhost(const std::optional<ClientTls>& tls) {
  if (closing_) return Error{Errc::kCancelled, "the process is stopping"};
  const std::string files =
      tls ? stamp_of(tls->ca_file) + stamp_of(tls->cert_file) + stamp_of(tls->key_file) : "";
  if (const auto known = client_vhosts_.find(files); known != client_vhosts_.end()) {
    return known->second.vhost;
  }
  ClientVhost client{.vhost = nullptr, .tls = nullptr};
  lws_context_creation_info info = info_for(*this, options_.buffer_bytes);
  info.user = nullptr;
  info.vhost_name = keep("client" + std::to_string(client_vhosts_.size()));
  if (tls) {
    auto made = make_client_tls(*tls);
    if (!made) return made.error();
    client.tls = *made;
    info.provided_client_ssl_ctx = client.tls;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
  }
  client.vhost = lws_create_vhost(context_, &info);
  if (client.vhost == nullptr) {
    free_tls(client.tls);
    return Error{Errc::kIo, "libwebsockets cannot make a client"};
  }
  client_vhosts_.emplace(files, client);
  return client.vhost;
}

Result<lws_vhost*> Context::server_vhost(const ServerVhost& server) {
  if (closing_) return Error{Errc::kCancelled, "the process is stopping"};
  lws_context_creation_info info = info_for(*this, options_.buffer_bytes);
  info.user = pointer_from_id(server.endpoint);
  info.vhost_name = keep("server" + std::to_string(server.endpoint));
  info.iface = server.address.empty() ? nullptr : keep(server.address);
  info.port = server.port;
  info.keepalive_timeout = 5;
  if (server.address.find('.') != std::string::npos) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  if (server.tls) {
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                    LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
  }
  if (server.asks_for_certificates) {
    info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT |
                    LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED;
  }
  lws_vhost* vhost = lws_create_vhost(context_, &info);
  if (vhost == nullptr) return Error{Errc::kIo, "libwebsockets cannot listen"};
  return vhost;
}

}  // namespace farmhand::net
