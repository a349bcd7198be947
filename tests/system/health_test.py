# SPDX-License-Identifier: Apache-2.0
"""The verdicts of one node: a device that hangs, one that vanishes, and what outlives a kill."""

import time

from farm import SLOW, FarmTest, main, wait_until

INTERVAL_S = 1.0


class Health(FarmTest):
    def setUp(self):
        super().setUp()
        self.agent = self.farm.agent(plugins=("sim",), sim='devices = "RNGD:4"', coordinator=False)
        self.agent.start()
        self.keys = [self.agent.device(n)["key"] for n in range(4)]
        self.wait_for(self.keys[0], "ok")

    def subject(self, key):
        return next((s for s in self.agent.ask("health").get("subjects", ()) if s["key"] == key), {})

    def wait_for(self, key, verdict, patience_s=60):
        return wait_until(f"{key} is {verdict}",
                          lambda: self.subject(key) if self.subject(key).get("verdict") == verdict else None, patience_s)

    def test_a_hung_device_is_unknown_within_two_intervals_and_its_siblings_stay_well(self):
        self.agent.fault("1 hang")
        begin = time.monotonic()
        hung = self.wait_for(self.keys[1], "unknown")
        self.assertLess(time.monotonic() - begin, (2 * INTERVAL_S + 0.5) * SLOW)
        self.assertEqual(hung["reason"], "device.hung")
        for key in (self.keys[0], self.keys[2], self.keys[3]):
            self.assertEqual(self.subject(key)["verdict"], "ok")
        self.assertEqual(self.agent.cli("health", check=False).returncode, 3)

    def test_a_device_that_vanished_fails_and_is_not_forgotten(self):
        self.agent.fault("2 vanish")
        missing = self.wait_for(self.keys[2], "fail", 90)
        self.assertEqual(missing["reason"], "device.missing")
        self.assertIn("device.missing", self.agent.cli("health", check=False).stdout)

    def test_a_hold_by_hand_and_a_verdict_outlive_a_kill(self):
        self.agent.cli("device", "cordon", self.keys[3], "--reason", "noisy fan")
        self.agent.fault("1 hang")
        self.wait_for(self.keys[1], "unknown")
        past = self.agent.cli("health", "history", "--device", self.keys[1]).stdout
        self.assertEqual(past.count("device.hung"), 1)
        self.agent.process.kill()
        self.agent.start()
        hold = wait_until("the hold is known", lambda: self.subject(self.keys[3]).get("hold"))
        self.assertEqual((hold["kind"], hold["why"]), ("cordoned", "noisy fan"))
        self.wait_for(self.keys[1], "unknown")
        # The same failure is not told a second time.
        past = self.agent.cli("health", "history", "--device", self.keys[1]).stdout
        self.assertEqual(past.count("device.hung"), 1)
        self.agent.cli("device", "uncordon", self.keys[3])
        wait_until("it is free", lambda: not self.subject(self.keys[3]).get("hold"))


if __name__ == "__main__":
    main()
