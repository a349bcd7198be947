// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <farmhand/abi.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.hh"
#include "config/agent_config.hh"
#include "config/coordinator_config.hh"
#include "config/manifest.hh"

using namespace farmhand;
using namespace std::chrono_literals;

namespace {

// A directory with an agent.toml and a conf.d, gone at the end.
class Tree {
 public:
  Tree() {
    char name[] = "/tmp/farmhand-config-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    dir_ = name;
    std::filesystem::create_directory(dir_ + "/conf.d");
    put("agent.toml", "");
  }
  ~Tree() { std::filesystem::remove_all(dir_); }

  void put(const std::string& name, std::string_view text) {
    std::ofstream(dir_ + '/' + name) << text;
  }
  std::string path(const std::string& name) const { return dir_ + '/' + name; }
  Result<AgentConfig> load() const { return load_agent_config(path("agent.toml"), path("conf.d")); }
  Result<AgentConfig> load(std::string_view text) {
    put("agent.toml", text);
    return load();
  }
  // What is said of `text`, without the directory.
  std::string complaint(std::string_view text) {
    const auto config = load(text);
    if (config) return "";
    std::string message = config.error().message;
    for (size_t at; (at = message.find(dir_ + '/')) != message.npos;) {
      message.erase(at, dir_.size() + 1);
    }
    return message;
  }

 private:
  std::string dir_;
};

std::string shipped(const std::string& name) {
  return std::string(FARMHAND_SOURCE_DIR) + "/packaging/config/" + name;
}

// The text of the comments, in one line.
std::string prose_of(const std::string& text) {
  std::istringstream in(text);
  std::string prose;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) prose += line.substr(2) + ' ';
  }
  return prose;
}

// Every line that shows a key or a section, no longer commented out.
std::string uncommented(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool shown = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (shown ? line.substr(1) : line) + '\n';
  }
  return out;
}

// `member = …` under `[section]`, or empty.
std::string value_shown(const std::string& text, const std::string& section,
                        const std::string& member) {
  std::istringstream in(text);
  std::string current;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('[')) current = line.substr(1, line.find(']') - 1);
    if (current == section && line.starts_with(member + " = ")) {
      return line.substr(member.size() + 3);
    }
  }
  return "";
}

void check_documented(const std::string& file, const std::vector<KeyDoc>& keys) {
  const auto text = read_file(shipped(file));
  REQUIRE(text);
  const std::string lines = uncommented(*text);
  const std::string prose = prose_of(*text);
  for (const KeyDoc& key : keys) {
    CAPTURE(key.name);
    const size_t dot = key.name.rfind('.');
    std::string section = key.name.substr(0, dot);
    if (section == "plugins.<id>") section = "plugins.furiosa";
    const std::string shown = value_shown(lines, section, key.name.substr(dot + 1));
    CHECK_FALSE(shown.empty());
    if (!key.default_value.empty()) CHECK(shown == key.default_value);
    CHECK(prose.find(key.help) != prose.npos);
    const std::string after = prose.substr(prose.find(key.help) + key.help.size(), 120);
    CHECK(after.starts_with(" (" + key.type + ")"));
    const bool says_restart = after.starts_with(" (" + key.type + ") A change needs a restart.");
    CHECK(says_restart == (key.effect == Effect::kRestart));
  }
}

constexpr std::string_view kManifest = R"(
id = "furiosa"
vendor = "furiosa"
version = "1.2.0"
abi = {major = 1, minor = 0}
library = "furiosa.so"
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
interfaces = ["farmhand.devices/1", "farmhand.telemetry/1"]
flags = ["uses_threads"]
user = "farmhand"
groups = ["render"]
driver_library = "libfuriosa_smi.so.1"

[[settings]]
key = "card_limit"
default = 4
help = "Stop after this many cards."
)";

std::string manifest_with(std::string_view from, std::string_view to) {
  std::string text(kManifest);
  const size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an empty file gives the defaults, and the host's name") {
  Tree tree;
  const auto config = tree.load();
  REQUIRE(config);
  CHECK(config->telemetry.interval == 1s);
  CHECK(config->outbox.size_max == uint64_t{2} << 30);
  CHECK(config->metrics.listen == Address{"127.0.0.1", 9464});
  CHECK(config->coordinator.url.empty());
  CHECK_FALSE(config->node.name.empty());
  CHECK(config->plugin_enabled("sim"));
}

