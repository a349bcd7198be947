// SPDX-License-Identifier: Apache-2.0
#include "control/open_metrics.hh"

#include <doctest.h>

#include <set>
#include <sstream>

#include "status_fixture.hh"

using namespace farmhand;

namespace {

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& page, const std::string& wanted) {
  for (const std::string& line : lines_of(page)) {
    if (line == wanted) return true;
  }
  return false;
}

// The name of the family a sample line belongs to, by the TYPE lines above it.
std::string sample_name(const std::string& line) {
  return line.substr(0, line.find_first_of("{ "));
}

constexpr const char* kNpu0 =
    "{vendor=\"furiosa\",model=\"RNGD \\\"A\\\\1\\\"\",device=\"npu0\",pci=\"0000:03:00.0\","
    "partition=\"nhn-furiosa\"";

}  // namespace

TEST_CASE("a reading becomes a sample in base units, with the labels of its device") {
  StatusFixture node;
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kText);
  CHECK(has_line(text, std::string("farmhand_device_temperature_celsius") + kNpu0 + "} 45.5"));
  CHECK(has_line(text, std::string("farmhand_device_energy_joules_total") + kNpu0 + "} 1000"));
  CHECK(has_line(text,
                 std::string("farmhand_device_utilization_ratio") + kNpu0 + ",core=\"0\"} 0.5"));
}

TEST_CASE("the node's own metrics carry no device labels and keep their own, whatever its name") {
  StatusFixture node;
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kText);
  CHECK(has_line(text, "farmhand_node_disk_read_bytes_total{device=\"sda\"} 4096"));
  CHECK(has_line(text, "farmhand_node_process 312"));  // `_count` belongs to histograms
}

TEST_CASE("what is not known, or no longer, is left out") {
  StatusFixture node;
  MetricsPage page(node.view);
  const std::string text = page.rendered(MetricsFormat::kText);
  CHECK(text.find("core=\"1\"") == std::string::npos);  // no_permission
  CHECK(
      text.find(
          "temperature_celsius{vendor=\"furiosa\",model=\"RNGD \\\"A\\\\1\\\"\",device=\"npu1\"") ==
      std::string::npos);
  node.clock.advance_ns(4'000'000'000);  // more than three intervals: stale
  CHECK(page.rendered(MetricsFormat::kText).find("farmhand_device_temperature_celsius{") ==
        std::string::npos);
  CHECK(has_line(text,
                 std::string("farmhand_device_series") + kNpu0 + ",status=\"no_permission\"} 1"));
}

TEST_CASE("every family stands once and in one piece, whichever device its samples are from") {
  StatusFixture node;
  node.sample("npu1", 1, 50);
  MetricsPage page(node.view);
  for (const MetricsFormat format : {MetricsFormat::kText, MetricsFormat::kOpenMetrics}) {
    std::set<std::string> ended;
    std::string current;
    for (const std::string& line : lines_of(page.rendered(format))) {
      if (line.starts_with("# TYPE ")) {
        CHECK(ended.insert(current).second);
        current = line.substr(7, line.find(' ', 7) - 7);
        CHECK_FALSE(ended.contains(current));
      }
      if (!line.starts_with("#")) CHECK(sample_name(line).starts_with(current));
    }
  }
}

TEST_CASE("OpenMetrics names a counter's family without its ending, gives units and an end") {
  StatusFixture node;
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kOpenMetrics);
  CHECK(has_line(text, "# TYPE farmhand_device_energy_joules counter"));
  CHECK(has_line(text, "# UNIT farmhand_device_energy_joules joules"));
  CHECK(has_line(text, "# TYPE farmhand_agent info"));
  CHECK(text.ends_with("\n# EOF\n"));
  const std::string& plain = page.rendered(MetricsFormat::kText);
  CHECK(has_line(plain, "# TYPE farmhand_device_energy_joules_total counter"));
  CHECK(plain.find("# EOF") == std::string::npos);
}

TEST_CASE("a device without an energy counter shows the integrated energy under the same name") {
  StatusFixture node;
  (void)node.telemetry.on_metrics("sim", "npu1", {StatusFixture::metric(9, "power", Unit::kWatt)});
  node.sample("npu1", 9, 100);
  node.clock.advance_ns(1'000'000'000);
  node.sample("npu1", 9, 100);
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kText);
  const std::string npu1 =
      "{vendor=\"furiosa\",model=\"RNGD \\\"A\\\\1\\\"\",device=\"npu1\","
      "partition=\"nhn-furiosa\"";
  CHECK(has_line(text, "farmhand_device_energy_joules_total" + npu1 + "} 100"));
  CHECK(has_line(text,
                 "farmhand_device_energy_gap_max_seconds" + npu1 + ",source=\"integrated\"} 1"));
}

TEST_CASE(
    "an energy counter that was declared and is never read does not hide the integrated energy") {
  StatusFixture node;
  auto counter = StatusFixture::metric(8, "energy", Unit::kJoule);
  counter.kind = MetricKind::kCounter;
  (void)node.telemetry.on_metrics("sim", "npu1",
                                  {counter, StatusFixture::metric(9, "power", Unit::kWatt)});
  for (int i = 0; i < 2; ++i) {
    node.sample("npu1", 8, 0, SampleStatus::kUnknown);
    node.sample("npu1", 9, 100);
    node.clock.advance_ns(1'000'000'000);
  }
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kText);
  CHECK(text.find("farmhand_device_energy_joules_total{vendor=\"furiosa\"") != std::string::npos);
  CHECK(text.find("device=\"npu1\",partition=\"nhn-furiosa\"} 100\n") != std::string::npos);
}

