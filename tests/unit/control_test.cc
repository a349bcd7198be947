// SPDX-License-Identifier: Apache-2.0
// Each test ends by destroying its Loop, which aborts if a handle was left open.
#include <doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/server.hh"
#include "plugin/identity.hh"
#include "status_fixture.hh"

using namespace farmhand;

namespace {

std::string socket_path() {
  return "/tmp/farmhand-control-" + std::to_string(::getpid()) + ".sock";
}

// A client on the same loop: connecting to a UNIX listener does not block.
class Client {
 public:
  Client(Loop& loop, const std::string& bytes, bool half_close = false) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    if (!bytes.empty()) {
      REQUIRE(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
    }
    if (half_close) ::shutdown(fd.get(), SHUT_WR);
    auto stream = Stream::adopt(loop, std::move(fd));
    REQUIRE(stream);
    stream_.emplace(std::move(*stream));
    stream_->read([this](std::string_view piece) { reply += piece; },
                  [this](const Error&) {
                    ended = true;
                    stream_.reset();
                  });
  }

  std::string reply;
  bool ended = false;

 private:
  std::optional<Stream> stream_;
};

struct Fixture {
  Loop loop;
  StatusFixture node;
  Verbs verbs{node.view};
  std::unique_ptr<ControlServer> server;

  explicit Fixture(ControlServer::Limits limits = {}) {
    auto made = ControlServer::listen(loop, socket_path(), verbs, limits);
    REQUIRE(made);
    server = std::move(*made);
  }
  ~Fixture() {
    server.reset();
    loop.run();
  }
  std::string ask(const std::string& bytes, bool half_close = false) {
    Client client(loop, bytes, half_close);
    while (!client.ended) loop.run_once();
    return client.reply;
  }
};

bool has(const std::string& document, const std::string& part) {
  const bool found = document.find(part) != std::string::npos;
  if (!found) MESSAGE(document);
  return found;
}

std::string run(const Verbs& verbs, const Request& request, bool owner) {
  std::string document;
  verbs.run(request, owner, [&](const Result<std::string>& answer) {
    document = answer ? *answer : json_of_error(answer.error());
  });
  return document;
}

}  // namespace

TEST_CASE("a request line survives being written and read again, whatever its values") {
  const Request request{.verb = "enroll",
                        .arguments = {{"url", "https://h:1/ä b=c%\n"}, {"token", ""}}};
  const auto again = parse_request(line_of(request));
  REQUIRE(again);
  CHECK(*again == request);
  CHECK(again->find("token") == "");
  CHECK_FALSE(again->find("ca"));
}

TEST_CASE("a line that is no request says what is wrong with it") {
  CHECK(parse_request("").error().code == Errc::kInvalid);
  CHECK(parse_request("metrics device").error().message == "'device' is not of the form key=value");
  CHECK(parse_request("\x1b[31m").error().code == Errc::kInvalid);
  CHECK(parse_request("metrics de\x1bvice=1").error().code == Errc::kInvalid);
  CHECK(parse_request("metrics device=%4").error().code == Errc::kInvalid);
  CHECK(parse_request("metrics device=%zz").error().code == Errc::kInvalid);
  CHECK(parse_request("  status  \r")->verb == "status");
}

TEST_CASE("one line is answered with one document, then the connection closes") {
  Fixture f;
  const std::string reply = f.ask("status\n");
  CHECK(has(reply, "\"node_name\":\"node-a\""));
  CHECK(reply.ends_with("}\n"));
  CHECK(f.server->clients() == 0);
}

TEST_CASE("a client that closed its sending half is still answered, also without a line end") {
  Fixture f;
  CHECK(has(f.ask("queue\n", true), "\"lanes\":["));
  CHECK(has(f.ask("queue", true), "\"lanes\":["));
  CHECK(f.ask("", true).empty());
}

TEST_CASE("anybody on the node may connect") {
  Fixture f;
  struct stat at {};
  REQUIRE(::stat(socket_path().c_str(), &at) == 0);
  CHECK((at.st_mode & 0777) == 0666);
}

TEST_CASE("a request without end is refused, one that does not come is dropped") {
  Fixture f({.request_ms = 20});
  CHECK(has(f.ask(std::string(kRequestBytesMax + 100, 'x')), "\"code\":\"invalid\""));
  CHECK(f.ask("stat").empty());
  CHECK(f.server->clients() == 0);
}

