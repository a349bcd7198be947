# SPDX-License-Identifier: Apache-2.0
"""Pushed commands: signed by a person's key, believed by the node only, run once, answered on lane 0."""

import json
import subprocess

import fleet
from farm import FARMHAND, FarmTest, main, wait_until


class Commands(FarmTest):
    def setUp(self):
        super().setUp()
        self.coordinator = self.farm.coordinator()
        self.agent = self.farm.agent(plugins=("sim",), sim='devices = "RNGD:1"')
        self.ours, self.foreign = fleet.trust_a_key(self.agent), fleet.new_key(self.farm, "foreign.key")
        self.agent.start()
        self.agent.enroll(self.coordinator.join_token("naver", "furiosa"))
        self.viewer = self.coordinator.token("--role", "viewer")
        self.environment = fleet.environment(self.farm, self.coordinator)
        wait_until("the device is in its partition", lambda: fleet.has_partition(self.coordinator, "naver-furiosa"))

    def refresh(self, key):
        done = subprocess.run([FARMHAND, "--json", "fleet", "refresh", "node", "--key", key], capture_output=True,
                              text=True, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["uuid"]

    def outcome(self, uuid):
        def ended():
            status, document = self.coordinator.get(f"/v1/commands/{uuid}", self.viewer)
            self.assertEqual(status, 200)
            return document if document.get("finished") else None
        return wait_until("the command has a result", ended)

    def test_one_signed_by_a_trusted_key_runs_and_answers(self):
        before = self.agent.json("queue")["lanes"][2]["last_sequence"]
        self.assertEqual(self.outcome(self.refresh(self.ours))["state"], "ok")
        self.assertGreater(self.agent.json("queue")["lanes"][2]["last_sequence"], before)

    def test_one_signed_by_another_key_is_refused(self):
        self.assertEqual(self.outcome(self.refresh(self.foreign))["state"], "refused")


if __name__ == "__main__":
    main()