TEST_CASE("metrics whose names come to the same after mending do not spoil the page") {
  StatusFixture node;
  auto counter = StatusFixture::metric(3, "a.b", Unit::kNone);
  counter.kind = MetricKind::kCounter;
  auto state = StatusFixture::metric(4, "state", Unit::kNone);
  (void)node.telemetry.on_metrics("sim", "npu0",
                                  {StatusFixture::metric(1, "a.b", Unit::kNone),
                                   StatusFixture::metric(2, "a-b", Unit::kNone), counter, state});
  for (uint32_t id = 1; id <= 4; ++id) node.sample("npu0", id, id);
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kOpenMetrics);
  size_t heads = 0, samples = 0;
  for (const std::string& line : lines_of(text)) {
    heads += line.starts_with("# TYPE farmhand_device_a_b ") ? 1 : 0;
    samples += sample_name(line).starts_with("farmhand_device_a_b") ? 1 : 0;
  }
  CHECK(heads == 1);
  CHECK(samples == 1);
  CHECK(has_line(text, std::string("farmhand_device_state_measured") + kNpu0 + "} 4"));
}

TEST_CASE("health is on the page as states, never as ok when it is unknown") {
  StatusFixture node;
  MetricsPage page(node.view);
  CHECK(page.rendered(MetricsFormat::kText).find("farmhand_health_verdict") == std::string::npos);
  node.judge();
  const std::string& text = page.rendered(MetricsFormat::kText);
  const std::string npu1 =
      "{vendor=\"furiosa\",model=\"RNGD \\\"A\\\\1\\\"\",device=\"npu1\",partition=\"nhn-furiosa\"";
  CHECK(has_line(text, "farmhand_health_verdict" + npu1 + ",verdict=\"unknown\"} 1"));
  CHECK(has_line(text, "farmhand_health_verdict" + npu1 + ",verdict=\"ok\"} 0"));
  CHECK(has_line(text, "farmhand_health_verdict{verdict=\"ok\"} 1"));
  CHECK(has_line(text, std::string("farmhand_device_available") + kNpu0 + "} 0"));
  CHECK(has_line(text, std::string("farmhand_device_held") + kNpu0 + ",hold=\"cordoned\"} 1"));
  CHECK(has_line(text, std::string("farmhand_check_status") + kNpu0 +
                           ",check=\"memory\",source=\"plugin sim\"} 2"));
  CHECK(has_line(text, "farmhand_check_value{check=\"disk\",label=\"/ used\",unit=\"B\"} 2"));
  CHECK(has_line(text, "farmhand_checks_refused 1"));
  std::set<std::string> series;
  for (const std::string& line : lines_of(text)) {
    CAPTURE(line);
    CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
  }
}

TEST_CASE("the agent, its queue and its plugins are on the page") {
  StatusFixture node;
  MetricsPage page(node.view);
  const std::string& text = page.rendered(MetricsFormat::kText);
  CHECK(has_line(text, "farmhand_queue_records{lane=\"telemetry\"} 120"));
  CHECK(has_line(text, "farmhand_queue_oldest_age_seconds{lane=\"telemetry\"} 1.5"));
  CHECK(has_line(text, "farmhand_queue_dropped_records_total{lane=\"telemetry\"} 7"));
  CHECK(has_line(text,
                 "farmhand_queue_gap_records_total{lane=\"telemetry\",reason=\"downsample\"} 7"));
  CHECK(has_line(text, "farmhand_queue_interruptions_total 0"));
  CHECK(has_line(text, "farmhand_plugin_up{plugin=\"sim\"} 1"));
  CHECK(has_line(text, "farmhand_plugin_quarantined_devices{plugin=\"sim\"} 1"));
  CHECK(has_line(text, "farmhand_agent_uplink_up 1"));
  CHECK(has_line(text, "farmhand_agent_uptime_seconds 0.5"));
  CHECK(has_line(text, std::string("farmhand_device_peak_operations_per_second") + kNpu0 +
                           ",dtype=\"int8\"} 5.12e+14"));
}

TEST_CASE("a scraper gets the format it asks for") {
  CHECK(metrics_format_for("") == MetricsFormat::kText);
  CHECK(metrics_format_for("text/plain;version=0.0.4") == MetricsFormat::kText);
  CHECK(metrics_format_for("application/openmetrics-text;version=1.0.0,text/plain;q=0.5") ==
        MetricsFormat::kOpenMetrics);
}

TEST_CASE("any text becomes a name, and a number that is none writes no line") {
  CHECK(exposition_name("9 power.é") == "__power___");
  std::string out;
  Exposition page(MetricsFormat::kText, out);
  page.family({"x", "", "line\nend", FamilyType::kGauge});
  page.sample().label("a", "b").value(std::numeric_limits<double>::quiet_NaN());
  page.sample().label("a", "").value(1);
  CHECK(out == "# HELP x line\\nend\n# TYPE x gauge\nx 1\n");
}
