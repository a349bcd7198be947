// SPDX-License-Identifier: Apache-2.0
// What is checked before a plugin runs, what a good one gives, and the parts of the supervisor that
// stand alone.
#include <doctest.h>

#include <cmath>
#include <fstream>

#include "plugin/budget.hh"
#include "plugin/identity.hh"
#include "plugin/latency.hh"
#include "plugin/quarantine.hh"
#include "plugin/text.hh"
#include "plugin_fixture.hh"

using namespace farmhand;

namespace {

std::string refusal(const std::string& manifest) {
  const auto verified = verify_plugin(manifest);
  return verified ? std::string("not refused") : verified.error().message;
}

}  // namespace

TEST_CASE("a good plugin's devices are listed, described and read") {
  Stage stage("good");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  REQUIRE(stage.heard.devices.size() == 2);
  const DeviceInfo& first = stage.heard.devices[0];
  CHECK(first.key == "a");
  CHECK(first.plugin == "bad");
  CHECK(first.vendor == "acme");
  CHECK(first.state == DeviceState::kManaged);
  REQUIRE(first.peaks.size() == 1);
  CHECK(first.peaks[0].tera_ops == 128);
  const auto& device = stage.device("b");
  REQUIRE(device.metrics.size() == 2);
  CHECK(device.metrics[1].name == "power");
  CHECK(device.metrics[1].unit == Unit::kWatt);
  REQUIRE(device.last.size() == 2);
  CHECK(device.last[0].value == 12);
  CHECK(device.last[0].status == SampleStatus::kOk);
  const PluginStatus status = stage.status();
  CHECK(status.state == PluginState::kRunning);
  CHECK(status.pid > 0);
  CHECK(status.restarts == 0);
  CHECK(status.calls > 2);
  CHECK(status.latency_max_ns >= status.latency_p50_ns);
}

TEST_CASE("a file or folder that others can write is refused, with the command that mends it") {
  const TemporaryFolder folder;
  const std::string manifest = install(folder, "good");
  CHECK(verify_plugin(manifest));
  ::chmod(folder.file("good.so").c_str(), 0666);
  CHECK(contains(refusal(manifest), "chmod go-w '" + folder.file("good.so") + "'"));
  ::chmod(folder.file("good.so").c_str(), 0644);
  ::chmod(manifest.c_str(), 0664);
  CHECK(contains(refusal(manifest), "chmod go-w"));
  ::chmod(manifest.c_str(), 0644);
  ::chmod(folder.file(".").c_str(), 0777);
  CHECK(contains(refusal(manifest), "chmod go-w"));
  ::chmod(folder.file(".").c_str(), 01777);
  CHECK(contains(refusal(manifest), "can be written by others"));
  ::chmod(folder.file(".").c_str(), 0755);
  CHECK(verify_plugin(manifest));
}

TEST_CASE("a library whose hash is not the manifest's is refused") {
  const TemporaryFolder folder;
  const std::string manifest = install(folder, "good");
  std::ofstream(folder.file("good.so"), std::ios::app) << 'x';
  CHECK(contains(refusal(manifest), "sha256"));
}

TEST_CASE("a library behind a symbolic link is refused, a folder behind one is not") {
  const TemporaryFolder folder;
  const std::string manifest = install(folder, "good");
  const TemporaryFolder other;
  std::filesystem::create_directory_symlink(folder.file(""), other.file("plugins"));
  CHECK(verify_plugin(other.file("plugins/bad.toml")));
  std::filesystem::rename(folder.file("good.so"), folder.file("real.so"));
  std::filesystem::create_symlink("real.so", folder.file("good.so"));
  CHECK(contains(refusal(manifest), "symbolic link"));
}

TEST_CASE("what the loader refuses is shown as refused and never tried again") {
  const std::pair<const char*, const char*> cases[] = {
      {"exports_more", "exports 'helper_everyone_sees'"},
      {"no_entry", "does not export farmhand_plugin_v1"},
      {"entry_is_function", "not a data object"},
      {"wrong_major", "ABI major 2"},
      {"wrong_id", "its id is 'somebody-else', the manifest says 'bad'"},
      {"null_slots", "is missing in its entry"},
      {"null_tables", "its table of farmhand.devices/1 lacks function number 1"},
  };
  for (const auto& [name, sentence] : cases) {
    CAPTURE(name);
    Stage stage(name);
    stage.start();
    CHECK(stage.until([&] { return stage.status().state == PluginState::kRefused; }));
    CHECK(contains(stage.status().last_error, sentence));
    stage.run_for(150);
    CHECK(stage.status().restarts == 0);
    CHECK(stage.status().pid == 0);
  }
}

TEST_CASE("a missing driver is no devices and a sentence, and is looked for again") {
  Stage stage("no_driver");
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until([&] { return stage.status().state == PluginState::kRunning; }));
  CHECK(stage.heard.devices.empty());
  CHECK(contains(stage.status().last_error, "not supported: libacme.so.1 is not installed"));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
}

TEST_CASE("a device without metrics is listed and not unknown") {
  Stage stage("no_metrics");
  stage.start();
  REQUIRE(stage.until([&] { return stage.device("b").count > 2; }));
  CHECK(stage.heard.devices.size() == 2);
  CHECK(stage.device("a").metrics.empty());
  CHECK(stage.device("a").times_unknown == 0);
}

