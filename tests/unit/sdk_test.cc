// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <farmhand/plugin.hh>

#include <string>

using farmhand::Failure;
using farmhand::Settings;

namespace {

// Has no telemetry; throws whatever it is told to.
struct Thrower {
  Thrower(const farmhand::Host&, const Settings& settings) : what(settings.text("throw")) {}
  void enumerate(farmhand::Call&) const {
    if (what == "failure") throw Failure(FH_E_DEVICE_LOST, "gone", 42);
    if (what == "standard") throw std::out_of_range("far out");
    if (what == "memory") throw std::bad_alloc();
    if (what == "number") throw 7;
  }
  std::string what;
};

fh_host small_host() {
  fh_host host = farmhand::made<fh_host>();
  host.abi_major = FH_ABI_MAJOR;
  host.emit = [](void*, void*, const fh_record*) -> int32_t { return FH_OK; };
  return host;
}

// One enumeration of a Thrower; gives the status and fills `err`.
int32_t thrown(const std::string& what, fh_error* err) {
  const fh_host host = small_host();
  const fh_setting setting{farmhand::literal("throw"), farmhand::str(what)};
  fh_config config = farmhand::made<fh_config>();
  config.setting_count = 1;
  config.settings = &setting;
  void* self = nullptr;
  using Entry = farmhand::Entry<Thrower>;
  REQUIRE(Entry::create(&host, &config, &self, err) == FH_OK);
  fh_call call = farmhand::made<fh_call>();
  call.err = err;
  const void* table = Entry::query(self, farmhand::str(FH_DEVICES_ID));
  const int32_t status = static_cast<const fh_devices*>(table)->enumerate(self, &call);
  Entry::destroy(self);
  return status;
}

Settings settings_of(const std::string& key, const std::string& value) {
  const fh_setting setting{farmhand::str(key), farmhand::str(value)};
  fh_config config = farmhand::made<fh_config>();
  config.setting_count = 1;
  config.settings = &setting;
  return Settings(&config);
}

}  // namespace

TEST_CASE("whatever a plugin throws ends as a status and a sentence") {
  fh_error err = farmhand::made<fh_error>();
  CHECK(thrown("failure", &err) == FH_E_DEVICE_LOST);
  CHECK(std::string(err.text) == "gone");
  CHECK(err.vendor_code == 42);
  CHECK(thrown("standard", &err) == FH_E_INTERNAL);
  CHECK(std::string(err.text) == "far out");
  CHECK(thrown("memory", &err) == FH_E_INTERNAL);
  CHECK(thrown("number", &err) == FH_E_INTERNAL);
  CHECK(thrown("nothing", &err) == FH_OK);
}

TEST_CASE("a class without telemetry does not offer it") {
  using Entry = farmhand::Entry<Thrower>;
  CHECK(Entry::query(nullptr, farmhand::str(FH_DEVICES_ID)) != nullptr);
  CHECK(Entry::query(nullptr, farmhand::str(FH_TELEMETRY_ID)) == nullptr);
}

TEST_CASE("an error text is cut at the host's size, and never inside a character") {
  fh_error err = farmhand::made<fh_error>();
  memset(err.text, 'x', sizeof err.text);
  err.struct_size = offsetof(fh_error, text) + 4;
  farmhand::fill(&err, FH_E_INVALID, "a\xC3\xA9\xC3\xA9");
  CHECK(std::string(err.text, 4) == std::string("a\xC3\xA9\0", 4));
  CHECK(err.text[4] == 'x');
  err.struct_size = offsetof(fh_error, text);
  CHECK(farmhand::fill(&err, FH_E_TIMEOUT, "no room") == FH_E_TIMEOUT);
  CHECK(farmhand::fill(nullptr, FH_E_TIMEOUT, "nowhere") == FH_E_TIMEOUT);
}

TEST_CASE("what a shorter struct lacks is zero, and is not read") {
  fh_call call = farmhand::made<fh_call>();
  call.call_id = 9;
  call.sink = &call;
  call.struct_size = offsetof(fh_call, sink);
  const fh_call copy = farmhand::taken(&call);
  CHECK(copy.call_id == 9);
  CHECK(copy.sink == nullptr);
}

TEST_CASE("a host of another major, or without emit, is too old and told why") {
  const fh_config config = farmhand::made<fh_config>();
  fh_error err = farmhand::made<fh_error>();
  void* self = nullptr;
  fh_host host = small_host();
  host.abi_major = 2;
  CHECK(farmhand::Entry<Thrower>::create(&host, &config, &self, &err) == FH_E_HOST_TOO_OLD);
  CHECK(std::string(err.text).find("major") != std::string::npos);
  host = small_host();
  host.emit = nullptr;
  CHECK(farmhand::Entry<Thrower>::create(&host, &config, &self, &err) == FH_E_HOST_TOO_OLD);
  CHECK(self == nullptr);
}

TEST_CASE("settings: numbers in range, words of a list, lists without blanks") {
  CHECK(settings_of("n", "12").number("n", 1, 0, 20) == 12);
  CHECK(settings_of("m", "12").number("n", 1, 0, 20) == 1);
  for (const char* wrong : {"", "x", "1x", "21", "-1", "1.5", " 1"}) {
    CHECK_THROWS_AS(settings_of("n", wrong).number("n", 1, 0, 20), Failure);
  }
  CHECK(settings_of("w", "b").choice("w", {"a", "b"}) == "b");
  CHECK(settings_of("x", "b").choice("w", {"a", "b"}) == "a");
  CHECK_THROWS_AS(settings_of("w", "c").choice("w", {"a", "b"}), Failure);
  using List = std::vector<std::string>;
  CHECK(settings_of("l", " a ,b,, c d ,").list("l") == List{"a", "b", "c d"});
  CHECK(settings_of("l", ",").list("l").empty());
  CHECK(settings_of("l", "").list("l").empty());
  CHECK(settings_of("m", "").list("l", "x,y") == List{"x", "y"});
  CHECK_THROWS_AS(settings_of("typo", "1").refuse_unknown({"tipo"}), Failure);
  CHECK_NOTHROW(settings_of("tipo", "1").refuse_unknown({"tipo"}));
}
