# SPDX-License-Identifier: Apache-2.0
"""A device at fault costs itself only: siblings go on, the reason is shown, it comes back by itself."""

import os
import shutil
import subprocess
import time

from farm import BUILD, SLOW, SOURCE, FarmTest, main, wait_until

INTERVAL_S = 1.0


class Containment(FarmTest):
    def setUp(self):
        super().setUp()
        self.agent = self.farm.agent(plugins=("host", "sim"), sim='devices = "RNGD:4"', coordinator=False)
        self.agent.start()
        wait_until("four devices are sampled", lambda: len(self.sampled()) == 4)

    def devices(self):
        found = [d for d in self.agent.json("devices")["devices"] if d["kind"] == "accelerator"]
        return {d["key"]: d for d in found}

    def sampled(self):
        """Age in seconds of each device's newest power reading."""
        document = self.agent.json("metrics")
        return {m["device"]: m["age_s"] for m in document["metrics"]
                if m["name"] == "power" and m["reading"]["status"] == "ok" and m["device"] in self.devices()}

    def assert_contained(self, fault, *, within_s):
        victim = sorted(self.devices())[1]
        siblings = [key for key in self.devices() if key != victim]
        started = time.monotonic()
        self.agent.fault(f"1 {fault}")
        worst = 0.0
        seen_unknown = None
        while time.monotonic() < started + 8:
            ages = self.sampled()
            worst = max(worst, max((ages.get(key, 99.0) for key in siblings)))
            if seen_unknown is None and self.devices()[victim]["status"] == "unknown":
                seen_unknown = time.monotonic() - started
            time.sleep(0.1)
        self.assertIsNotNone(seen_unknown, f"{fault}: the device was never unknown")
        self.assertLess(seen_unknown, within_s * SLOW)
        self.assertLess(worst, 2 * INTERVAL_S * SLOW + 0.5, f"{fault}: a sibling paused")
        reason = self.devices()[victim]["reason"]
        self.assertTrue(reason, "no reason is shown")
        self.agent.fault("")
        wait_until("the device is back", lambda: self.devices()[victim]["status"] == "managed", 60)
        wait_until("the device is sampled", lambda: victim in self.sampled(), 10)
        return reason

    def test_a_crash(self):
        self.assertIn("signal", self.assert_contained("crash", within_s=2 * INTERVAL_S))

    def test_a_hang(self):
        self.assert_contained("hang", within_s=2 * INTERVAL_S + 0.5)

    def test_a_spin(self):
        self.assert_contained("spin", within_s=2 * INTERVAL_S + 0.5)

    def test_a_lost_device(self):
        self.assert_contained("lost", within_s=2 * INTERVAL_S + 0.5)

    def test_readings_without_permission_and_garbage_are_never_numbers(self):
        victim = sorted(self.devices())[1]
        for fault, status in (("no_permission", "no_permission"), ("garbage", "error")):
            self.agent.fault(f"1 {fault}")
            wait_until(f"{fault} is seen", lambda: {
                m["reading"]["status"] for m in self.agent.json("metrics")["metrics"] if m["device"] == victim} & {status})
            for metric in self.agent.json("metrics")["metrics"]:
                if metric["device"] == victim and metric["reading"]["status"] not in ("ok", "stale"):
                    self.assertIsNone(metric["reading"]["value"])
            self.agent.fault("")

    def frozen_mount(self):
        """A mount whose writers sleep uninterruptibly until it is thawed; skips where that cannot be had."""
        image, mount = self.farm.path / "disk.img", self.farm.path / "disk"
        mount.mkdir()
        subprocess.run(["truncate", "-s", "16M", image], check=True)
        for command in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, mount], ["fsfreeze", "-f", mount]):
            if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
                self.skipTest(f"needs root and loop mounts: {command[0]} failed")
            if command[0] == "mount":
                self.addCleanup(subprocess.run, ["umount", "-l", mount])
        self.addCleanup(subprocess.run, ["fsfreeze", "-u", mount])
        return mount

    def test_a_host_that_cannot_be_killed_is_parked_and_never_waited_for(self):
        mount = self.frozen_mount()
        victim = sorted(self.devices())[1]
        self.agent.fault(f"1 dstate {mount}/file")
        wait_until("the device is unknown", lambda: self.devices()[victim]["status"] == "unknown", 5)

        def parked():
            return [p for p in self.agent.json("plugins")["plugins"] if p["id"] == "sim" and p["parked_hosts"] > 0]
        wait_until("its host is parked", parked, 10)
        siblings = {age for key, age in self.sampled().items() if key != victim}
        self.assertEqual(len(siblings), 3)
        self.assertLess(max(siblings), 2 * INTERVAL_S * SLOW + 0.5)
        self.assertEqual(self.agent.stop(), 0)


class TwoOwners(FarmTest):
    def package(self, name, library):
        folder = self.farm.path / "plugins"
        folder.mkdir(exist_ok=True)
        shutil.copy(BUILD / f"tests/bad_plugins/{library}.so", folder / f"{name}.so")
        subprocess.run([SOURCE / "sdk/farmhand-manifest", "write", "--id", name, "--vendor", "acme", "--version", "1.0",
                        "--library", folder / f"{name}.so", "--interfaces",
                        "farmhand.devices/1,farmhand.telemetry/1", folder / f"{name}.toml"], check=True)
        return folder

    def test_a_device_listed_by_two_plugins_stays_with_the_first_and_the_other_is_told(self):
        self.package("bad", "good")
        folder = self.package("somebody-else", "wrong_id")  # by that name it is a good one, with the same devices
        agent = self.farm.agent(plugins=("bad", "somebody-else"), coordinator=False, plugin_dirs=[folder])
        agent.start()

        def reasons():
            return [p["reason"] for p in agent.ask("plugins")["plugins"] if p["reason"]]
        reason, = wait_until("one of them is told", reasons)
        self.assertRegex(reason, "it lists '[ab]', a device of plugin '(bad|somebody-else)' already; it was left out")
        devices = agent.ask("devices")["devices"]
        self.assertEqual([(d["key"], d["status"]) for d in devices], [("a", "managed"), ("b", "managed")])
        self.assertEqual(len({d["plugin"] for d in devices}), 1)


if __name__ == "__main__":
    main()
