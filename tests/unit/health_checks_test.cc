// SPDX-License-Identifier: Apache-2.0
// Commands as checks: what they print, how they end, and what runs when. Each loop test ends by
// destroying its Loop, which aborts if a handle was left open.
#include <doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.hh"
#include "health/command_check.hh"
#include "health/command_checks.hh"
#include "health/perfdata.hh"

using namespace farmhand;
using namespace std::chrono_literals;

namespace {

CommandDefinition shell(const std::string& name, const std::string& script) {
  CommandDefinition definition;
  definition.name = name;
  definition.argv = {"/bin/sh", "-c", script};
  definition.interval = 1s;
  definition.timeout = 1s;
  return definition;
}

struct Told final : CommandChecks::Listener {
  void on_finding(const std::string& subject, const std::string& source,
                  const Finding& finding) override {
    findings[source + '@' + subject].push_back(finding);
  }
  void on_source_gone(const std::string& source) override { gone.push_back(source); }
  const Finding* find(const std::string& name, const std::string& subject = "") const {
    const auto at = findings.find("command " + name + '@' + subject);
    return at == findings.end() ? nullptr : &at->second.back();
  }
  std::map<std::string, std::vector<Finding>> findings;
  std::vector<std::string> gone;
};

struct Node {
  Loop loop;
  SystemClock clock;
  Told told;
  CommandChecks checks{loop, clock, 1, told};

  bool until(const std::function<bool()>& condition) {
    const uint64_t end_ns = clock.boottime_ns() + 20'000'000'000;
    while (!condition() && clock.boottime_ns() < end_ns) loop.run_once();
    return condition();
  }
  Finding one(CommandDefinition definition) {
    checks.set({definition});
    REQUIRE(until([&] { return told.find(definition.name) != nullptr; }));
    return *told.find(definition.name);
  }
};

Command::End ended(int status, std::string output) {
  Command::End end;
  end.status = status;
  end.output = std::move(output);
  return end;
}

}  // namespace

TEST_CASE("performance data is read as the plugins' guidelines write it") {
  const auto all = parse_perfdata(
      "/=2643MB;5948;5958;0;5968 'it''s a disk'=10%;@10:20;~:5 time=0.5s;;;0 users=3;20:;50 "
      "odd=U load1=0,150;5.000;10.000;0; broken =;; x=1e400");
  REQUIRE(all.size() == 6);
  CHECK(all[0].name == "/");
  CHECK(all[0].unit == Unit::kByte);
  CHECK(all[0].value == 2643 * 0x1p20);
  CHECK(all[0].least == 0);
  CHECK(all[0].most == 5948 * 0x1p20);
  CHECK(all[1].name == "it's a disk");
  CHECK_FALSE(all[1].most);
  CHECK(all[1].text == "10%;@10:20;~:5");
  CHECK(all[2].unit == Unit::kNanosecond);
  CHECK(all[2].value == 5e8);
  CHECK(all[3].least == 20);
  CHECK_FALSE(all[3].most);
  CHECK(std::isnan(all[4].value));
  CHECK(all[4].text == "U");
  CHECK(all[5].value == 0.15);
}

TEST_CASE("a range is inclusive, open, or inverted; nonsense is none") {
  CHECK(parse_perf_range("10")->least == 0);
  CHECK(parse_perf_range("10:")->least == 10);
  CHECK_FALSE(parse_perf_range("10:")->most);
  CHECK_FALSE(parse_perf_range("~:5")->least);
  CHECK(parse_perf_range("~:5")->most == 5);
  CHECK(parse_perf_range("@10:20")->inverted);
  CHECK(parse_perf_range("-5:-1")->least == -5);
  for (const char* bad : {"", "@", "a:b", "20:10", "1:2:3"}) CHECK_FALSE(parse_perf_range(bad));
}

