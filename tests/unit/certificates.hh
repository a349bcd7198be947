// SPDX-License-Identifier: Apache-2.0
// Certificates for tests, made on the spot: CAs, and what they issue, as PEM files in a scratch
// folder that goes with the object.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

class Certificates {
 public:
  Certificates() {
    std::string pattern = "/tmp/farmhand-certificates-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string cert(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string key(const std::string& name) const { return folder_ + "/" + name + ".key"; }

  // Signed by itself; may issue others.
  void make_ca(const std::string& name) { make(name, name, "", 30); }

  // `names` as in openssl.cnf: `DNS:localhost,IP:127.0.0.1,URI:farmhand:node:…`. With `issuer`
  // equal to `name` it is self-signed. Negative days: it has expired.
  void issue(const std::string& name, const std::string& issuer, const std::string& names,
             int days = 30) {
    make(name, issuer, names, days);
  }

 private:
  static void add(X509* to, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <typename Write>
  static void write(const std::string& path, Write write_to) {
    FILE* file = std::fopen(path.c_str(), "w");
    write_to(file);
    std::fclose(file);
  }

  template <typename Item, typename Read>
  static Item* read(const std::string& path, Read read_from) {
    FILE* file = std::fopen(path.c_str(), "r");
    Item* item = read_from(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    return item;
  }

  void make(const std::string& name, const std::string& issuer, const std::string& names,
            int days) {
    EVP_PKEY* own_key = EVP_EC_gen("P-256");
    X509* own = X509_new();
    const bool self = issuer == name;
    EVP_PKEY* signer = self ? own_key : read<EVP_PKEY>(key(issuer), &PEM_read_PrivateKey);
    X509* parent = self ? own : read<X509>(cert(issuer), &PEM_read_X509);
    X509_set_version(own, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(own), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(own), -40 * 86400);
    X509_gmtime_adj(X509_getm_notAfter(own), days * 86400L);
    X509_set_pubkey(own, own_key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(own), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(own, X509_get_subject_name(parent));
    add(own, parent, NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
    if (!names.empty()) add(own, parent, NID_subject_alt_name, names);
    X509_sign(own, signer, EVP_sha256());
    write(cert(name), [&](FILE* file) { PEM_write_X509(file, own); });
    write(key(name), [&](FILE* file) {
      PEM_write_PrivateKey(file, own_key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    if (!self) EVP_PKEY_free(signer);
    if (!self) X509_free(parent);
    EVP_PKEY_free(own_key);
    X509_free(own);
  }

  std::string folder_;
  long serial_ = 0;
};