TEST_CASE("a slow device keeps nobody waiting, and what is wanted meanwhile is merged") {
  Stage stage("slow_sample");
  stage.start();
  REQUIRE(stage.until([&] { return stage.device("a").count > 3; }));
  CHECK(stage.device("b").count > stage.device("a").count * 2);
  CHECK(stage.device("a").times_unknown == 0);
  CHECK(stage.device("a").last.size() == 2);
  CHECK(stage.status().restarts == 0);
}

TEST_CASE("malformed records are left out, and the good ones beside them are kept") {
  Stage stage("garbage");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  REQUIRE(stage.heard.devices.size() == 2);
  CHECK(stage.heard.devices[0].key == "a");
  CHECK(stage.heard.devices[1].key == "b");
  CHECK(stage.heard.devices[0].peaks.size() == 1);
  REQUIRE(stage.device("a").metrics.size() == 2);
  CHECK(stage.device("a").metrics[0].unit == Unit::kNone);
  REQUIRE(stage.device("a").last.size() == 2);
  for (const Sample& sample : stage.device("a").last) CHECK(std::isfinite(sample.value));
}

TEST_CASE("a flood of log lines and records is cut, and costs the device that floods") {
  PluginSettings settings;
  settings.deadline_ms = 5'000;  // the cut is what is tested, not how fast a sanitizer gets there
  Stage stage("flood", settings);
  stage.start();
  REQUIRE(stage.until([&] { return stage.device("b").count > 3; }));
  CHECK(contains(stage.device("a").unknown, "the call emitted more than 4 MiB"));
  CHECK(stage.status().restarts == 0);
}

TEST_CASE("the pace of retries doubles to its limit, and the breaker goes there at once") {
  const RetryPace pace{
      .min_ms = 1'000, .max_ms = 300'000, .stable_ms = 60'000, .breaker_failures = 8};
  CHECK(pace.delay_ms(1) == 1'000);
  CHECK(pace.delay_ms(2) == 2'000);
  CHECK(pace.delay_ms(7) == 64'000);
  CHECK(pace.delay_ms(8) == 300'000);
  Quarantine quarantine(pace);
  quarantine.hold("a", "hung", 0);
  quarantine.hold("b", "hung", 5);
  CHECK(quarantine.next()->key == "a");
  quarantine.release("a", 1'000'000'000);
  CHECK(quarantine.next()->key == "b");
  quarantine.hold("a", "hung again", 2'000'000'000);
  CHECK(quarantine.held()[0].failures == 2);
  quarantine.release("a", 3'000'000'000);
  quarantine.hold("a", "much later", 100'000'000'000);
  CHECK(quarantine.held()[0].failures == 1);
}

TEST_CASE("one burst of CPU is no fault, three looks over budget are") {
  Budget budget(50, 0);
  const uint64_t second = 1'000'000'000;
  CHECK_FALSE(budget.look(1 * second, 0, 0));
  CHECK_FALSE(budget.look(2 * second, second, 0));
  CHECK_FALSE(budget.look(3 * second, second, 0));
  CHECK_FALSE(budget.look(4 * second, 2 * second, 0));
  CHECK_FALSE(budget.look(5 * second, 3 * second, 0));
  CHECK(budget.look(6 * second, 4 * second, 0));
  budget.change_host(4 * second);
  CHECK_FALSE(budget.look(7 * second, second, 0));
  CHECK(budget.cpu_ns() == 5 * second);
}

TEST_CASE("percentiles are at most a quarter too high") {
  LatencyHistogram latency;
  CHECK(latency.percentile_ns(99) == 0);
  for (uint64_t us = 1; us <= 1000; ++us) latency.add(us * 1000);
  CHECK(latency.percentile_ns(50) >= 500'000);
  CHECK(latency.percentile_ns(50) <= 640'000);
  CHECK(latency.percentile_ns(99) >= 990'000);
  CHECK(latency.max_ns() == 1'000'000);
  latency.add(UINT64_MAX);
  CHECK(latency.max_ns() == UINT64_MAX);
}

TEST_CASE("text from beyond is whole UTF-8 without control characters") {
  CHECK(is_clean_text("Grüße 한국 𝄞"));
  CHECK_FALSE(is_clean_text("\xc0\x80"));
  CHECK_FALSE(is_clean_text("\xed\xa0\x80"));
  CHECK_FALSE(is_clean_text("\xf4\x90\x80\x80"));
  CHECK_FALSE(is_clean_text("cut \xe2\x82"));
  CHECK_FALSE(is_clean_text("bell\a"));
  CHECK(cleaned_text("a\xff"
                     "b\n€",
                     100) == "a?b €");
  CHECK(cleaned_text("€€", 4) == "€");
}

TEST_CASE("a user is looked up where one may be changed to, and a missing one is a sentence") {
  CHECK(*find_identity("", {"video"}) == "");
  if (::geteuid() != 0) return;
  CHECK(find_identity("nobody", {})->starts_with("65534:"));
  CHECK(find_identity("no-such-user", {}).error().code == Errc::kNotFound);
}

TEST_CASE("a plugin runs as the user that is named for it") {
  if (::geteuid() != 0) return;
  PluginSettings settings;
  settings.user = "nobody";
  Stage stage("good", settings);
  ::chmod(stage.folder().file(".").c_str(), 0755);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  struct stat process {};
  REQUIRE(::stat(("/proc/" + std::to_string(stage.status().pid)).c_str(), &process) == 0);
  CHECK(process.st_uid == 65534);
}
