// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hh"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace farmhand::net {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeContext>;

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

// A key with a passphrase cannot be used: nobody is asked on a terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Error cannot_load(const std::string& what, const std::string& file) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  if (::access(file.c_str(), R_OK) != 0)
    return error_from_errno("open " + what + " '" + file + "'", errno);
  return {Errc::kInvalid, what + " '" + file + "' cannot be used: " +
                              (reason != nullptr ? reason : "it is not PEM")};
}

Result<void> load_ca(SSL_CTX* context, const std::string& file, const std::string& what) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) return cannot_load(what, file);
  return {};
}

Result<void> load_identity(SSL_CTX* context, const std::string& cert, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return cannot_load("the certificate", cert);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return cannot_load("the private key", key);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return Error{Errc::kInvalid,
                 "the private key '" + key + "' does not belong to the certificate '" + cert + "'"};
  }
  return {};
}

int alert_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void note_alert(const SSL* ssl, int where, int alert) {
  const bool received = (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
  if (!received || alert >> 8 != SSL3_AL_FATAL) return;
  SSL_set_ex_data(const_cast<SSL*>(ssl), alert_index(), reinterpret_cast<void*>(alert & 0xffL));
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // A read and a write buffer of 16 KiB per idle connection are most of what it costs.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

}  // namespace

Result<ssl_ctx_st*> make_client_tls(const ClientTls& tls) {
  if (tls.ca_file.empty()) {
    return Error{Errc::kInvalid,
                 "no CA file is given, so the server's certificate cannot be verified"};
  }
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return Error{Errc::kIo, "OpenSSL cannot make a client context"};
  set_common(context.get());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_info_callback(context.get(), &note_alert);
  if (auto loaded = load_ca(context.get(), tls.ca_file, "the CA file"); !loaded) {
    return loaded.error();
  }
  if (!tls.cert_file.empty()) {
    if (auto loaded = load_identity(context.get(), tls.cert_file, tls.key_file); !loaded) {
      return loaded.error();
    }
  }
  return context.release();
}

Result<void> load_server_tls(ssl_ctx_st* context, const ServerTls& tls) {
  set_common(context);
  // A resumed session would carry a verdict on a client certificate from before its CA was changed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  if (auto loaded = load_identity(context, tls.cert_file, tls.key_file); !loaded) return loaded;
  if (tls.client_ca_file.empty()) return {};
  if (auto loaded = load_ca(context, tls.client_ca_file, "the client CA file"); !loaded)
    return loaded;
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(tls.client_ca_file.c_str()));
  return {};
}

Result<void> check_server_tls(const ServerTls& tls) {
  const SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{Errc::kIo, "OpenSSL cannot make a server context"};
  return load_server_tls(context.get(), tls);
}

void free_tls(ssl_ctx_st* context) {
  SSL_CTX_free(context);
}

std::string sentence_of_verify_error(long error) {
  switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is self-signed and is not the configured CA";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate was issued by an unknown CA, not by the configured one";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "its certificate names the configured CA but was not signed by it";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for another host name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired (or the clock here is wrong)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet (or the clock here is wrong)";
    default:
      return std::string("its certificate cannot be verified: ") +
             X509_verify_cert_error_string(error);
  }
}

int alert_of(ssl_st* ssl) {
  if (ssl == nullptr) return 0;
  return static_cast<int>(reinterpret_cast<intptr_t>(SSL_get_ex_data(ssl, alert_index())));
}

std::string sentence_of_alert(int description) {
  switch (description) {
    case SSL3_AD_UNSUPPORTED_CERTIFICATE:
    case SSL3_AD_BAD_CERTIFICATE:
    case TLS1_AD_DECRYPT_ERROR:
    case TLS1_AD_UNKNOWN_CA:
      return "it refuses our client certificate: it was not issued by a CA that it trusts";
    case SSL3_AD_CERTIFICATE_EXPIRED:
      return "it refuses our client certificate: it has expired";
    case SSL3_AD_CERTIFICATE_REVOKED:
      return "it refuses our client certificate: it was revoked";
    case TLS1_AD_ACCESS_DENIED:
      return "it refuses our client certificate";
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return "it requires a client certificate and none is configured";
    case TLS1_AD_PROTOCOL_VERSION:
      return "it does not speak TLS 1.2 or newer";
    default:
      return std::string("the TLS handshake failed: ") + SSL_alert_desc_string_long(description);
  }
}

std::string farmhand_uri_of_peer(ssl_st* ssl) {
  const std::unique_ptr<X509, FreeCertificate> certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) return {};
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  std::string uri;
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && uri.empty(); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    std::string found(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                      static_cast<size_t>(ASN1_STRING_length(text)));
    if (found.starts_with("farmhand:")) uri = std::move(found);
  }
  GENERAL_NAMES_free(names);
  return uri;
}

}  // namespace farmhand::net
