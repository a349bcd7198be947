// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <sys/stat.h>

#include <string>

#include "base/file.hh"
#include "config/check_file.hh"
#include "temporary_directory.hh"

using namespace farmhand;
using namespace std::chrono_literals;

namespace {

constexpr const char* kGood = R"([[command]]
name = "truth"
argv = ["/bin/true", "-x"]
interval = "30s"
timeout = "5s"
env = { LANG = "C" }

[[rule]]
name = "hot"
metric = "temperature"
unit = "°C"
warn_above = 85
fail_above = 95
for = "30s"
clear = 5
reason = "temperature.high"
)";

CheckDefinitions parsed(const std::string& text) {
  CheckDefinitions out;
  parse_checks(text, "a.toml", out);
  return out;
}

// The only refusal of `text`.
std::string refusal(const std::string& text) {
  const CheckDefinitions out = parsed(text);
  REQUIRE(out.refused.size() == 1);
  return out.refused[0].sentence();
}

std::string command(const std::string& lines) {
  return "[[command]]\nname = \"c\"\nargv = [\"/bin/true\"]\n" + lines + '\n';
}

std::string rule(const std::string& lines) {
  return "[[rule]]\nname = \"r\"\nmetric = \"temperature\"\nreason = \"temperature.high\"\n" +
         lines + '\n';
}

}  // namespace

TEST_CASE("a check file's commands and rules are read as they are written") {
  const CheckDefinitions out = parsed(kGood);
  CHECK(out.refused.empty());
  REQUIRE(out.commands.size() == 1);
  CHECK(out.commands[0].argv == std::vector<std::string>{"/bin/true", "-x"});
  CHECK(out.commands[0].interval == 30s);
  CHECK(out.commands[0].timeout == 5s);
  CHECK(out.commands[0].reason == "node.check_failed");
  CHECK(out.commands[0].env[0].second == "C");
  REQUIRE(out.rules.size() == 1);
  CHECK(out.rules[0].warn_above == 85);
  CHECK(out.rules[0].hold == 30s);
  CHECK(out.rules[0].clear == 5);
  CHECK(out.rules[0].unit == "°C");
}

TEST_CASE("a bad definition is refused with its line and reason, and its neighbours are used") {
  const CheckDefinitions out =
      parsed(command("intervall = \"5s\"") + kGood + rule("warn_above = 90\nfail_above = 80"));
  CHECK(out.commands.size() == 1);
  CHECK(out.rules.size() == 1);
  REQUIRE(out.refused.size() == 2);
  CHECK(out.refused[0].sentence() ==
        "a.toml:4: check 'c' is not used: unknown key 'intervall' in [command]; did you mean "
        "'interval'?");
  CHECK(out.refused[1].line == 25);
  CHECK(out.refused[1].why.find("'warn_above' lies beyond 'fail_above'") == 0);
}

TEST_CASE("what is wrong with a command is said in a sentence that helps") {
  CHECK(refusal("[[command]]\nname = \"c\"\n").find("'argv' is missing") != std::string::npos);
  CHECK(refusal("[[command]]\nname = \"c\"\nargv = [\"check_disk\"]\n").find("absolute path") !=
        std::string::npos);
  CHECK(refusal("[[command]]\nname = \"c\"\nargv = \"/bin/true\"\n").find("without a shell") !=
        std::string::npos);
  CHECK(refusal(command("interval = \"10ms\"")).find("a.toml:4") == 0);
  CHECK(refusal(command("interval = \"5s\"\ntimeout = \"6s\"")).find("longer than 'interval'") !=
        std::string::npos);
  CHECK(refusal(command("reason = \"node.disk_ful\"")).find("did you mean 'node.disk_full'") !=
        std::string::npos);
  CHECK(refusal(command("output_max = \"2GiB\"")).find("at most 1MiB") != std::string::npos);
  CHECK(refusal("[[comand]]\nname = \"c\"\n").find("did you mean [[command]]?") !=
        std::string::npos);
}