TEST_CASE("a client that does not take its answer is dropped and costs the others nothing") {
  Fixture f({.take_ms = 20});
  std::string config(8 << 20, '#');
  f.node.view.config = [&] { return config; };
  const Fd slow(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::connect(slow.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::send(slow.get(), "config\n", 7, 0) == 7);
  CHECK(has(f.ask("status\n"), "node-a"));
  while (f.server->clients() > 0) f.loop.run_once();
}

TEST_CASE("when all places are taken the next client is told so") {
  Fixture f({.clients_max = 2, .clients_kept_for_owner = 0});
  Client first(f.loop, ""), second(f.loop, "");
  while (f.server->clients() < 2) f.loop.run_once();
  CHECK(has(f.ask(""), "\"code\":\"backpressure\""));
  f.server.reset();
  while (!first.ended || !second.ended) f.loop.run_once();
}

TEST_CASE("an answer that comes after the server is gone is dropped") {
  Fixture f;
  std::function<void(Result<Enrolled>)> later;
  f.node.view.enroll = [&](const EnrollRequest& request,
                           std::function<void(Result<Enrolled>)> done) {
    CHECK(request.token == "t k");
    later = std::move(done);
  };
  Client client(f.loop, "enroll url=https://h:1 token=t%20k\n");
  while (!later) f.loop.run_once();
  f.server.reset();
  while (!client.ended) f.loop.run_once();
  later(Enrolled{});
  CHECK(client.reply.empty());
}

TEST_CASE("reading status is open, changing and secrets are not") {
  StatusFixture node;
  const Verbs verbs(node.view);
  for (const char* open : {"status", "devices", "metrics", "plugins", "queue"}) {
    CHECK(run(verbs, {open, {}}, false).find("\"error\"") == std::string::npos);
  }
  for (const char* closed : {"enroll", "config", "event", "device"}) {
    CHECK(has(run(verbs, {closed, {}}, false), "\"code\":\"permission\""));
  }
  CHECK(has(run(verbs, {"config", {}}, true), "name = \\\"node-a\\\""));
}

TEST_CASE("health shows each subject with what decided, and what is held") {
  StatusFixture node;
  CHECK(has(run(Verbs(node.view), {"health", {}}, false), "\"code\":\"unavailable\""));
  node.judge();
  const std::string health = run(Verbs(node.view), {"health", {}}, false);
  CHECK(has(health, "\"verdict\":\"fail\",\"subjects\":["));
  CHECK(has(health, "\"key\":\"npu0\",\"verdict\":\"fail\",\"deciding_check\":\"memory\""));
  CHECK(has(health, "\"reason\":\"memory.uncorrected\""));
  CHECK(has(health, "\"action\":\"Drain the device"));
  CHECK(has(health, "\"kind\":\"cordoned\",\"why\":\"new riser\",\"who\":\"ann\""));
  CHECK(has(health, "\"least\":null,\"most\":0"));
  CHECK(has(health, "\"file\":\"/etc/farmhand/checks.d/a.toml\",\"line\":3"));
  CHECK(has(run(Verbs(node.view), {"status", {}}, false),
            "{\"verdict\":\"fail\",\"devices\":{\"ok\":0,\"warn\":0,\"fail\":1,\"unknown\":1},"
            "\"held\":1,\"checks_refused\":1}"));
  CHECK(has(run(Verbs(node.view), {"devices", {{"device", "npu0"}}}, false),
            "\"verdict\":\"fail\",\"verdict_reason\":\"memory.uncorrected\""));
}

TEST_CASE("a node of which nothing is judged is unknown, not ok") {
  StatusFixture node;
  node.view.health.subjects = [] { return std::vector<SubjectHealth>(); };
  CHECK(has(run(Verbs(node.view), {"health", {}}, false), "\"verdict\":\"unknown\""));
}

TEST_CASE("the past of health is asked by device, check and age") {
  StatusFixture node;
  HistoryQuery asked;
  node.view.health.history = [&](HistoryQuery query, auto done) {
    asked = std::move(query);
    Transition one;
    one.check = "memory";
    one.subject = "npu0";
    one.to = Verdict::kFail;
    one.count = 40;
    done(std::vector{one});
  };
  const std::string past =
      run(Verbs(node.view), {"health-history", {{"device", "npu0"}, {"since_s", "60"}}}, false);
  CHECK(has(past, "\"device\":\"npu0\",\"check\":\"memory\""));
  CHECK(has(past, "\"count\":40"));
  CHECK(asked.subject == "npu0");
  CHECK(asked.since_realtime_ns == node.clock.realtime_ns() - 60'000'000'000);
  CHECK(has(run(Verbs(node.view), {"health-history", {{"since_s", "soon"}}}, false),
            "\"code\":\"invalid\""));
}

TEST_CASE("a check or a reason is explained: what it means, what to do, where it stands") {
  StatusFixture node;
  node.judge();
  const Verbs verbs(node.view);
  const std::string check = run(verbs, {"health-explain", {{"word", "memory"}}}, false);
  CHECK(has(check, "\"meaning\":\"uncorrectable memory errors\""));
  CHECK(has(check, "\"device\":\"npu0\",\"decides\":true"));
  const std::string reason = run(verbs, {"health-explain", {{"word", "fan.failed"}}}, false);
  CHECK(has(reason, "\"action\":\"Replace the fan.\""));
  CHECK(has(reason, "\"now\":[]"));
  CHECK(has(run(verbs, {"health-explain", {{"word", "fan.faild"}}}, false),
            "did you mean 'fan.failed'?"));
}

TEST_CASE("who acts upon a device is what the kernel says, and only who may") {
  StatusFixture node;
  node.judge();
  const Verbs verbs(node.view);
  const Request cordon{
      "device",
      {{"action", "cordon"}, {"device", "npu1"}, {"reason", "fan"}, {"who", "eve"}},
      "ann"};
  CHECK(has(run(verbs, cordon, false), "\"code\":\"permission\""));
  CHECK(node.acts.empty());
  CHECK(has(run(verbs, cordon, true), "\"device\":\"npu1\""));
  REQUIRE(node.acts.size() == 1);
  CHECK(node.acts[0].who == "ann");
  CHECK(node.acts[0].why == "fan");
  CHECK(has(run(verbs, {"device", {{"action", "cordon"}, {"device", "npu0"}}}, true),
            "cordon needs a reason"));
  CHECK(has(run(verbs, {"device", {{"action", "uncordon"}, {"device", "npuO"}}}, true),
            "there is no device 'npuO'; did you mean 'npu"));
  CHECK(has(run(verbs, {"device", {{"action", "kick"}, {"device", "npu0"}}}, true),
            "is not done to a device"));
  CHECK(node.acts.size() == 1);
}

TEST_CASE("the server names the user at the other end") {
  Fixture f;
  f.node.judge();
  (void)f.ask("device action=uncordon device=npu0 who=eve\n");
  REQUIRE(f.node.acts.size() == 1);
  CHECK(f.node.acts[0].who == name_of_user(::getuid()));
  CHECK(name_of_user(4'000'000'000) == "uid 4000000000");
}

TEST_CASE("an event of one's own is answered with its number once it is stored, and not before") {
  StatusFixture node;
  std::optional<wire::Event> stored;
  std::function<void(Result<uint64_t>)> done;
  node.view.add_event = [&](wire::Event event, std::function<void(Result<uint64_t>)> then) {
    stored = std::move(event);
    done = std::move(then);
  };
  std::string answer;
  Verbs(node.view).run({"event", {{"sentence", "fan replaced"}, {"device", "npu0"}}}, true,
                       [&](const Result<std::string>& document) { answer = *document; });
  REQUIRE(stored);
  CHECK(stored->device_key == "npu0");
  CHECK(stored->plugin == "sim");
  CHECK(stored->severity == wire::Severity::kInfo);
  CHECK(stored->reason == "operator.note");
  CHECK(answer.empty());
  done(uint64_t{41});
  CHECK(answer == "{\"uuid\":\"" + stored->uuid.text() + "\",\"lane\":1,\"sequence\":41}");
}

TEST_CASE("an event that cannot be one is refused with what it should have been") {
  StatusFixture node;
  node.view.add_event = [](wire::Event, const auto&) { FAIL_CHECK("it was stored"); };
  const Verbs verbs(node.view);
  const auto refusal = [&](std::vector<std::pair<std::string, std::string>> arguments) {
    return run(verbs, {"event", std::move(arguments)}, true);
  };
  CHECK(has(refusal({}), "needs sentence="));
  CHECK(has(refusal({{"sentence", ""}}), "needs a sentence"));
  CHECK(has(refusal({{"sentence", "s"}, {"severity", "bad"}}), "info, warning, error or critical"));
  CHECK(has(refusal({{"sentence", "s"}, {"reason", "Not a code"}}), "is not a reason"));
  CHECK(has(refusal({{"sentence", "s"}, {"device", "npu7"}}), "\"code\":\"not_found\""));
}

TEST_CASE("an unknown verb is answered with those there are") {
  StatusFixture node;
  CHECK(has(run(Verbs(node.view), {"statsu", {}}, true), "it knows status, devices"));
}

TEST_CASE("a full disk is a problem with what to do about it, and passes when there is room") {
  StatusFixture node;
  const Verbs verbs(node.view);
  CHECK(run(verbs, {"status", {}}, false).find("\"subject\":\"queue\"") == std::string::npos);
  node.queue.disk_full = true;
  node.queue.directory = "/s";
  node.queue.room_bytes = 256 << 20;
  const std::string full = run(verbs, {"status", {}}, false);
  CHECK(has(full, "\"status\":\"disk_full\",\"reason\":\"the disk of '/s' is full"));
  CHECK(has(full, "free 256 MiB there"));
  node.queue.writable = false;
  node.queue.error = "database or disk is full";
  const std::string worse = run(verbs, {"status", {}}, false);
  CHECK(has(worse, "\"status\":\"not_writable\""));
  CHECK(has(worse, "make room on the disk of '/s'"));
}

TEST_CASE("status names what needs attention") {
  StatusFixture node;
  node.plugin.state = PluginState::kRefused;
  node.plugin.last_error = "sha256 does not match";
  node.coordinator.uplink->state = UplinkState::kWaiting;
  node.coordinator.uplink->last_error = "connection refused";
  const std::string status = run(Verbs(node.view), {"status", {}}, false);
  CHECK(has(status,
            "{\"subject\":\"device\",\"name\":\"npu1\",\"status\":\"unknown\","
            "\"reason\":\"did not answer within 500 ms\"}"));
  CHECK(
      has(status, "\"name\":\"sim\",\"status\":\"refused\",\"reason\":\"sha256 does not match\""));
  CHECK(has(status, "\"reason\":\"connection refused\""));
  CHECK(has(status, "\"total\":3,\"accelerators\":2,\"managed\":2"));
  CHECK(has(status, "\"uptime_s\":0.5"));
}

TEST_CASE("a node without a coordinator says so, and one not enrolled says what to do") {
  StatusFixture node;
  node.coordinator = {};
  CHECK(
      has(run(Verbs(node.view), {"status", {}}, false), "\"status\":\"stand_alone\",\"url\":null"));
  node.coordinator.url = "wss://farm";
  const std::string status = run(Verbs(node.view), {"status", {}}, false);
  CHECK(has(status, "\"status\":\"not_enrolled\""));
  CHECK(has(status, "run 'farmhand enroll'"));
}

TEST_CASE("a device shows who it is, its state with the reason, and its readings") {
  StatusFixture node;
  const std::string all = run(Verbs(node.view), {"devices", {}}, false);
  CHECK(has(all, "\"partition\":\"nhn-furiosa\""));
  CHECK(has(all, "\"temperature\":{\"value\":45.5,\"unit\":\"°C\",\"status\":\"ok\","));
  CHECK(has(all, "\"serial\":null"));
  CHECK(has(all, "\"energy\":{\"joules\":0,\"source\":\"counter\""));
  const std::string one = run(Verbs(node.view), {"devices", {{"device", "npu1"}}}, false);
  CHECK(has(one, "\"status\":\"unknown\",\"reason\":\"did not answer within 500 ms\""));
  CHECK(one.find("\"npu0\"") == std::string::npos);
  CHECK(
      has(run(Verbs(node.view), {"devices", {{"device", "x"}}}, false), "\"code\":\"not_found\""));
}

TEST_CASE("an unreadable metric has a status and no value") {
  StatusFixture node;
  const Verbs verbs(node.view);
  const std::string metrics =
      run(verbs, {"metrics", {{"device", "npu0"}, {"name", "utilization"}}}, false);
  CHECK(has(metrics,
            "\"label_value\":\"1\",\"kind\":\"gauge\",\"help\":\"Help of utilization.\","
            "\"reading\":{\"value\":null,\"unit\":\"%\",\"status\":\"no_permission\""));
  CHECK(metrics.find("temperature") == std::string::npos);
  CHECK(has(run(verbs, {"metrics", {{"name", "disk.*"}}}, false), "\"name\":\"disk.read\""));
  CHECK(has(run(verbs, {"metrics", {{"name", "nothing"}}}, false), "\"code\":\"not_found\""));
}

TEST_CASE("the last hour has a column a minute, and holes where nothing was read") {
  StatusFixture node;
  node.clock.advance_ns(120'000'000'000);
  node.sample("npu0", 1, 50);
  const std::string metrics =
      run(Verbs(node.view), {"metrics", {{"name", "temperature"}, {"history", "1h"}}}, false);
  CHECK(has(metrics, "\"step_s\":60,\"is_rate\":false,\"min\":[null,"));
  CHECK(has(metrics, "45.5,null,50]"));
}

TEST_CASE("plugins and queue show their accounts, with times a person can read") {
  StatusFixture node;
  const Verbs verbs(node.view);
  const std::string plugins = run(verbs, {"plugins", {}}, false);
  CHECK(has(plugins, "\"quarantined\":[{\"device\":\"npu1\",\"reason\":\"did not answer"));
  CHECK(has(plugins,
            "\"next_try\":{\"time\":\"2023-11-14T22:13:23.000Z\",\"boottime_ns\":4000000000}"));
  const std::string queue = run(verbs, {"queue", {}}, false);
  CHECK(has(queue, "{\"lane\":4,\"name\":\"telemetry\",\"last_sequence\":4120,\"records\":120,"));
  CHECK(has(queue, "\"dropped_records\":7"));
  CHECK(has(queue, "\"corruption\":0,\"downsample\":7,"));
}
