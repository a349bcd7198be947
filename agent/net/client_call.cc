// SPDX-License-Identifier: Apache-2.0
#include "net/client_call.hh"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

#include "net/headers.hh"

namespace farmhand::net {

namespace {

Error error_from_status(int status) {
  const std::string code = "HTTP status " + std::to_string(status);
  if (status == 401 || status == 403) {
    return {Errc::kPermission, "it refuses the credential (" + code + ")"};
  }
  if (status == 503 || status == 429) {
    return {Errc::kUnavailable, "it cannot take us now (" + code + ")"};
  }
  return {Errc::kRefused, "it answers, but opens no session (" + code + "): check the path"};
}

bool is_end(int reason) {
  return reason == LWS_CALLBACK_CLIENT_CLOSED || reason == LWS_CALLBACK_CLOSED_CLIENT_HTTP ||
         reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_WSI_DESTROY;
}

}  // namespace

Result<lws_vhost*> ClientCall::vhost() {
  if (!call_.url.tls) return context_.client_vhost(std::nullopt);
  return context_.client_vhost(call_.tls);
}

Result<void> ClientCall::start() {
  auto vhost = this->vhost();
  if (!vhost) return vhost.error();
  id_ = context_.add(shared_from_this());
  lws_client_connect_info info{};
  info.context = context_.raw();
  info.vhost = *vhost;
  info.address = call_.address.c_str();
  info.host = call_.url.host.c_str();
  info.port = call_.url.port;
  info.path = call_.url.path.c_str();
  info.method = call_.method;
  info.local_protocol_name = kProtocolName;  // without it an HTTP body is swallowed
  info.alpn = "http/1.1";
  info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (call_.url.tls ? LCCSCF_USE_SSL : 0);
  info.ietf_version_or_minus_one = -1;
  info.opaque_user_data = reinterpret_cast<void*>(id_);
  info.pwsi = &wsi_;
  starting_ = true;
  const bool connecting = lws_client_connect_via_info(&info) != nullptr;
  starting_ = false;
  if (!connecting) wsi_ = nullptr;
  deadline_.once(connecting ? call_.deadline_ms : 0, [this, connecting] {
    const std::string time = std::to_string(call_.deadline_ms) + " ms";
    end(connecting ? Error{Errc::kTimeout, "no answer within " + time}
                   : Error{Errc::kUnavailable, "the connection could not be opened"});
  });
  return {};
}

// The connection is libwebsockets' to end; it finds nobody to tell about it.
void ClientCall::forget_connection() {
  context_.remove(id_);
  if (wsi_ != nullptr) context_.kill(wsi_);
  wsi_ = nullptr;
}

void ClientCall::drop() {
  if (ended_) return;
  ended_ = true;
  deadline_.stop();
  forget_connection();
}

void ClientCall::end(Error error) {
  if (ended_) return;
  if (starting_) {  // a callback from within start(): tell when it has returned
    deadline_.once(0, [this, error] { end(error); });
    return;
  }
  const auto self = shared_from_this();
  ended_ = true;
  deadline_.stop();
  forget_connection();
  on_end(in_context(std::move(error)));
}

void ClientCall::note_certificate(void* store) {
  const int error = X509_STORE_CTX_get_error(static_cast<X509_STORE_CTX*>(store));
  if (tls_problem_.empty()) tls_problem_ = sentence_of_verify_error(error);
}

void ClientCall::note_alert(lws* wsi) {
  const int alert = call_.url.tls ? alert_of(lws_get_ssl(wsi)) : 0;
  if (alert != 0 && tls_problem_.empty()) tls_problem_ = sentence_of_alert(alert);
}

int ClientCall::put_headers(lws* wsi, void* in, size_t size) {
  auto** at = static_cast<unsigned char**>(in);
  unsigned char* end = *at + size;
  for (const auto& [name, value] : call_.headers) {
    if (!add_header(wsi, name, value, at, end)) return -1;
  }
  return add_headers(wsi, at, end) ? 0 : -1;
}

Error ClientCall::why_not_connected(lws* wsi, const char* text) const {
  if (!tls_problem_.empty()) return {Errc::kPermission, tls_problem_};
  const int status = static_cast<int>(lws_http_client_http_response(wsi));
  if (status >= 200) return error_from_status(status);
  // What the kernel says is better than libwebsockets' words, where it says something.
  int error = 0;
  socklen_t size = sizeof error;
  const int fd = lws_get_socket_fd(wsi);
  if (fd >= 0 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) {
    return {Errc::kUnavailable, std::string("cannot connect: ") + std::strerror(error)};
  }
  if (server_is_verified_) return why_broken();
  return {Errc::kUnavailable,
          std::string("cannot connect") + (text != nullptr ? ": " + std::string(text) : "")};
}

// A server that refuses a client certificate says so in an alert, and resets the connection because
// our request still lies unread: the reset often overtakes the alert.
Error ClientCall::why_broken() const {
  if (!tls_problem_.empty()) return {Errc::kPermission, tls_problem_};
  const bool in_handshake = server_is_verified_ && deadline_.active();
  if (in_handshake && !call_.tls.cert_file.empty()) {
    return {Errc::kUnavailable,
            "it closed the connection after the TLS handshake: perhaps it refuses "
            "our client certificate '" +
                call_.tls.cert_file + "'"};
  }
  return {Errc::kUnavailable, "the connection broke"};
}

int ClientCall::on_event(lws* wsi, int reason, void* in, size_t size) {
  switch (reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
      server_is_verified_ = size != 0;
      if (server_is_verified_) return 0;
      note_certificate(in);
      return 1;
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      return put_headers(wsi, in, size);
    default:
      break;
  }
  if (is_end(reason)) note_alert(wsi);
  if (is_end(reason)) wsi_ = nullptr;
  const int result = on_call_event(wsi, reason, in, size);
  if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
    end(why_not_connected(wsi, static_cast<const char*>(in)));
  } else if (is_end(reason)) {
    end(why_broken());
  }
  return result;
}

}  // namespace farmhand::net
