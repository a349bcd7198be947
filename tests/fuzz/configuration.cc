// SPDX-License-Identifier: Apache-2.0
// Configuration files and manifests. What loads can be shown, and what is shown loads again and
// says the same.
#include "config/agent_config.hh"
#include "config/coordinator_config.hh"
#include "config/fleet_config.hh"
#include "config/manifest.hh"
#include "fuzz.hh"

namespace farmhand::fuzz {

Seeds seeds() {
  return {
      "[node]\nname = \"n1\"\n[coordinator]\nurl = \"wss://c:7443/v1/sync\"\nca = \"/etc/ca.pem\"\n"
      "[telemetry]\ninterval = \"1s\"\nmetrics = {\"power.*\" = \"10ms\"}\n[outbox]\n"
      "size_max = \"2GiB\"\n[metrics]\nlisten = \"127.0.0.1:9464\"\n[plugins]\nenabled = "
      "[\"sim\"]\n[plugins.sim]\ncpu_max_percent = 5.5\nmemory_max = \"1MiB\"\n"
      "[plugins.sim.settings]\ndevices = [\"RNGD:2\", 3, true]\n",
      render_effective(AgentConfig()),
      "[listen]\naddress = \"127.0.0.1:7443\"\ncert = \"/c.pem\"\nkey = \"/k.pem\"\n[paths]\n"
      "state_dir = \"/var/lib/x\"\n[capacity]\ntarget_petaflops = 10\n[telemetry]\nkeep = "
      "\"24h\"\n",
      "[coordinator]\nurl = \"https://c:7443\"\nca = \"/ca.pem\"\ntoken_file = \"/token\"\n",
      "id = \"sim\"\nvendor = \"farmhand\"\nversion = \"1.0\"\nabi = \"1.0\"\nlibrary = "
      "\"sim.so\"\n"
      "sha256 = \"" +
          std::string(64, 'a') +
          "\"\ninterfaces = [\"farmhand.devices/1\"]\n"
          "groups = [\"render\"]\n[[settings]]\nkey = \"devices\"\ndefault = \"RNGD:8\"\n",
      "a = 1979-05-27T07:32:00Z\nb = '''x'''\nc = [[1,2],[3]]\nd.e.f = 0x1f\ng = nan\n"};
}

namespace {

template <typename Load>
void require_shown(std::string_view input, Load load) {
  const BytesFile file(input);
  const auto config = load(file.path());
  if (!config) return;
  const std::string shown = render_effective(*config);
  const BytesFile again_file(shown);
  const auto again = load(again_file.path());
  require(again.ok(), "a configuration that is shown loads");
  require(render_effective(*again) == shown, "a configuration that is shown says the same");
}

}  // namespace
}  // namespace farmhand::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farmhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::require_shown(input, [](const auto& path) { return load_agent_config(path, ""); });
  fuzz::require_shown(input, load_coordinator_config);
  const fuzz::BytesFile file(input);
  (void)load_fleet_config(file.path());
  (void)parse_manifest(input, "fuzz.toml");
  return 0;
}
