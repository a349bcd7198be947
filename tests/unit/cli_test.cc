// SPDX-License-Identifier: Apache-2.0
// The program is run whole, with its output in files, against an agent that says what a test wants.
#include <doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/file.hh"
#include "cli/command.hh"
#include "cli/completion.hh"
#include "cli/draw.hh"
#include "cli/table.hh"

using namespace farmhand;
using namespace farmhand::cli;

namespace {

struct Folder {
  std::string path = "/tmp/farmhand-cli-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { (void)std::system(("rm -r '" + path + "'").c_str()); }
};

// Answers one request with `reply`, and remembers what was asked.
class FakeAgent {
 public:
  FakeAgent(const std::string& folder, std::string reply) : reply_(std::move(reply)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder + "/control.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    server_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(server_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(server_.get(), 1) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeAgent() { thread_.join(); }

  std::string asked;

 private:
  void serve() {
    const Fd client(::accept(server_.get(), nullptr, nullptr));
    char byte = 0;
    while (::read(client.get(), &byte, 1) == 1 && byte != '\n') asked += byte;
    CHECK(::write(client.get(), reply_.data(), reply_.size()) == ssize_t(reply_.size()));
  }

  std::string reply_;
  Fd server_;
  std::thread thread_;
};

struct Outcome {
  int code;
  std::string out, err;
};

// Sends one of the standard streams into a file for as long as it lives.
class Redirected {
 public:
  Redirected(FILE* stream, const std::string& path)
      : stream_(stream), saved_(::dup(fileno(stream))) {
    std::fflush(stream);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    ::dup2(file.get(), fileno(stream));
  }
  ~Redirected() {
    std::fflush(stream_);
    ::dup2(saved_.get(), fileno(stream_));
  }

 private:
  FILE* stream_;
  Fd saved_;
};

Outcome farmhand_with(const Folder& folder, std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"farmhand", "--runtime-dir", folder.path.c_str()});
  Outcome outcome{};
  {
    const Redirected out(stdout, folder.path + "/out");
    const Redirected err(stderr, folder.path + "/err");
    outcome.code = run(static_cast<int>(arguments.size()), arguments.data());
  }
  outcome.out = *read_file(folder.path + "/out");
  outcome.err = *read_file(folder.path + "/err");
  return outcome;
}

constexpr const char* kTwoDevices = R"({"devices":[
  {"key":"npu0","status":"managed","vendor":"furiosa","model":"RNGD","memory_bytes":51539607552,
   "readings":{"power":{"value":61.25,"unit":"W","status":"ok"}}},
  {"key":"npu1","status":"unknown","reason":"no answer\u001b[31m","readings":{}}]})";

constexpr const char* kSickNode = R"({"verdict":"fail","subjects":[
  {"subject":"node","key":null,"verdict":"ok","checks":[{"check":"disk","verdict":"ok","source":"command disk"}]},
  {"subject":"device","key":"npu0","verdict":"fail","deciding_check":"memory","reason":"memory.uncorrected",
   "sentence":"2 uncorrectable errors","action":"Drain the device and reset it.",
   "since":{"time":"2026-01-31T12:00:00.5Z","boottime_ns":1},
   "hold":{"kind":"cordoned","why":"new riser","who":"ann","until":"farmhand device uncordon"},
   "offences":[{"reason":"memory.uncorrected","count":3,"window_s":604800}],
   "checks":[{"check":"memory","verdict":"fail","source":"plugin sim","flapping":true}]},
  {"subject":"device","key":"npu1","verdict":"unknown","checks":[]},
  {"subject":"device","key":"npu2","verdict":"ok","checks":[{"check":"link","verdict":"ok","source":"plugin sim"}]}],
 "refused":[{"file":"/etc/c.toml","line":3,"why":"'intervall' is not known"}]})";

}  // namespace

TEST_CASE("an agent that is not there is exit code 3 and a sentence that says what to do") {
  const Folder folder;
  const Outcome outcome = farmhand_with(folder, {"status"});
  CHECK(outcome.code == 3);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "farmhand: cannot reach the agent at " + folder.path +
                           "/control.sock: No such file or directory; is farmhandd running? "
                           "--runtime-dir names another place\n");
}

TEST_CASE("a wrong command line is exit code 2 and names the way out") {
  const Folder folder;
  for (const char* wrong : {"nope", "--nope", "config"}) {
    const Outcome outcome = farmhand_with(folder, {wrong});
    CHECK(outcome.code == 2);
    CHECK(outcome.err.find("farmhand --help") != std::string::npos);
  }
  CHECK(farmhand_with(folder, {}).code == 2);
}