TEST_CASE("any performance data is read without harm") {
  for (const char* text :
       {"'", "''", "'=", "=", "a", "a=", "'a'b=1", "a=1;", "a=;;;;;", "\xff=1"}) {
    for (const Evidence& evidence : parse_perfdata(text)) CHECK_FALSE(evidence.name.empty());
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "x" + std::to_string(i) + "=1 ";
  CHECK(parse_perfdata(many).size() == 64);
}

TEST_CASE("output of several lines gives one sentence and all its performance data") {
  const CheckOutput out = read_check_output(
      "DISK WARNING - 3 of 5 nearly full|/=90%;80\n/home is full\n/var is full|/home=99%;80\n"
      "/var=98%;80\n");
  CHECK(out.sentence == "DISK WARNING - 3 of 5 nearly full");
  REQUIRE(out.evidence.size() == 3);
  CHECK(out.evidence[2].name == "/var");
}

TEST_CASE("exit codes 0 to 3 are verdicts, and the check's reason goes with warn and fail") {
  CommandDefinition definition = shell("disk", "");
  definition.reason = "node.disk_full";
  CHECK(finding_from(definition, ended(0, "fine"), 1).verdict == Verdict::kOk);
  CHECK(finding_from(definition, ended(0, "fine"), 1).reason.empty());
  CHECK(finding_from(definition, ended(1, "hm"), 1).verdict == Verdict::kWarn);
  CHECK(finding_from(definition, ended(2, "no"), 1).verdict == Verdict::kFail);
  CHECK(finding_from(definition, ended(2, "no"), 1).reason == "node.disk_full");
  CHECK(finding_from(definition, ended(3, "who knows"), 1).verdict == Verdict::kUnknown);
}

TEST_CASE("whatever else a command does is unknown, with a sentence that says what") {
  const CommandDefinition definition = shell("c", "");
  const auto sentence = [&](Command::End end) {
    const Finding finding = finding_from(definition, end, 1);
    CHECK(finding.verdict == Verdict::kUnknown);
    CHECK(finding.reason == "reading.failed");
    return finding.sentence;
  };
  CHECK(sentence(ended(42, "")) ==
        "/bin/sh ended with status 42, which is no verdict (0 to 3 are)");
  CHECK(sentence(ended(127, "")).find("is missing") != std::string::npos);
  CHECK(sentence(ended(0, " \n")) == "/bin/sh ended with status 0 and said nothing");
  Command::End killed;
  killed.signal = SIGSEGV;
  CHECK(sentence(killed) == "/bin/sh was killed by SIGSEGV");
  Command::End late;
  late.timed_out = true;
  late.output = "still looking";
  CHECK(sentence(late) == "/bin/sh did not end within 1s and was killed; it said: still looking");
}

TEST_CASE("text that is not UTF-8 is shown, cleaned") {
  CHECK(finding_from(shell("c", ""), ended(1, "caf\xe9 \x01|a\xff=1"), 1).sentence == "caf? ?");
}

TEST_CASE("a command runs and its finding is told with its evidence") {
  Node node;
  const Finding finding = node.one(shell("load", "echo 'LOAD OK | load1=0.5;5;10'"));
  CHECK(finding.verdict == Verdict::kOk);
  CHECK(finding.check == "load");
  REQUIRE(finding.evidence.size() == 1);
  CHECK(finding.evidence[0].most == 5);
}

TEST_CASE("a check that prints nothing, floods, hangs or dies harms no other") {
  Node node;
  CommandDefinition flood = shell("flood", "head -c 10000000 /dev/zero; exit 1");
  flood.output_max = 1024;
  CommandDefinition hang = shell("hang", "trap '' TERM; while :; do sleep 0.1; done");
  hang.timeout = 200ms;
  CommandDefinition absent = shell("absent", "");
  absent.argv = {"/nowhere/check"};
  node.checks.set({flood, hang, absent, shell("mute", "exit 0"), shell("dead", "kill -9 $$"),
                   shell("good", "echo fine")});
  REQUIRE(node.until([&] { return node.told.findings.size() == 6; }));
  CHECK(node.told.find("good")->verdict == Verdict::kOk);
  CHECK(node.told.find("flood")->verdict == Verdict::kWarn);
  for (const char* name : {"hang", "absent", "mute", "dead"}) {
    CHECK_MESSAGE(node.told.find(name)->verdict == Verdict::kUnknown, name);
  }
  CHECK(node.told.find("absent")->sentence.find("/nowhere/check") != std::string::npos);
  CHECK(node.checks.counts().timed_out >= 1);
}

TEST_CASE("a check with a device filter runs for each device and is told which") {
  Node node;
  CommandDefinition check =
      shell("card",
            "echo \"$FARMHAND_DEVICE_KEY $FARMHAND_DEVICE_PCI $FARMHAND_DEVICE_VENDOR "
            "$FARMHAND_DEVICE_MODEL\"");
  check.filter.vendor = "furiosa";
  DeviceInfo one;
  one.key = "A1";
  one.pci = "0000:01:00.0";
  one.vendor = "furiosa";
  one.model = "rngd";
  DeviceInfo other = one;
  other.key = "B2";
  DeviceInfo foreign = one;
  foreign.key = "C3";
  foreign.vendor = "rebellions";
  node.checks.set({check});
  node.checks.set_devices({one, other, foreign});
  REQUIRE(node.until([&] { return node.told.find("card", "A1") && node.told.find("card", "B2"); }));
  CHECK(node.told.find("card", "A1")->sentence == "A1 0000:01:00.0 furiosa rngd");
  CHECK(node.told.find("card", "C3") == nullptr);
  CHECK(node.told.find("card") == nullptr);
}

TEST_CASE("a check removed while it runs is stopped, said to be gone, and tells nothing more") {
  Node node;
  CommandDefinition slow = shell("slow", "exec sleep 30");
  CommandDefinition quick = shell("quick", "echo fine");
  slow.timeout = 50s;
  node.checks.set({slow, quick});
  REQUIRE(node.until([&] { return node.checks.counts().started >= 2; }));
  node.checks.set({quick});
  CHECK(node.told.gone == std::vector<std::string>{"command slow"});
  const uint64_t started = node.checks.counts().started;
  REQUIRE(node.until([&] { return node.checks.counts().started > started; }));
  CHECK(node.told.find("slow") == nullptr);
}

TEST_CASE("a reload leaves unchanged checks alone, even while they run") {
  Node node;
  CommandDefinition slow = shell("slow", "sleep 0.5; echo whole");
  node.checks.set({slow});
  REQUIRE(node.until([&] { return node.checks.counts().running == 1; }));
  node.checks.set({slow, shell("new", "echo fine")});
  CHECK(node.checks.counts().running == 1);
  REQUIRE(node.until([&] { return node.told.find("slow") != nullptr; }));
  CHECK(node.told.find("slow")->sentence == "whole");
}

TEST_CASE("check_disk, check_load, check_procs and check_ntp_time work unchanged") {
  const std::string plugins = "/usr/lib/nagios/plugins/";
  if (::access((plugins + "check_ntp_time").c_str(), X_OK) != 0) {
    MESSAGE("monitoring-plugins are not installed");
    return;
  }
  Node node;
  const auto check = [&](const std::string& name, std::vector<std::string> arguments) {
    CommandDefinition definition = shell(name, "");
    definition.argv = {plugins + name};
    definition.argv.insert(definition.argv.end(), arguments.begin(), arguments.end());
    definition.interval = 3s;
    definition.timeout = 3s;
    return definition;
  };
  node.checks.set({check("check_disk", {"-w", "0%", "-c", "0%", "-p", "/"}),
                   check("check_load", {"-w", "1000,1000,1000", "-c", "2000,2000,2000"}),
                   check("check_procs", {"-w", "0:0", "-c", "0:100000"}),
                   check("check_ntp_time", {"-H", "127.0.0.1", "-t", "1"})});
  REQUIRE(node.until([&] { return node.told.findings.size() == 4; }));
  const Finding& disk = *node.told.find("check_disk");
  CHECK(disk.verdict == Verdict::kOk);
  REQUIRE_FALSE(disk.evidence.empty());
  CHECK(disk.evidence[0].unit == Unit::kByte);
  CHECK(disk.evidence[0].value > 0);
  const Finding& load = *node.told.find("check_load");
  CHECK(load.verdict == Verdict::kOk);
  REQUIRE(load.evidence.size() == 3);
  CHECK(load.evidence[0].name == "load1");
  CHECK(load.evidence[0].most == 1000);
  const Finding& procs = *node.told.find("check_procs");
  CHECK(procs.verdict == Verdict::kWarn);
  CHECK(procs.sentence.find("PROCS WARNING") == 0);
  // Nobody answers NTP here: that is not well, and it says so itself.
  const Finding& ntp = *node.told.find("check_ntp_time");
  CHECK(ntp.verdict != Verdict::kOk);
  CHECK(ntp.sentence.find("CRITICAL") != std::string::npos);
}
