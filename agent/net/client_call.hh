// SPDX-License-Identifier: Apache-2.0
// What every connection out does: connect, hold the certificate against the configured CA and name,
// give up in time, and put what went wrong into one sentence. For this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hh"
#include "loop/timer.hh"
#include "net/context.hh"
#include "net/tls.hh"
#include "net/url.hh"

namespace farmhand::net {

struct Call {
  Url url;
  std::string address;
  ClientTls tls;
  std::vector<std::pair<std::string, std::string>> headers;
  const char* method = nullptr;  // absent: a WebSocket
  uint64_t deadline_ms = 0;
};

class ClientCall : public Endpoint, public std::enable_shared_from_this<ClientCall> {
 public:
  ClientCall(Context& context, Call call)
      : context_(context), call_(std::move(call)), deadline_(context.loop()) {}

  Result<void> start();
  void drop();  // silently

  int on_event(lws* wsi, int reason, void* in, size_t size) final;

 protected:
  virtual int on_call_event(lws* wsi, int reason, void* in, size_t size) = 0;
  virtual void on_end(Error error) = 0;  // once; the call is over
  virtual bool add_headers(lws*, unsigned char**, unsigned char*) { return true; }

  void met_deadline() { deadline_.stop(); }
  void end(Error error);
  Error in_context(Error error) const { return error.in(call_.url.authority()); }
  const std::string& tls_problem() const { return tls_problem_; }
  lws* wsi() const { return wsi_; }

 private:
  Result<lws_vhost*> vhost();
  Error why_broken() const;
  Error why_not_connected(lws* wsi, const char* text) const;
  void note_certificate(void* store);
  void note_alert(lws* wsi);
  int put_headers(lws* wsi, void* in, size_t size);
  void forget_connection();

  Context& context_;
  Call call_;
  Timer deadline_;
  uint64_t id_ = 0;
  lws* wsi_ = nullptr;
  bool starting_ = false;
  bool ended_ = false;
  bool server_is_verified_ = false;
  std::string tls_problem_;
};

}  // namespace farmhand::net
