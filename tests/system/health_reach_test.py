# SPDX-License-Identifier: Apache-2.0
"""A verdict on its way to people: from a sick device to the node's command line, the farm's, and back to health."""

import json
import subprocess

import fleet
from farm import FARMHAND, FarmTest, main, wait_until


class HealthReach(FarmTest):
    def setUp(self):
        super().setUp()
        self.coordinator = self.farm.coordinator()
        self.agent = self.farm.agent(plugins=("sim",), sim='devices = "RNGD:4"')
        self.agent.start()
        self.agent.enroll(self.coordinator.join_token("naver", "furiosa"))
        self.environment = fleet.environment(self.farm, self.coordinator)

    def fleet(self, *args):
        done = subprocess.run([FARMHAND, "--json", "fleet", *args], capture_output=True, text=True,
                              env=self.environment)
        return done.returncode, json.loads(done.stdout)

    def subject(self, key):
        document = self.agent.ask("health")
        return next((s for s in document.get("subjects", ()) if s["key"] == key), None)

    def attention(self, key):
        return next((row for row in self.fleet("health")[1]["attention"] if row.get("device") == key), None)

    def test_a_sick_device_is_told_of_on_the_node_and_in_the_farm(self):
        key = self.agent.device(0)["key"]
        sibling = self.agent.device(1)["key"]
        wait_until("the device is judged well", lambda: (self.subject(key) or {}).get("verdict") == "ok", 60)
        self.agent.fault("0 ecc 2")
        failed = wait_until("it failed", lambda: self.subject(key) if self.subject(key)["verdict"] == "fail" else None,
                            60)
        self.assertEqual(failed["reason"], "memory.uncorrected")
        self.assertTrue(failed["action"])
        self.assertEqual(self.subject(sibling)["verdict"], "ok")
        shown = self.agent.cli("health", check=False)
        self.assertEqual(shown.returncode, 2)
        self.assertIn("memory.uncorrected", shown.stdout)
        self.assertIn(failed["action"], shown.stdout)
        self.assertIn("memory.uncorrected", self.agent.cli("health", "history", "--device", key).stdout)
        self.assertIn("uncorrectable memory errors", self.agent.cli("health", "explain", "memory.uncorrected").stdout)

        row = wait_until("the farm knows", lambda: self.attention(key), 60)
        self.assertEqual((row["verdict"], row["reason"]), ("fail", "memory.uncorrected"))
        self.assertEqual(self.fleet("health")[0], 2)
        past = self.fleet("health", "history", "--device", key)[1]["transitions"]
        self.assertEqual((past[0]["to"], past[0]["reason"]), ("fail", "memory.uncorrected"))

    def test_a_hold_by_hand_is_seen_in_the_farm_with_who_and_why(self):
        key = self.agent.device(2)["key"]
        wait_until("the device is judged", lambda: self.subject(key), 60)
        self.assertIn("did you mean", self.agent.cli("device", "cordon", key[:-1] + "x", "--reason", "r",
                                                     check=False).stderr)
        done = self.agent.json("device", "cordon", key, "--reason", "new riser")
        self.assertEqual(done["hold"]["kind"], "cordoned")
        who = done["hold"]["who"]

        def held():
            row = self.attention(key)
            return row if row and row.get("hold") else None
        hold = wait_until("the farm knows", held, 60)["hold"]
        self.assertEqual((hold["kind"], hold["why"], hold["who"]), ("cordoned", "new riser", who))
        self.agent.cli("device", "cordon", key, "--reason", "new riser")  # already so is no error
        self.agent.cli("device", "uncordon", key)
        wait_until("the farm knows that it is free", lambda: not (self.attention(key) or {}).get("hold"), 60)

    def test_a_node_out_of_reach_is_unknown(self):
        key = self.agent.device(0)["key"]
        wait_until("the device is judged well", lambda: (self.subject(key) or {}).get("verdict") == "ok", 60)
        wait_until("the farm knows the device", lambda: self.fleet("devices")[1]["devices"])
        self.agent.stop()
        row = wait_until("the farm says unknown", lambda: self.attention(key))
        self.assertEqual(row["verdict"], "unknown")
        self.assertIn(self.fleet("health")[0], (2, 3))


if __name__ == "__main__":
    main()