TEST_CASE("every key arrives where it belongs") {
  Tree tree;
  const auto config = tree.load(R"(
[node]
name = "n1"
[paths]
state_dir = "/s"
runtime_dir = "/r"
plugin_dirs = ["/a", "/b"]
[coordinator]
url = "wss://c.example:7443/v1/sync"
ca = "/ca.pem"
[telemetry]
interval = "500ms"
metrics = { power = "10ms", "link.*" = "5m" }
[metrics]
listen = ""
[outbox]
size_max = "64MiB"
[log]
level = "debug"
[commands]
trusted_keys = ["/k.pem"]
[plugins]
enabled = ["host", "sim"]
[plugins.sim]
interval = "2s"
cpu_max_percent = 50
memory_max = "64MiB"
[plugins.sim.settings]
devices = 8
models = ["RNGD", "X330"]
noise = 0.5
fast = true
)");
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->node.name == "n1");
  CHECK(config->paths.plugin_dirs == std::vector<std::string>{"/a", "/b"});
  CHECK(config->telemetry.metrics ==
        std::vector<MetricInterval>{{"power", 10ms}, {"link.*", 300s}});
  CHECK(config->metrics.listen.off());
  CHECK(config->outbox.size_max == 64u << 20);
  CHECK(config->log.level == log::Level::kDebug);
  CHECK_FALSE(config->plugin_enabled("furiosa"));
  const PluginConfig sim = config->plugin("sim");
  CHECK(sim.interval == 2s);
  CHECK(sim.memory_max == 64u << 20);
  CHECK(sim.settings ==
        std::vector<std::pair<std::string, std::string>>{
            {"devices", "8"}, {"models", "RNGD,X330"}, {"noise", "0.5"}, {"fast", "true"}});
}

TEST_CASE("an unknown key is refused with its line, and with the key that was meant") {
  Tree tree;
  CHECK(tree.complaint("[telemetry]\nintervall = \"1s\"\n") ==
        "agent.toml:2: unknown key 'intervall' in [telemetry]; did you mean 'interval'?");
  CHECK(tree.complaint("[telemetri]\n") ==
        "agent.toml:1: unknown section [telemetri]; did you mean [telemetry]?");
  CHECK(tree.complaint("interval = \"1s\"\n") ==
        "agent.toml:1: unknown key 'interval' outside of a section; it belongs in [telemetry]");
  CHECK(tree.complaint("[log]\nsize_max = \"1GiB\"\n") ==
        "agent.toml:2: unknown key 'size_max' in [log]; it belongs in [outbox]");
  CHECK(tree.complaint("[plugins.sim]\ndeadlin = \"1s\"\n") ==
        "agent.toml:2: unknown key 'deadlin' in [plugins.sim]; did you mean 'deadline'?");
  CHECK(tree.complaint("[log]\nzzzzzzzzz = 1\n") ==
        "agent.toml:2: unknown key 'zzzzzzzzz' in [log]");
}

TEST_CASE("every mistake of every file is told at once") {
  Tree tree;
  tree.put("conf.d/50-x.toml", "[log]\nlevel = \"loud\"\n");
  CHECK(tree.complaint(
            "[telemetry]\ninterval = 5\n\n[outbox]\nsize_max = \"lots\"\n[node]\nnam = 1\n") ==
        "agent.toml:2: 'telemetry.interval' must be a duration from \"10ms\" to \"1d\", not 5\n"
        "agent.toml:5: 'outbox.size_max': 'lots' is not a size: write a number and one of B, KiB, "
        "MiB, "
        "GiB, TiB (or kB, MB, GB, TB), such as \"512MiB\"\n"
        "agent.toml:7: unknown key 'nam' in [node]; did you mean 'name'?\n"
        "conf.d/50-x.toml:2: 'log.level' must be \"debug\", \"info\", \"warn\" or \"error\", not "
        "\"loud\"");
}

TEST_CASE("half a time is a mistake like any other, and not the end of the process") {
  Tree tree;
  CHECK(tree.complaint("a = 1979-05-27T   2:00Z\n").starts_with("agent.toml:1: "));
}

TEST_CASE("wrong values are told with what is expected") {
  Tree tree;
  const auto mentions = [&](std::string_view text, std::string_view words) {
    const std::string complaint = tree.complaint(text);
    CAPTURE(text);
    CAPTURE(complaint);
    CHECK(complaint.find(words) != complaint.npos);
  };
  mentions("[telemetry]\ninterval = \"5ms\"", "from \"10ms\"");
  mentions("[telemetry]\ninterval = \"1 fortnight\"", "ms, s, m, h, d");
  mentions("[telemetry]\nmetrics = { power = \"1ms\" }", "'telemetry.metrics.\"power\"'");
  mentions("[telemetry]\nmetrics = { \"Power!\" = \"1s\" }", "not a metric name");
  mentions("[paths]\nstate_dir = \"var\"", "an absolute path");
  mentions("[paths]\nplugin_dirs = \"/x\"", "an array of absolute paths");
  mentions("[metrics]\nlisten = \"9464\"", "write host:port");
  mentions("[metrics]\nlisten = \"127.0.0.1:99999\"", "write host:port");
  mentions("[coordinator]\nurl = \"ws://h/\"\nca = \"/c\"", "begins with wss://");
  mentions("[coordinator]\nurl = \"wss://h/\"", "has a 'url' and no 'ca'");
  mentions("[coordinator]\ncert = \"/c\"", "both 'cert' and 'key'");
  mentions("[plugins.Sim]\n", "is not a plugin id");
  mentions("[plugins]\nenabled = \"all\"", "an array of plugin ids");
  mentions("[plugins.sim]\ncpu_max_percent = -1", "a whole number from 0");
  mentions("[plugins.sim.settings]\nx = { y = 1 }", "must be text, a number");
  mentions("log = 1", "unknown key 'log' outside of a section");
  mentions("[log\n", "agent.toml:1: not valid TOML");
  mentions("[log]\nlevel = 1979-05-27", "not a date or time");
}