TEST_CASE("what the agent refuses is exit code 1 with the agent's sentence") {
  const Folder folder;
  const FakeAgent agent(folder.path,
                        R"({"error":{"code":"not_found","message":"there is no device 'x'"}})");
  const Outcome outcome = farmhand_with(folder, {"devices", "x"});
  CHECK(outcome.code == 1);
  CHECK(outcome.err == "farmhand: there is no device 'x'\n");
}

TEST_CASE("an answer that is no JSON is a failure, not a crash") {
  const Folder folder;
  const FakeAgent agent(folder.path, "<html>");
  CHECK(farmhand_with(folder, {"devices"}).code == 1);
}

TEST_CASE("devices are drawn with units, dashes for the unknown, and without control characters") {
  const Folder folder;
  const FakeAgent agent(folder.path, kTwoDevices);
  const Outcome outcome = farmhand_with(folder, {"devices"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out ==
        "DEVICE  VENDOR   MODEL  STATE    TEMP   POWER  UTIL    MEMORY  REASON\n"
        "npu0    furiosa  RNGD   managed     -  61.2 W     -  48.0 GiB  -\n"
        "npu1    -        -      unknown     -       -     -         -  no answer?[31m\n");
}

TEST_CASE("--json prints the document, wherever it stands on the line") {
  const Folder folder;
  {
    const FakeAgent agent(folder.path, R"({"devices":[{"key":"a","x":null}]})");
    const Outcome outcome = farmhand_with(folder, {"devices", "--json"});
    CHECK(Document::parse(outcome.out) == Document::parse(R"({"devices":[{"key":"a","x":null}]})"));
  }
}

TEST_CASE("health shows what is not well, what to do next, and exits with the verdict") {
  const Folder folder;
  Outcome sick;
  {
    const FakeAgent agent(folder.path, kSickNode);
    sick = farmhand_with(folder, {"health"});
  }
  ::unlink((folder.path + "/control.sock").c_str());
  CHECK(sick.code == 2);
  CHECK(sick.out.find("2 uncorrectable errors") != std::string::npos);
  CHECK(sick.out.find("npu0: Drain the device and reset it.") != std::string::npos);
  CHECK(sick.out.find("npu0: cordoned by ann: new riser; until farmhand device uncordon") !=
        std::string::npos);
  CHECK(sick.out.find("npu0: memory.uncorrected 3 times within 7 d 00 h") != std::string::npos);
  CHECK(sick.out.find("no check has spoken of it yet") != std::string::npos);
  CHECK(sick.out.find(
            "fail  devices: 1 fail, 1 unknown, 1 ok; node: ok; held: 1; checks refused: 1") !=
        std::string::npos);
  CHECK(sick.out.find("/etc/c.toml:3: 'intervall' is not known") != std::string::npos);
  CHECK(sick.out.find("npu2") == std::string::npos);  // it is well
  {
    const FakeAgent agent(folder.path, kSickNode);
    const Outcome all = farmhand_with(folder, {"health", "--all"});
    CHECK(all.out.find("npu2") != std::string::npos);
    CHECK(all.out.find("fail (flapping)") != std::string::npos);
  }
}

TEST_CASE("health exits as monitoring-plugins do, and what it cannot know is 3") {
  for (const auto& [word, code] :
       {std::pair{"ok", 0}, {"warn", 1}, {"fail", 2}, {"unknown", 3}, {"splendid", 3}}) {
    const Folder folder;
    const std::string reply = std::string("{\"verdict\":\"") + word + "\",\"subjects\":[]}";
    const FakeAgent agent(folder.path, reply);
    CHECK(farmhand_with(folder, {"health", "--json"}).code == code);
  }
  const Folder nobody;
  CHECK(farmhand_with(nobody, {"health"}).code == 3);
}

TEST_CASE("the past of health is asked by age, and a flapping check is one line with a count") {
  const Folder folder;
  {
    FakeAgent agent(folder.path, R"({"transitions":[{"time":"2026-01-31T12:00:00Z","device":"npu0",
        "check":"temperature","from":"ok","to":"fail","count":41,"source":"rule hot"}]})");
    const Outcome past = farmhand_with(folder, {"health", "history", "--since", "2h"});
    CHECK(past.code == 0);
    CHECK(past.out.find("41") != std::string::npos);
    CHECK(agent.asked == "health-history since_s=7200");
  }
  const Outcome wrong = farmhand_with(folder, {"health", "history", "--since", "soon"});
  CHECK(wrong.code == 1);
  CHECK(wrong.err.find("write 90s, 30m, 12h or 7d") != std::string::npos);
}

