// SPDX-License-Identifier: Apache-2.0
// Lines and addresses that people and programs type: requests on the control socket, URLs, and the
// bodies of HTTP errors.
#include "control/request.hh"
#include "fuzz.hh"
#include "net/url.hh"
#include "sync/enroll.hh"
#include "sync/error_body.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  return {"status",
          line_of({"event", {{"sentence", "50 % of \"it\"\n"}, {"reason", "test.event"}}}),
          "metrics device=RNGD0001 device=RNGD0002",
          "wss://farm.example:7443/v1/sync?x=1",
          "https://[::1]:443",
          "http://10.0.0.1",
          "farm.example:7443",
          R"({"error":{"code":"not_found","message":"no node \"x\" \u00e9"}})"};
}

}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string input(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_request(input)) {
    const auto again = parse_request(line_of(*request));
    fuzz::require(again && *again == *request, "a request's line is that request");
  }
  const auto decoded = percent_decode(percent_encode(input));
  fuzz::require(decoded && *decoded == input, "what is percent-encoded comes back");
  (void)percent_decode(input);
  if (const auto url = net::parse_url(input)) {
    const std::string text = (url->tls ? "wss://" : "ws://") + url->authority() + url->path;
    const auto again = net::parse_url(text);
    fuzz::require(again && again->authority() == url->authority() && again->path == url->path,
                  "an address that is written out is that address");
  }
  (void)sync_url_from(input);
  (void)sentence_of(400, input);
  return 0;
}