TEST_CASE("a secret in the file is refused, a file that holds one is not") {
  Tree tree;
  CHECK(tree.complaint("[coordinator]\ntoken = \"x\"\n").find("secrets do not belong") !=
        std::string::npos);
  CHECK(
      tree.complaint("[plugins.sim.settings]\nbmc_password = \"x\"\n").find("bmc_password_file") !=
      std::string::npos);
  CHECK(tree.load("[plugins.sim.settings]\nbmc_password_file = \"/x\"\n"));
}

TEST_CASE("conf.d is read in the order of the names, and the later word wins key by key") {
  Tree tree;
  tree.put("conf.d/20-b.toml",
           "[telemetry]\nmetrics = { power = \"20ms\" }\n[log]\nlevel = \"warn\"\n");
  tree.put("conf.d/10-a.toml", "[telemetry]\ninterval = \"3s\"\n[log]\nlevel = \"error\"\n");
  tree.put("conf.d/.hidden.toml", "nonsense");
  tree.put("conf.d/note.txt", "nonsense");
  const auto config = tree.load(
      "[telemetry]\ninterval = \"2s\"\nmetrics = { power = \"1s\", temperature = \"5s\" }\n");
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->telemetry.interval == 3s);
  CHECK(config->log.level == log::Level::kWarn);
  CHECK(config->telemetry.metrics ==
        std::vector<MetricInterval>{{"power", 20ms}, {"temperature", 5s}});
}

TEST_CASE("a file that is not there is not found, an absent conf.d is nothing") {
  CHECK(load_agent_config("/nowhere/agent.toml", "").error().code == Errc::kNotFound);
  Tree tree;
  CHECK(load_agent_config(tree.path("agent.toml"), "/nowhere"));
}

TEST_CASE("what is in force loads again to the same") {
  Tree tree;
  const auto config = tree.load(R"(
[coordinator]
url = "wss://c:1/v1/sync"
ca = "/a \"b\"\t.pem"
[telemetry]
metrics = { "link.*" = "90s" }
[plugins]
enabled = []
[plugins.sim]
user = "u"
[plugins.sim.settings]
a-b = "x\ny"
[plugins.host]
enabled = false
)");
  REQUIRE_MESSAGE(config, config.error().message);
  const std::string rendered = render_effective(*config);
  const auto again = tree.load(rendered);
  REQUIRE_MESSAGE(again, again.error().message);
  CHECK(render_effective(*again) == rendered);
  CHECK(diff(*config, *again).empty());
  CHECK(again->plugin("sim").settings[0].second == "x\ny");
}

TEST_CASE("a reload is told which keys changed and which of them wait for a restart") {
  Tree tree;
  const auto before = *tree.load("");
  const auto after = *tree.load(
      "[log]\nlevel = \"debug\"\n[outbox]\nsize_max = \"1GiB\"\n[plugins.sim.settings]\nn = 1\n");
  const auto changes = diff(before, after);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].key == "outbox.size_max");
  CHECK(changes[2].key == "plugins.sim.settings");
  CHECK(changes[2].effect == Effect::kHost);
  CHECK(diff_needs_restart(before, after) == std::vector<std::string>{"outbox.size_max"});
}

TEST_CASE("the shipped files load, document every key in its own words and show each default") {
  REQUIRE_MESSAGE(load_agent_config(shipped("agent.toml"), ""), "agent.toml");
  REQUIRE_MESSAGE(load_coordinator_config(shipped("coordinator.toml")), "coordinator.toml");
  check_documented("agent.toml", agent_config_keys());
  check_documented("coordinator.toml", coordinator_config_keys());
  Tree tree;
  const auto all = tree.load(uncommented(*read_file(shipped("agent.toml"))));
  CHECK_MESSAGE(all, all.error().message);
}

