# SPDX-License-Identifier: Apache-2.0
"""/metrics pleases promtool and a real Prometheus."""

import json
import socket
import subprocess
import time
import urllib.request

from farm import FarmTest, Process, main, wait_until


class MetricsEndpoint(FarmTest):
    def setUp(self):
        super().setUp()
        self.agent = self.farm.agent(plugins=("host", "sim"), sim='devices = "RNGD:2,X330:1"', coordinator=False)
        self.agent.start()
        self.address = wait_until("the address is known", lambda: self.agent.json("status")["agent"]["metrics_address"])
        wait_until("the devices are there", lambda: self.scrape().count("farmhand_device_power_watts{") == 3)

    def scrape(self, accept="text/plain"):
        request = urllib.request.Request(f"http://{self.address}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=10) as reply:
            self.content_type = reply.headers["Content-Type"]
            return reply.read().decode()

    def test_promtool_finds_nothing_to_say(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_open_metrics_is_spoken_when_asked_for(self):
        text = self.scrape("application/openmetrics-text; version=1.0.0")
        self.assertIn("application/openmetrics-text", self.content_type)
        self.assertTrue(text.endswith("# EOF\n"))

    def test_only_loopback_is_listened_on(self):
        self.assertTrue(self.address.startswith("127.0.0.1:"))

    def test_a_real_prometheus_scrapes_it(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = self.farm.path / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: farmhand\n"
                          f"  static_configs: [{{targets: ['{self.address}']}}]\n")
        prometheus = Process(["prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                              f"--storage.tsdb.path={self.farm.path}/tsdb"], self.farm.path / "prometheus.log")
        self.farm.processes.append(prometheus)

        def query(expression):
            url = f"http://127.0.0.1:{port}/api/v1/query?query={expression}"
            try:
                with urllib.request.urlopen(url, timeout=5) as reply:
                    return json.loads(reply.read())["data"]["result"]
            except OSError:
                return []

        wait_until("Prometheus has scraped it", lambda: [r for r in query("up") if r["value"][1] == "1"], 30)
        power = wait_until("three devices show power", lambda: query("farmhand_device_power_watts"))
        self.assertEqual({r["metric"]["model"] for r in power}, {"RNGD", "X330"})
        self.assertEqual(len(power), 3)


if __name__ == "__main__":
    main()
