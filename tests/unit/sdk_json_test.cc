// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>

#include <farmhand/json.hh>

using farmhand::Json;
using farmhand::json_from;

TEST_CASE("a document is read with its types, and in order") {
  const auto document = json_from(
      R"( {"a": [1, -2.5e3, true, null, "x"], "b": {"c": "\u00b0C \ud83d\ude00 \n\/"}, "d": 0} )");
  REQUIRE(document.ok());
  const auto& items = document.value.find("a")->items();
  REQUIRE(items.size() == 5);
  CHECK(items[0].number() == 1);
  CHECK(items[1].number() == -2500);
  CHECK(items[2].boolean());
  CHECK(items[3].kind() == Json::Kind::kNull);
  CHECK(items[4].text() == "x");
  CHECK(document.value.find("b")->find("c")->text() == "°C 😀 \n/");
  CHECK(document.value.find("e") == nullptr);
  CHECK(document.value.members().back().first == "d");
}

TEST_CASE("a text that looks like a number is none") {
  const auto document = json_from(R"({"power": "39"})");
  CHECK(!document.value.find("power")->is_number());
  CHECK(document.value.find("power")->number() == 0);
}

TEST_CASE("what is not whole, or not JSON, is refused with the place") {
  for (const char* text : {"",        "{",          "[1,",         "[1 2]",
                           "{\"a\"}", "{\"a\":1,}", "[1,]",        "{\"a\":1,\"a\":2}",
                           "nul",     "01",         "1.",          ".5",
                           "+1",      "-",          "1e",          "1e999",
                           "inf",     "NaN",        "'a'",         "\"a",
                           "\"\\x\"", "\"\\u12\"",  "\"\\ud800\"", "\"\\udc00 \"",
                           "\"\t\"",  "\"\xff\"",   "1 1",         "[1]]"}) {
    CAPTURE(std::string(text));
    const auto document = json_from(text);
    CHECK(!document.ok());
    CHECK(document.problem.find("byte") != std::string::npos);
  }
}

TEST_CASE("every beginning of a document is refused") {
  const std::string whole = R"([{"a": "b\u00e4", "c": [1.5e-3, false]}])";
  REQUIRE(json_from(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) CHECK(!json_from(whole.substr(0, size)).ok());
}

TEST_CASE("a document nested without end is refused") {
  CHECK(!json_from(std::string(100'000, '[')).ok());
  CHECK(json_from(std::string(60, '[') + std::string(60, ']')).ok());
}
