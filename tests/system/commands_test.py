# SPDX-License-Identifier: Apache-2.0
"""Pushed commands: signed by a person's key, believed by the node only, run once, answered on lane 0."""

import json
import os
import subprocess

from farm import FARMHAND, FarmTest, main, wait_until


class Commands(FarmTest):
    def setUp(self):
        super().setUp()
        self.coordinator = self.farm.coordinator()
        self.ours, self.foreign = self.new_key("ours"), self.new_key("foreign")
        self.agent = self.farm.agent(plugins=("sim",), sim='devices = "RNGD:1"')
        with open(self.agent.config, "a", encoding="utf-8") as config:
            config.write(f'[commands]\ntrusted_keys = ["{self.ours}.pub"]\n')
        self.agent.start()
        self.agent.enroll(self.coordinator.join_token("naver", "furiosa"))
        operator = self.farm.path / "operator.token"
        operator.write_text(self.coordinator.token("--role", "operator"))
        self.viewer = self.coordinator.token("--role", "viewer")
        self.environment = dict(os.environ, FARMHAND_FLEET_URL=f"https://127.0.0.1:{self.farm.port}",
                                FARMHAND_FLEET_CA=str(self.farm.ca), FARMHAND_FLEET_TOKEN_FILE=str(operator))
        wait_until("the device is in its partition", lambda: "naver-furiosa" in json.dumps(
            self.coordinator.get("/v1/fleet/devices", self.viewer)[1]))

    def new_key(self, name):
        path = self.farm.path / name
        subprocess.run([FARMHAND, "keys", "new", path], check=True, capture_output=True)
        return path

    def refresh(self, key):
        done = subprocess.run([FARMHAND, "--json", "fleet", "refresh", "node", "--key", key], capture_output=True,
                              text=True, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["uuid"]

    def outcome(self, uuid):
        def ended():
            status, document = self.coordinator.get(f"/v1/commands/{uuid}", self.viewer)
            self.assertEqual(status, 200)
            return document if document["finished"] else None
        return wait_until("the command has a result", ended)

    def test_one_signed_by_a_trusted_key_runs_and_answers(self):
        before = self.agent.json("queue")["lanes"][2]["last_sequence"]
        self.assertEqual(self.outcome(self.refresh(self.ours))["state"], "ok")
        self.assertGreater(self.agent.json("queue")["lanes"][2]["last_sequence"], before)

    def test_one_signed_by_another_key_is_refused(self):
        self.assertEqual(self.outcome(self.refresh(self.foreign))["state"], "refused")


if __name__ == "__main__":
    main()