TEST_CASE("a hand on a device needs a reason where others are to see it, and says what holds") {
  const Folder folder;
  CHECK(farmhand_with(folder, {"device", "cordon", "npu0"}).code == kExitUsage);
  FakeAgent agent(
      folder.path,
      R"({"device":"npu0","verdict":"ok","hold":{"kind":"cordoned","who":"ann","why":"fan"}})");
  const Outcome done =
      farmhand_with(folder, {"device", "cordon", "npu0", "--reason", "fan is loud"});
  CHECK(done.code == 0);
  CHECK(done.out == "npu0: cordoned by ann: fan; verdict ok\n");
  CHECK(agent.asked == "device action=cordon device=npu0 reason=fan%20is%20loud");
}

TEST_CASE("arguments reach the agent whatever they contain") {
  const Folder folder;
  FakeAgent agent(folder.path, R"({"metrics":[]})");
  farmhand_with(folder, {"metrics", "--device", "a b=c", "power", "link.*", "--history"});
  CHECK(agent.asked == "metrics device=a%20b%3Dc name=power name=link.%2A history=1h");
}

TEST_CASE("a join token comes from a file, and never from the command line") {
  const Folder folder;
  REQUIRE(write_file_atomically(folder.path + "/token", "secret \n"));
  const std::string token = folder.path + "/token";
  CHECK(farmhand_with(folder, {"enroll", "--url", "https://h:1"}).code == 2);
  const Outcome open = farmhand_with(folder, {"enroll", "--url", "https://h:1", "--token", "abc"});
  CHECK(open.code == 2);
  CHECK(open.err.find("does not belong on the command line") != std::string::npos);
  FakeAgent agent(folder.path, R"({"enrolled":true,"url":"u","cloud":"c","partitions":["c-v"]})");
  const Outcome outcome =
      farmhand_with(folder, {"enroll", "--url", "https://h:1", "--token-file", token.c_str()});
  CHECK(agent.asked == "enroll token=secret url=https%3A%2F%2Fh%3A1");
  CHECK(outcome.out == "enrolled at u as a node of cloud 'c'; partitions: c-v\n");
}

TEST_CASE("a configuration is checked without an agent, and every mistake is said") {
  const Folder folder;
  const std::string file = folder.path + "/agent.toml";
  REQUIRE(write_file_atomically(file, "[telemetry]\nintervall = \"1s\"\n[nope]\na = 1\n"));
  const Outcome outcome = farmhand_with(folder, {"config", "check", file.c_str()});
  CHECK(outcome.code == 2);  // as farmhandd --check-config
  CHECK(outcome.err.find(":2: unknown key 'intervall'") != std::string::npos);
  CHECK(outcome.err.find("nope") != std::string::npos);
  REQUIRE(write_file_atomically(file, "[telemetry]\ninterval = \"1s\"\n"));
  CHECK(farmhand_with(folder, {"config", "check", file.c_str()}).code == 0);
}

TEST_CASE("a new key pair is private, shared by its public half, and never overwritten") {
  const Folder folder;
  const std::string key = folder.path + "/key";
  CHECK(farmhand_with(folder, {"keys", "new", key.c_str()}).code == 0);
  struct stat at {};
  REQUIRE(::stat(key.c_str(), &at) == 0);
  CHECK((at.st_mode & 0777) == 0600);
  CHECK(read_file(key + ".pub")->starts_with("-----BEGIN PUBLIC KEY-----"));
  CHECK(farmhand_with(folder, {"keys", "new", key.c_str()}).code == 1);
}

TEST_CASE("the fleet's coordinator is asked for in all three ways when none is given") {
  const Folder folder;
  for (const char* name :
       {"FARMHAND_FLEET_URL", "FARMHAND_FLEET_CA", "FARMHAND_FLEET_TOKEN_FILE"}) {
    ::unsetenv(name);
  }
  ::setenv("XDG_CONFIG_HOME", folder.path.c_str(), 1);
  const Outcome nothing = farmhand_with(folder, {"fleet", "nodes"});
  CHECK(nothing.code == 1);
  CHECK(nothing.err.find("--url") != std::string::npos);
  CHECK(nothing.err.find("FARMHAND_FLEET_URL") != std::string::npos);
  CHECK(nothing.err.find(folder.path + "/farmhand/fleet.toml") != std::string::npos);
  REQUIRE(make_directories(folder.path + "/farmhand"));
  const std::string file = folder.path + "/farmhand/fleet.toml";
  REQUIRE(write_file_atomically(file,
                                "[coordinator]\nurl = \"https://127.0.0.1:1\"\n"
                                "ca = \"/nowhere/ca.pem\"\nutl = \"x\"\n"));
  CHECK(farmhand_with(folder, {"fleet", "nodes"}).err.find(":4: unknown key 'utl'") !=
        std::string::npos);
}

