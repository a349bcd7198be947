// SPDX-License-Identifier: Apache-2.0
// A small node as the control socket and /metrics see it: two accelerators, one of them unknown,
// the node itself, one plugin, a queue, a live session. The clock is a test's to move.
#pragma once

#include "control/view.hh"

struct StatusFixture {
  farmhand::ManualClock clock;
  farmhand::Inventory inventory{clock};
  farmhand::Telemetry telemetry{clock, farmhand::IntervalRules()};
  farmhand::CoordinatorView coordinator;
  farmhand::OutboxStats queue;
  farmhand::PluginStatus plugin;
  farmhand::StatusView view;

  StatusFixture() : view(make_view()) {
    coordinator.url = "wss://farm.example:7443/v1/sync";
    coordinator.enrolled = true;
    coordinator.cloud = "NHN";
    coordinator.partitions = {"nhn-furiosa"};
    coordinator.uplink.emplace().state = farmhand::UplinkState::kLive;
    coordinator.uplink->sessions = 3;
    queue.lanes[4].depth = 120;
    queue.lanes[4].last_seq = 4120;
    queue.lanes[4].bytes = 8192;
    queue.lanes[4].oldest_age_ns = 1'500'000'000;
    queue.lanes[4].gap_records = 7;
    queue.lanes[4].gaps[static_cast<size_t>(farmhand::GapReason::kDownsample)] = 7;
    queue.size_max = 1 << 20;
    queue.writable = true;
    plugin.id = "sim";
    plugin.state = farmhand::PluginState::kRunning;
    plugin.pid = 4242;
    plugin.device_count = 2;
    plugin.calls = 10;
    plugin.latency_p99_ns = 2'000'000;
    plugin.quarantined.push_back({.key = "npu1",
                                  .reason = "did not answer within 500 ms",
                                  .failures = 2,
                                  .breaker_open = false,
                                  .since_boottime_ns = 900'000'000,
                                  .next_try_boottime_ns = 4'000'000'000});
    fill_devices();
  }

  static farmhand::MetricInfo metric(uint32_t id, const char* name, farmhand::Unit unit) {
    farmhand::MetricInfo made;
    made.id = id;
    made.name = name;
    made.unit = unit;
    made.help = std::string("Help of ") + name + ".";
    return made;
  }

  // npu0 failed and is cordoned, npu1 is unknown, the node is well; one check is refused.
  void judge() {
    using namespace farmhand;
    CheckStatus memory;
    memory.check = "memory";
    memory.source = "plugin sim";
    memory.verdict = Verdict::kFail;
    memory.reason = "memory.uncorrected";
    memory.sentence = "2 uncorrectable errors";
    memory.action = "Drain the device and reset it.";
    memory.since_ns = clock.boottime_ns();
    Evidence errors;
    errors.name = "errors";
    errors.value = 2;
    errors.most = 0;
    memory.evidence = {errors};
    CheckStatus disk;
    disk.check = "disk";
    disk.source = "command disk";
    disk.verdict = Verdict::kOk;
    Evidence used = errors;
    used.name = "/ used";
    used.unit = Unit::kByte;
    disk.evidence = {used, used};
    SubjectHealth npu0;
    npu0.key = "npu0";
    npu0.verdict = Verdict::kFail;
    npu0.deciding_check = "memory";
    npu0.checks = {memory};
    npu0.hold = Hold{HoldKind::kCordoned, "new riser", "ann", clock.realtime_ns(), "uncordon"};
    SubjectHealth npu1;
    npu1.key = "npu1";
    SubjectHealth host;
    host.verdict = Verdict::kOk;
    host.deciding_check = "disk";
    host.checks = {disk};
    view.health.subjects = [subjects = std::vector{host, npu0, npu1}] { return subjects; };
    view.health.refused = [] {
      return std::vector<RefusedCheck>{
          {"/etc/farmhand/checks.d/a.toml", 3, "disk", "'intervall' is not known"}};
    };
    view.health.may_lease = [](std::string_view key) -> Result<void> {
      if (key == "npu0") return Error{Errc::kRefused, "cordoned by ann: new riser"};
      return {};
    };
    view.health.act = [this](const DeviceAct& act, const auto& done) {
      acts.push_back(act);
      done({});
    };
  }
  std::vector<farmhand::DeviceAct> acts;

  void sample(const char* device, uint32_t id, double value,
              farmhand::SampleStatus status = farmhand::SampleStatus::kOk) {
    const farmhand::Sample one{
        .metric = id, .status = status, .value = value, .boottime_ns = clock.boottime_ns()};
    telemetry.on_samples(device, {&one, 1});
  }

 private:
  farmhand::StatusView make_view() {
    return {.facts = {.version = "1.2.3",
                      .node = {},
                      .node_name = "node-a",
                      .boot_id = "b",
                      .state_dir = "/s",
                      .runtime_dir = "/r",
                      .config_path = "/c",
                      .metrics_address = "127.0.0.1:9464",
                      .started_ns = 500'000'000},
            .clock = clock,
            .inventory = inventory,
            .telemetry = telemetry,
            .plugins = [this] { return std::vector{plugin}; },
            .queue = [this] { return queue; },
            .coordinator = [this] { return coordinator; },
            .config = [] { return std::string("[node]\nname = \"node-a\"\n"); },
            .enroll = {},
            .add_event = {},
            .turns = nullptr};
  }

  void fill_devices() {
    using namespace farmhand;
    DeviceInfo npu0;
    npu0.key = "npu0";
    npu0.plugin = "sim";
    npu0.vendor = "furiosa";
    npu0.model = "RNGD \"A\\1\"";
    npu0.pci = "0000:03:00.0";
    npu0.memory_bytes = 48ull << 30;
    npu0.peaks = {{.dtype = "int8", .tera_ops = 512, .source = "data sheet"}};
    DeviceInfo npu1 = npu0;
    npu1.key = "npu1";
    npu1.pci.clear();
    DeviceInfo node;
    node.key = "node";
    node.plugin = "host";
    node.kind = DeviceKind::kNode;
    inventory.on_devices("sim", {npu0, npu1});
    inventory.on_devices("host", {node});
    inventory.on_device_unknown("npu1", "did not answer within 500 ms");

    MetricInfo energy = metric(2, "energy", Unit::kJoule);
    energy.kind = MetricKind::kCounter;
    MetricInfo core0 = metric(3, "utilization", Unit::kPercent);
    core0.label = "core";
    core0.label_value = "0";
    MetricInfo core1 = core0;
    core1.id = 4;
    core1.label_value = "1";
    for (const char* key : {"npu0", "npu1"}) {
      (void)telemetry.on_metrics("sim", key,
                                 {metric(1, "temperature", Unit::kCelsius), energy, core0, core1});
    }
    MetricInfo disk = metric(1, "disk.read", Unit::kByte);
    disk.kind = MetricKind::kCounter;
    disk.label = "device";
    disk.label_value = "sda";
    (void)telemetry.on_metrics("host", "node", {disk, metric(2, "process.count", Unit::kNone)});
    sample("npu0", 1, 45.5);
    sample("npu0", 2, 1000);
    sample("npu0", 3, 50);
    sample("npu0", 4, 0, SampleStatus::kNoPermission);
    sample("node", 1, 4096);
    sample("node", 2, 312);
  }
};
