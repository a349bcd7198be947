// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.hh"

#include <libwebsockets.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/client_call.hh"
#include "net/headers.hh"

namespace farmhand::net {

namespace {

constexpr size_t kChunkBytes = 32 << 10;

}  // namespace

class HttpClient::Connection final : public ClientCall {
 public:
  Connection(Context& context, const HttpRequest& request, Done done)
      : ClientCall(context, {.url = request.url,
                             .address = request.address,
                             .tls = request.tls,
                             .headers = request.headers,
                             .method = request.method == "POST" ? "POST" : "GET",
                             .deadline_ms = request.timeout_ms}),
        content_type_(request.content_type),
        body_(request.body),
        has_body_(request.method == "POST"),
        body_bytes_max_(request.body_bytes_max),
        done_(std::move(done)) {}

 private:
  int on_call_event(lws* wsi, int reason, void* in, size_t size) override;
  bool add_headers(lws* wsi, unsigned char** at, unsigned char* end) override;
  void on_end(Error error) override;
  int write_body(lws* wsi);
  int on_bytes(std::string_view bytes);
  int pull(lws* wsi);

  std::string content_type_;
  std::string body_;
  bool has_body_;
  size_t body_bytes_max_;
  Done done_;
  size_t written_ = 0;
  HttpResponse response_;
  bool length_is_known_ = false;
  bool complete_ = false;
};

bool HttpClient::Connection::add_headers(lws* wsi, unsigned char** at, unsigned char* end) {
  if (!has_body_) return true;
  if (!add_header(wsi, "content-type", content_type_, at, end)) return false;
  if (!add_header(wsi, "content-length", std::to_string(body_.size()), at, end)) return false;
  if (body_.empty()) return true;
  lws_client_http_body_pending(wsi, 1);
  lws_callback_on_writable(wsi);
  return true;
}

int HttpClient::Connection::write_body(lws* wsi) {
  if (written_ == body_.size()) return 0;
  std::array<unsigned char, LWS_PRE + kChunkBytes> buffer;
  const size_t size = std::min(kChunkBytes, body_.size() - written_);
  std::copy_n(body_.data() + written_, size, buffer.data() + LWS_PRE);
  written_ += size;
  const bool last = written_ == body_.size();
  if (last) lws_client_http_body_pending(wsi, 0);
  const auto how = last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;
  if (lws_write(wsi, buffer.data() + LWS_PRE, size, how) < 0) return -1;
  if (!last) lws_callback_on_writable(wsi);
  return 0;
}

int HttpClient::Connection::on_bytes(std::string_view bytes) {
  if (response_.body.size() + bytes.size() > body_bytes_max_) {
    end({Errc::kInvalid,
         "the answer is larger than " + std::to_string(body_bytes_max_) + " bytes"});
    return -1;
  }
  response_.body += bytes;
  return 0;
}

// Bytes are there: have them handed over, through RECEIVE_CLIENT_HTTP_READ.
int HttpClient::Connection::pull(lws* wsi) {
  std::array<char, LWS_PRE + 4096> buffer;
  char* at = buffer.data() + LWS_PRE;
  int size = static_cast<int>(buffer.size() - LWS_PRE);
  return lws_http_client_read(wsi, &at, &size) < 0 ? -1 : 0;
}

int HttpClient::Connection::on_call_event(lws* wsi, int reason, void* in, size_t size) {
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
      response_.status = static_cast<int>(lws_http_client_http_response(wsi));
      response_.content_type = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
      length_is_known_ = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 ||
                         lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
      return 0;
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
      return write_body(wsi);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
      return pull(wsi);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
      return on_bytes({static_cast<const char*>(in), size});
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
      complete_ = true;
      end({Errc::kInternal, "complete"});
      return -1;
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
      complete_ = response_.status != 0 && !length_is_known_;
      end(tls_problem().empty() ? Error{Errc::kUnavailable, "it closed before it answered"}
                                : Error{Errc::kPermission, tls_problem()});
      return 0;
    default:
      return 0;
  }
}

void HttpClient::Connection::on_end(Error error) {
  const Done done = std::move(done_);
  if (complete_) return done(std::move(response_));
  done(std::move(error));
}

HttpClient::HttpClient(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

HttpClient::~HttpClient() {
  connection_->drop();
}

Result<std::unique_ptr<HttpClient>> HttpClient::send(Context& context, HttpRequest request,
                                                     Done done) {
  auto connection = std::make_shared<Connection>(context, request, std::move(done));
  if (auto started = connection->start(); !started) {
    return started.error().in(request.url.authority());
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(connection)));
}

}  // namespace farmhand::net
