// SPDX-License-Identifier: Apache-2.0
#include "base/signature.hh"

#include <doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.hh"
#include "base/file.hh"

using namespace farmhand;

namespace {

struct Scratch {
  std::string path = "/tmp/farmhand-signature-" + std::to_string(::getpid());
  Scratch() { CHECK(make_directories(path, 0700)); }
  ~Scratch() {
    ::unlink((path + "/key").c_str());
    ::unlink((path + "/pub").c_str());
    ::rmdir(path.c_str());
  }
};

}  // namespace

TEST_CASE("what was signed verifies, and nothing else does") {
  const SigningKey key = SigningKey::generate();
  const std::string signature = key.sign("stop job 7");
  CHECK(signature.size() == 64);
  CHECK(key.public_key().verifies("stop job 7", signature));
  CHECK_FALSE(key.public_key().verifies("stop job 8", signature));
  CHECK_FALSE(SigningKey::generate().public_key().verifies("stop job 7", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string bad = signature;
    bad[i] ^= 1;
    CHECK_FALSE(key.public_key().verifies("stop job 7", bad));
  }
  CHECK_FALSE(key.public_key().verifies("stop job 7", signature.substr(1)));
  CHECK_FALSE(key.public_key().verifies("stop job 7", ""));
}

TEST_CASE("signatures are those of RFC 8032") {
  // Section 7.1, test 1: the public key, the empty message and its signature.
  const auto key = PublicKey::parse(
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n",
      "test 1");
  REQUIRE(key);
  const auto signature = bytes_from_hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b");
  REQUIRE(signature);
  CHECK(key->verifies("", *signature));
}

TEST_CASE("keys survive their files, and the public one is the same key") {
  const Scratch scratch;
  const SigningKey key = SigningKey::generate();
  REQUIRE(key.write(scratch.path + "/key"));
  struct stat info {};
  REQUIRE(::stat((scratch.path + "/key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto again = SigningKey::read(scratch.path + "/key");
  REQUIRE(again);
  REQUIRE(write_file_atomically(scratch.path + "/pub", again->public_key().pem()));
  const auto trusted = PublicKey::read(scratch.path + "/pub");
  REQUIRE(trusted);
  CHECK(trusted->id() == key.public_key().id());
  CHECK(trusted->id().size() == 16);
  CHECK(trusted->verifies("x", key.sign("x")));
}

TEST_CASE("a key that others can read, or that is no Ed25519 key, is refused with a sentence") {
  const Scratch scratch;
  REQUIRE(SigningKey::generate().write(scratch.path + "/key"));
  REQUIRE(::chmod((scratch.path + "/key").c_str(), 0644) == 0);
  CHECK(SigningKey::read(scratch.path + "/key").error().code == Errc::kPermission);
  REQUIRE(write_file_atomically(scratch.path + "/pub", "not a key\n"));
  CHECK(PublicKey::read(scratch.path + "/pub").error().code == Errc::kInvalid);
  CHECK(PublicKey::read(scratch.path + "/none").error().code == Errc::kNotFound);
  CHECK(PublicKey::parse("", "empty").error().code == Errc::kInvalid);
}
