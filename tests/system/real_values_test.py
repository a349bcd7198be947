# SPDX-License-Identifier: Apache-2.0
"""What the host plugin says is what /proc and /sys say at the same moment."""

import os
import pathlib
import time

from farm import FarmTest, main, wait_until


def read(path):
    return pathlib.Path(path).read_text()


class RealValues(FarmTest):
    def setUp(self):
        super().setUp()
        # The plugin reads some of its metrics less often than the agent's interval: here all are wanted at once.
        often = 'interval = "200ms"\nmetrics = { "filesystem.*" = "200ms" }'
        self.agent = self.farm.agent(coordinator=False, telemetry=often).start()
        wait_until("the node is sampled", lambda: self.value("memory.total") is not None)

    def metrics(self):
        return self.agent.json("metrics")["metrics"]

    def value(self, name, label_value=""):
        for metric in self.metrics():
            if metric["name"] == name and (metric["label_value"] or "") == label_value and metric["reading"]["status"] == "ok":
                return metric["reading"]["value"]
        return None

    def assert_between(self, read, name, label_value="", slack=0.0):
        """A reading lies between two looks of our own, before and after it was taken."""
        before = read()
        time.sleep(0.7)
        ours = self.value(name, label_value)
        time.sleep(0.3)
        after = read()
        self.assertIsNotNone(ours, f"{name} {label_value} is not there")
        low, high = min(before, after), max(before, after)
        self.assertGreaterEqual(ours, low - slack, name)
        self.assertLessEqual(ours, high + slack, name)

    @staticmethod
    def meminfo(key):
        for line in read("/proc/meminfo").splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(key)

    def test_memory(self):
        self.assertEqual(self.value("memory.total"), self.meminfo("MemTotal"))
        self.assert_between(lambda: self.meminfo("MemAvailable"), "memory.available", slack=64 << 20)

    def test_uptime(self):
        self.assert_between(lambda: float(read("/proc/uptime").split()[0]) * 1e9, "uptime", slack=2e7)

    def test_load(self):
        self.assert_between(lambda: float(read("/proc/loadavg").split()[0]), "load.1", slack=0.5)

    def test_cpu_time_per_core(self):
        def idle():
            fields = next(l for l in read("/proc/stat").splitlines() if l.startswith("cpu0 ")).split()
            return int(fields[4]) / os.sysconf("SC_CLK_TCK") * 1e9
        self.assert_between(idle, "cpu.core.idle", "0", slack=2.5e7)

    def test_network_counters(self):
        link = next((m["label_value"] for m in self.metrics() if m["name"] == "network.received.bytes"), None)
        if link is None:
            self.skipTest("this machine has no network link but loopback")

        def received():
            return int(read(f"/sys/class/net/{link}/statistics/rx_bytes"))
        self.assert_between(received, "network.received.bytes", link)

    def test_the_root_file_system(self):
        def free():
            st = os.statvfs("/")
            return st.f_bavail * st.f_frsize
        st = os.statvfs("/")
        self.assertEqual(self.value("filesystem.size", "/"), st.f_blocks * st.f_frsize)
        self.assert_between(free, "filesystem.free", "/", slack=256 << 20)

    def test_disk_counters(self):
        disks = [line.split() for line in read("/proc/diskstats").splitlines()]
        name = next(d[2] for d in disks if pathlib.Path(f"/sys/block/{d[2]}").exists() and int(d[3]) > 0
                    and not d[2].startswith(("loop", "ram")))
        def written():
            line = next(l.split() for l in read("/proc/diskstats").splitlines() if l.split()[2] == name)
            return int(line[9]) * 512
        self.assert_between(written, "disk.written.bytes", name)

    def test_nothing_unreadable_is_a_number(self):
        for metric in self.metrics():
            if metric["reading"]["status"] not in ("ok", "stale"):
                self.assertIsNone(metric["reading"]["value"], metric)


if __name__ == "__main__":
    main()
