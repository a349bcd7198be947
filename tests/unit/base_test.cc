// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmath>
#include <thread>

#include "base/bytes.hh"
#include "base/clock.hh"
#include "base/digest.hh"
#include "base/file.hh"
#include "base/ids.hh"
#include "base/json.hh"
#include "base/result.hh"
#include "base/scheduling.hh"

using namespace farmhand;

TEST_CASE("an error gains context on its way up and keeps its kind") {
  const Error error = error_from_errno("open '/x.so'", ENOENT).in("load plugin 'rbln'");
  CHECK(error.code == Errc::kNotFound);
  CHECK(error.message == "load plugin 'rbln': open '/x.so': No such file or directory");
}

TEST_CASE("a result holds its value or its reason") {
  Result<std::string> good = std::string("x");
  CHECK(good);
  CHECK(*good == "x");
  const Result<std::string> bad = Error{Errc::kTimeout, "late"};
  CHECK_FALSE(bad);
  CHECK(bad.error().message == "late");
}

TEST_CASE("a UUID survives its text form, and other text is refused") {
  const Uuid id = Uuid::random();
  const auto back = Uuid::parse(id.text());
  REQUIRE(back);
  CHECK(*back == id);
  for (const char* text : {"", "123", "zzzzzzzz-0000-0000-0000-000000000000",
                           "00000000000000000000000000000000000-"}) {
    CHECK_FALSE(Uuid::parse(text));
  }
}

TEST_CASE("digests agree with the published vectors") {
  CHECK(hex_of(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(crc32c("123456789") == 0xE3069283);            // the usual check value
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);  // RFC 3720, B.4
  CHECK(crc32c("6789", crc32c("12345")) == 0xE3069283);
}

TEST_CASE("little-endian integers are taken off in the order they were put") {
  std::string bytes;
  append_le(bytes, uint32_t{7});
  append_le(bytes, uint16_t{9});
  std::string_view in = bytes;
  CHECK(take_le<uint32_t>(in) == 7);
  CHECK(take_le<uint16_t>(in) == 9);
  CHECK_FALSE(take_le<uint8_t>(in));
}

TEST_CASE("hex survives both ways, and odd or foreign digits are refused") {
  CHECK(bytes_from_hex(hex_from_bytes("\x00\xff z")) == std::string("\x00\xff z"));
  CHECK_FALSE(bytes_from_hex("abc"));
  CHECK_FALSE(bytes_from_hex("zz"));
}

TEST_CASE("JSON is quoted, separated and never holds a NaN") {
  Json json;
  json.object().member("name", "a\"b\n").member("n", 3).key("list").array();
  json.value(1.5).value(std::nan("")).value(true).end().end();
  CHECK(json.text() == R"({"name":"a\"b\n","n":3,"list":[1.5,null,true]})");
}

TEST_CASE("times are written in RFC 3339, also before 1970") {
  CHECK(rfc3339_from_realtime(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339_from_realtime(-1'000'000) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a file is replaced whole, with the mode asked for") {
  char dir[] = "/tmp/farmhand-base-XXXXXX";
  REQUIRE(mkdtemp(dir) != nullptr);
  const std::string path = std::string(dir) + "/a/b/file";
  REQUIRE(make_directories(std::string(dir) + "/a/b"));
  REQUIRE(write_file_atomically(path, "one"));
  REQUIRE(write_file_atomically(path, "two", 0600));
  CHECK(*read_file(path) == "two");
  CHECK(read_file(path, 2).error().code == Errc::kInvalid);
  struct stat st;
  REQUIRE(stat(path.c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
  CHECK(read_file(std::string(dir) + "/none").error().code == Errc::kNotFound);
  CHECK(system(("rm -r " + std::string(dir)).c_str()) == 0);
}

TEST_CASE("a wish for short turns changes neither policy nor what a child gets") {
  std::thread([] {
    ask_for_short_turns();
    CHECK(::sched_getscheduler(0) == (SCHED_OTHER | SCHED_RESET_ON_FORK));
    std::thread([] { CHECK(::sched_getscheduler(0) == SCHED_OTHER); }).join();
  }).join();
}
