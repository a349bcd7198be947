# SPDX-License-Identifier: Apache-2.0
"""The coordinator away under load, the agent and the coordinator killed: nothing is missing, nothing double.

The outage lasts 120 s, or FARMHAND_OUTAGE_S seconds.
"""

import json
import os
import time

from farm import FarmTest, SLOW, main, wait_until

OUTAGE_S = float(os.environ.get("FARMHAND_OUTAGE_S", "20" if SLOW > 1 else "120"))


class Recovery(FarmTest):
    def test_every_sequence_number_arrives_exactly_once(self):
        coordinator = self.farm.coordinator()
        agent = self.farm.agent(plugins=("host", "sim"), sim='devices = "ATOM-Max:8"\nmetrics = "32"').start()
        agent.enroll(coordinator.join_token())
        wait_until("telemetry is applied", lambda: agent.applied(4) > 0)

        coordinator.kill()
        for _ in range(3):
            time.sleep(OUTAGE_S / 4)
            agent.kill()
            agent.start()
        time.sleep(OUTAGE_S / 4)
        waiting = agent.json("queue")["lanes"][4]
        self.assertGreater(waiting["records"], 0, "the outage left nothing to catch up with")

        coordinator.start()
        # The uplink's tries are up to 60 s apart by now.
        wait_until("the catch-up has begun", lambda: (
            agent.applied(4) > waiting["last_sequence"] - waiting["records"]), 90)
        coordinator.kill()
        coordinator.start()

        goal = agent.json("queue")["lanes"]
        wait_until("everything of before is applied", lambda: all(
            agent.applied(i) >= lane["last_sequence"] for i, lane in enumerate(goal)), 90)
        self.assertEqual([lane["dropped_records"] for lane in agent.json("queue")["lanes"]], [0] * 5)

        verdict = coordinator.verify()
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        coordinator.process.terminate()
        offline = coordinator.run("verify", "--state-dir", coordinator.state, "--json")
        ledger = json.loads(offline.stdout)
        lanes = [lane for node in ledger["nodes"] for epoch in node["epochs"] for lane in epoch["lanes"]]
        self.assertTrue(any(lane["lane"] == "telemetry" and lane["records"] > 0 for lane in lanes))
        self.assertFalse([lane for lane in lanes if lane["holes"] or lane["overlaps"]])


if __name__ == "__main__":
    main()