TEST_CASE("what is wrong with a rule is said in a sentence that helps") {
  CHECK(refusal(rule("")).find("has no condition") != std::string::npos);
  CHECK(refusal(rule("warn_above = 1\nunit = \"Kelvin\"")).find("must be one of °C") !=
        std::string::npos);
  CHECK(refusal(rule("warn_above = 1\nunit = \"W\"")).find("'temperature' is in °C, not in W") !=
        std::string::npos);
  CHECK(refusal(rule("warn_below = 1\nfail_below = 5")).find("'warn_below' lies beyond") !=
        std::string::npos);
  CHECK(refusal(rule("warn_above = 10\nwarn_below = 20")).find("no value is left") !=
        std::string::npos);
  CHECK(refusal(rule("warn_above = 10\nwhile_metric = \"power\"")).find("belongs to 'stuck_for'") !=
        std::string::npos);
  CHECK(refusal(rule("warn_above = \"hot\"")).find("a.toml:5") == 0);
}

TEST_CASE("a file that is not TOML is refused with its line, and the other files are used") {
  TemporaryDirectory directory;
  REQUIRE(write_file_atomically(directory.path() + "/a.toml", "[[command]]\nname = \n").ok());
  REQUIRE(write_file_atomically(directory.path() + "/b.toml", kGood).ok());
  const CheckDefinitions out = load_checks({directory.path(), "/nowhere/checks.d"});
  CHECK(out.commands.size() == 1);
  REQUIRE(out.refused.size() == 1);
  CHECK(out.refused[0].line == 2);
  CHECK(out.refused[0].why.find("not valid TOML") == 0);
}

TEST_CASE("a file of the same name in a later directory masks the earlier one") {
  TemporaryDirectory shipped;
  TemporaryDirectory own;
  REQUIRE(write_file_atomically(shipped.path() + "/a.toml", kGood).ok());
  REQUIRE(write_file_atomically(own.path() + "/a.toml", "").ok());
  CHECK(load_checks({shipped.path(), own.path()}).commands.empty());
}

TEST_CASE("absent programs, unknown users, taken names and files that others write are refused") {
  TemporaryDirectory directory;
  const std::string text =
      "[[command]]\nname = \"a\"\nargv = [\"/nowhere/check\"]\n"
      "[[command]]\nname = \"b\"\nargv = [\"/etc/passwd\"]\n"
      "[[command]]\nname = \"c\"\nargv = [\"/bin/true\"]\nuser = \"nobody-at-all\"\n"
      "[[command]]\nname = \"d\"\nargv = [\"/bin/true\"]\n"
      "[[command]]\nname = \"d\"\nargv = [\"/bin/true\"]\n";
  REQUIRE(write_file_atomically(directory.path() + "/a.toml", text).ok());
  REQUIRE(write_file_atomically(directory.path() + "/z.toml", kGood).ok());
  REQUIRE(::chmod((directory.path() + "/z.toml").c_str(), 0666) == 0);
  const CheckDefinitions out = load_checks({directory.path()});
  CHECK(out.commands.size() == 1);
  REQUIRE(out.refused.size() == 5);
  CHECK(out.refused[0].why.find("is not there") != std::string::npos);
  CHECK(out.refused[0].line == 1);
  CHECK(out.refused[1].why.find("is not executable") != std::string::npos);
  CHECK(out.refused[2].why == "there is no user 'nobody-at-all' in /etc/passwd");
  CHECK(out.refused[3].why.find("is taken by") != std::string::npos);
  CHECK(out.refused[3].line == 14);
  CHECK(out.refused[4].why.find("others may write") != std::string::npos);
}

TEST_CASE("the rules that are shipped and the checks that are shown as an example are good") {
  for (const char* path : {"/packaging/checks.d/devices.toml", "/packaging/examples/checks.toml"}) {
    const auto text = read_file(FARMHAND_SOURCE_DIR + std::string(path));
    REQUIRE(text.ok());
    CheckDefinitions out;
    parse_checks(*text, path, out);
    for (const RefusedCheck& refused : out.refused) FAIL(refused.sentence());
    CHECK(out.rules.size() + out.commands.size() >= 4);
  }
}