TEST_CASE("the coordinator's file is as strict as the agent's") {
  Tree tree;
  tree.put("c.toml",
           "[listen]\naddress = \"[::1]:0\"\ncert = \"/c\"\nkey = \"/k\"\n[capacity]\n"
           "target_petaflops = 12.5\n[telemetry]\nkeep = \"7d\"\n");
  const auto config = load_coordinator_config(tree.path("c.toml"));
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->listen.address == Address{"::1", 0});
  CHECK(config->capacity.target_petaflops == 12.5);
  CHECK(config->telemetry.keep == 168h);
  tree.put("c.toml", render_effective(*config));
  CHECK(load_coordinator_config(tree.path("c.toml")));
  tree.put("c.toml",
           "[listen]\nadress = \"x\"\ncert = \"/c\"\n[capacity]\ntarget_petaflops = \"ten\"\n");
  const std::string message = load_coordinator_config(tree.path("c.toml")).error().message;
  CHECK(message.find("c.toml:2: unknown key 'adress' in [listen]; did you mean 'address'?") !=
        message.npos);
  CHECK(message.find("'capacity.target_petaflops' must be a number") != message.npos);
  CHECK(message.find("needs both 'cert' and 'key'") != message.npos);
}

TEST_CASE("durations, sizes, addresses and URLs are read as people write them") {
  CHECK(*parse_duration("1.5s") == 1500ms);
  CHECK(*parse_duration("2 h") == 7200s);
  CHECK(*parse_duration("0") == 0ms);
  for (const char* bad : {"", "5", "s", "-1s", "1e3s", "nan", "99999999999999d"}) {
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(*parse_size("1kB") == 1000);
  CHECK(*parse_size("1.5KiB") == 1536);
  CHECK(text_of_size(3u << 20) == "3MiB");
  CHECK(text_of(90s) == "90s");
  CHECK(text_of(0ms) == "0");
  CHECK(*parse_address("[::1]:80") == Address{"::1", 80});
  CHECK(text_of(Address{"::1", 80}) == "[::1]:80");
  for (const char* bad : {"host", "host:", ":80", "::1:80", "a b:80", "[::1]", "h:65536"}) {
    CHECK_FALSE(parse_address(bad));
  }
  CHECK(*parse_url("wss://h/v1/sync") == Url{"wss", "h", 443, "/v1/sync"});
  CHECK(*parse_url("https://[::1]:7443") == Url{"https", "::1", 7443, "/"});
  for (const char* bad : {"", "h:1", "ftp://h/", "wss://", "wss:///x", "wss://h:0/"}) {
    CHECK_FALSE(parse_url(bad));
  }
}

TEST_CASE("a manifest says who the plugin is and what it wants") {
  const auto manifest = parse_manifest(kManifest, "furiosa.toml");
  REQUIRE_MESSAGE(manifest, manifest.error().message);
  CHECK(manifest->id == "furiosa");
  CHECK(manifest->abi_major == 1);
  CHECK(manifest->interfaces.size() == 2);
  CHECK(manifest->flags == FH_FLAG_USES_THREADS);
  CHECK(manifest->groups == std::vector<std::string>{"render"});
  REQUIRE(manifest->settings.size() == 1);
  CHECK(manifest->settings[0].default_value == "4");
}

TEST_CASE("a manifest is refused with every reason, and a newer one's new keys are passed over") {
  const auto complaint = [](const std::string& text) {
    const auto manifest = parse_manifest(text, "m.toml");
    return manifest ? std::string() : manifest.error().message;
  };
  CHECK(complaint("") ==
        "m.toml: the key 'id' is missing\nm.toml: the key 'vendor' is missing\n"
        "m.toml: the key 'version' is missing\nm.toml: the key 'abi' is missing\n"
        "m.toml: the key 'library' is missing\nm.toml: the key 'sha256' is missing\n"
        "m.toml: the key 'interfaces' is missing");
  CHECK(complaint(manifest_with("furiosa.so", "../furiosa.so")).find("not a path") !=
        std::string::npos);
  CHECK(complaint(manifest_with("ba78", "BA78")).find("64 lower case hex") != std::string::npos);
  CHECK(complaint(manifest_with("id = \"furiosa\"", "id = \"Furiosa\"")).find("m.toml:2: 'id'") ==
        0);
  CHECK(complaint(manifest_with("groups", "group")) ==
        "m.toml:11: unknown key 'group'; did you mean 'groups'?");
  CHECK(complaint(manifest_with("uses_threads", "flies")).find("unknown flag 'flies'") !=
        std::string::npos);
  std::string newer = manifest_with("minor = 0", "minor = 9");
  newer.insert(1, "colour = \"blue\"\n");
  CHECK(complaint(newer).empty());
}