TEST_CASE("values are read as people write them, and what is not known is a dash") {
  CHECK(count(1234567) == "1 234 567");
  CHECK(count(-1234) == "-1 234");
  CHECK(count(std::nullopt) == "-");
  CHECK(count(1e300) == "1e+300");
  CHECK(bytes(0) == "0 B");
  CHECK(bytes(1536) == "1.5 KiB");
  CHECK(duration(0.00035) == "350 µs");
  CHECK(duration(185) == "3 min 05 s");
  CHECK(duration(187200) == "2 d 04 h");
  CHECK(measured(45.54, "°C") == "45.5 °C");
  CHECK(measured(1234567, "J") == "1.2 MJ");
  CHECK(measured(2.5e9, "ns") == "2.5 s");
  CHECK(measured(2.5, "") == "2.500");
  CHECK(measured_rate(2012697115.5, "") == "2 012 697 116/s");
  CHECK(measured_rate(250, "J") == "250.0 W");
  CHECK(measured_rate(5e8, "ns") == "50.0 %");
  CHECK(measured(std::nullopt, "W") == "-");
}

TEST_CASE("a table fits its terminal: what can be spared goes first, then free text is shortened") {
  Table table({{.title = "NAME"},
               {.title = "N", .align = Column::Align::kRight},
               {.title = "EXTRA", .spare = 1},
               {.title = "TEXT", .flexible = true}});
  table.add({"a", "1", "spared", "a sentence of some length"});
  table.add({"bcd", "100", "spared", "-"});
  CHECK(table.drawn({}) ==
        "NAME    N  EXTRA   TEXT\n"
        "a       1  spared  a sentence of some length\n"
        "bcd   100  spared  -\n");
  CHECK(table.drawn({.colour = false, .columns = 26}) ==
        "NAME    N  TEXT\n"
        "a       1  a sentence of …\n"
        "bcd   100  -\n");
}

TEST_CASE("colour is only there when asked for, and does not count as width") {
  const Terminal plain;
  CHECK(plain.painted("x", Tone::kBad) == "x");
  const Terminal colour{.colour = true, .columns = {}};
  CHECK(colour.painted("x", Tone::kBad) == "\x1b[31mx\x1b[0m");
  CHECK(width_of("45.5 °C") == 7);
  CHECK(shortened("größer", 4) == "grö…");
  CHECK(harmless("a\x1b[2Jb\xC2\x9B") == "a?[2Jb?");
}

TEST_CASE("a sparkline has holes where nothing is known") {
  CHECK(sparkline({0, std::nullopt, 7, 3.5}, 10) == "▁ █▅");
  CHECK(sparkline({1, 1}, 10) == "▁▁");
  CHECK(sparkline({0, 2, 7, 7}, 2) == "▁█");
}

TEST_CASE("the installed completion scripts are what the command line says of itself") {
  Context context;
  CLI::App app("", "farmhand");
  declare_all(app, context);
  const std::string folder = FARMHAND_SOURCE_DIR "/packaging/completion/";
  CHECK(*completion_for("bash", app) == *read_file(folder + "farmhand.bash"));
  CHECK(*completion_for("zsh", app) == *read_file(folder + "_farmhand"));
  CHECK(*completion_for("fish", app) == *read_file(folder + "farmhand.fish"));
}

TEST_CASE("completion and the manual know every command and option of --help") {
  Context context;
  CLI::App app("", "farmhand");
  declare_all(app, context);
  const std::string bash = *completion_for("bash", app);
  const std::string manual = *read_file(FARMHAND_SOURCE_DIR "/packaging/man/farmhand.1");
  std::string plain;  // roff writes a dash as `\-`
  for (const char c : manual) plain.append(c == '\\' ? 0 : 1, c);
  const std::function<void(const CLI::App&)> check = [&](const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_lnames().empty() || option->check_lname("help")) continue;
      const std::string name = "--" + option->get_lnames().front();
      CHECK(bash.find(name) != std::string::npos);
      if (name != "--version") CHECK_MESSAGE(plain.find(name) != std::string::npos, name);
    }
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
      CHECK(bash.find(sub->get_name()) != std::string::npos);
      CHECK_MESSAGE(plain.find(sub->get_name()) != std::string::npos, sub->get_name());
      check(*sub);
    }
  };
  check(app);
}
