// SPDX-License-Identifier: Apache-2.0
#include "sync/enroll.hh"

#include "loop/resolve.hh"
#include "loop/timer.hh"
#include "net/http_client.hh"
#include "store/thread.hh"
#include "sync/error_body.hh"
#include "wire/enroll.hh"

namespace farmhand {

// Resolve, ask, write the file, report. Shared with the store thread's work, which may outlive the
// Enrolment; `done_` is then empty.
class Enrolment::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, net::Context& net, StoreThread& store, Options options,
       std::function<void(Result<Credential>)> done)
      : loop_(loop),
        net_(net),
        store_(store),
        options_(std::move(options)),
        done_(std::move(done)),
        soon_(loop) {}

  void start();
  void cancel() {
    done_ = nullptr;
    resolve_.reset();
    request_.reset();
    soon_.stop();
  }

 private:
  void send(const net::Url& url, const std::string& address);
  void on_response(Result<net::HttpResponse> response);
  void save(const wire::EnrollResponse& response);
  void finish(Result<Credential> result) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(result));
  }

  Loop& loop_;
  net::Context& net_;
  StoreThread& store_;
  Options options_;
  std::function<void(Result<Credential>)> done_;
  Timer soon_;  // an error of the first step is reported after the constructor has returned
  std::string sync_url_;
  std::unique_ptr<Resolve> resolve_;
  std::unique_ptr<net::HttpClient> request_;
};

namespace {

Errc errc_of_status(int status) {
  if (status == 401 || status == 403) return Errc::kPermission;
  return status >= 500 ? Errc::kUnavailable : Errc::kRefused;
}

}  // namespace

void Enrolment::Impl::start() {
  auto sync_url = sync_url_from(options_.url);
  auto url = sync_url ? net::parse_url(*sync_url) : Result<net::Url>(sync_url.error());
  if (!url) return soon_.once(0, [this, why = url.error()] { finish(why); });
  sync_url_ = *sync_url;
  resolve_ = std::make_unique<Resolve>(
      loop_, url->host, [this, url = url->with_path("/v1/enroll")](Result<std::string> address) {
        if (!address) return finish(address.error());
        send(url, *address);
      });
}

void Enrolment::Impl::send(const net::Url& url, const std::string& address) {
  net::HttpRequest request;
  request.url = url;
  request.address = address;
  request.tls = {options_.ca_file, options_.cert_file, options_.key_file};
  request.method = "POST";
  request.content_type = wire::kProtobufType;
  request.body = wire::encode_enroll_request(
      {options_.join_token, options_.node, options_.hostname, options_.agent_version});
  auto sent = net::HttpClient::send(net_, std::move(request),
                                    [this](auto response) { on_response(std::move(response)); });
  if (!sent) return finish(sent.error());
  request_ = std::move(*sent);
}

void Enrolment::Impl::on_response(Result<net::HttpResponse> response) {
  if (!response) return finish(response.error());
  if (response->status != 200)
    return finish(
        Error{errc_of_status(response->status), sentence_of(response->status, response->body)});
  auto decoded = wire::decode_enroll_response(response->body);
  if (!decoded) return finish(decoded.error().in("answer to the enrolment"));
  save(*decoded);
}

void Enrolment::Impl::save(const wire::EnrollResponse& response) {
  Credential credential{response.credential, sync_url_, options_.ca_file, response.cloud,
                        response.vendors};
  auto written = std::make_shared<Result<void>>();
  auto self = shared_from_this();
  store_.submit([written, path = options_.credential_path,
                 credential] { *written = save_credential(path, credential); },
                [self, written, credential] {
                  if (!*written) return self->finish(written->error());
                  self->finish(credential);
                });
}

Enrolment::Enrolment(Loop& loop, net::Context& net, StoreThread& store, Options options,
                     std::function<void(Result<Credential>)> done)
    : impl_(std::make_shared<Impl>(loop, net, store, std::move(options), std::move(done))) {
  impl_->start();
}

Enrolment::~Enrolment() {
  impl_->cancel();
}

}  // namespace farmhand
