// SPDX-License-Identifier: Apache-2.0
// Whom to trust and who we are. Only the named CA is ever loaded, never the system's bundle.
#pragma once

#include <string>

#include "base/result.hh"

struct ssl_ctx_st;
struct ssl_st;

namespace farmhand::net {

struct ClientTls {
  std::string ca_file;    // PEM; required for a TLS connection
  std::string cert_file;  // PEM, with chain; empty: no client certificate
  std::string key_file;
};

struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // empty: clients are asked for no certificate
};

// A client's OpenSSL context, TLS 1.2 and up, to be given to free_tls. The sentence of an error
// names the file at fault.
Result<ssl_ctx_st*> make_client_tls(const ClientTls& tls);
void free_tls(ssl_ctx_st* context);

// Makes a server of an empty OpenSSL context.
Result<void> load_server_tls(ssl_ctx_st* context, const ServerTls& tls);

// Loads everything once and throws it away: what libwebsockets would only log becomes a sentence.
Result<void> check_server_tls(const ServerTls& tls);

// What a verification error (X509_V_ERR_*) means, and what to do.
std::string sentence_of_verify_error(long error);
// The fatal alert that a client's connection received; 0: none. (libwebsockets 4.1.6 has a callback
// for alerts, but on a client's own context it takes a foreign pointer for its context.)
int alert_of(ssl_st* ssl);
// What the other side's alert (RFC 8446, section 6) means.
std::string sentence_of_alert(int description);

// The first `farmhand:` URI among the peer certificate's alternative names; empty where there is
// none. Says nothing about whether the certificate was verified.
std::string farmhand_uri_of_peer(ssl_st* ssl);

}  // namespace farmhand::net
