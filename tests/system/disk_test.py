# SPDX-License-Identifier: Apache-2.0
"""A full disk, a read-only one, one without inodes or without permission: states, not ends.

The agent goes on, says what is wrong and what to do, keeps what it accepted, and recovers by itself
within 10 s. Disks are small ones of the test's own, so root is needed. About 60 s.
"""

import os
import unittest
import urllib.request

from archive import Archive
from disk import Disk, Hog, Scale
from farm import FarmTest, SLOW, main, seconds_until, wait_until
from producer import Commands, Events
import fleet

RECOVERY_S = 10 * SLOW
HELD_S = 3.0  # how long each trouble lasts


@unittest.skipUnless(os.geteuid() == 0, "only root may mount a disk of its own")
class DiskTest(FarmTest):
    def setUp(self):
        super().setUp()
        self.disk = None
        self.addCleanup(lambda: self.disk and self.disk.close())

    def mount(self, options="size=160m", size_max_mib=64):
        self.disk = Disk(self.farm.path / "disk", options)
        self.size_max_mib = size_max_mib
        return self.disk

    def agent(self, **options):
        extra = f'[outbox]\nsize_max = "{self.size_max_mib}MiB"\n'
        return self.farm.agent(plugins=("sim",), state=self.disk.path / "state", extra=extra, **options)

    def trouble(self, agent):
        """The problem line of the queue in `farmhand status`, or None."""
        problems = [p for p in agent.json("status")["problems"] if p["subject"] == "queue"]
        return problems[0] if problems else None

    def is_well(self, agent):
        queue = agent.json("queue")
        return queue["writable"] and queue["ballast"] == "held" and not self.trouble(agent)

    def assert_recovers(self, agent, what):
        took_s = seconds_until(lambda: self.is_well(agent), RECOVERY_S)
        self.assertIsNotNone(took_s, f"no recovery within {RECOVERY_S} s: {agent.cli('queue').stdout}")
        print(f"{what}: recovered {took_s:.1f} s after it was over", flush=True)

    def reasons_told(self, agent, coordinator):
        """The reasons of the agent's own events, in order, as the coordinator has them in the end."""
        wait_until("events are applied", lambda: not agent.json("queue")["lanes"][1]["records"], 90)
        coordinator.stop()
        archive = Archive(coordinator.state)
        reasons = [reason for _, _, reason, _ in archive.events() if reason.startswith("queue.")]
        archive.close()
        return reasons


class Full(DiskTest):
    def start(self, padding=""):
        self.coordinator = self.farm.coordinator()
        agent = self.agent(sim='devices = "RNGD:8"\nmetrics = "64"', telemetry='interval = "50ms"')
        key = fleet.trust_a_key(agent)
        agent.start().enroll(self.coordinator.join_token("naver", "furiosa"))
        wait_until("the device is in its partition", lambda: fleet.has_partition(self.coordinator, "naver-furiosa"))
        self.producers = [Events(agent, f"p{i}", padding=padding) for i in range(2)]
        self.commands = Commands(agent, key, fleet.environment(self.farm, self.coordinator), 0.2)
        for producer in (*self.producers, self.commands):
            producer.start()
        self.scale = Scale(agent.state)
        self.scale.start()
        return agent

    def assert_all_is_there(self, agent, meanwhile=lambda: None):
        for producer in (*self.producers, self.commands):
            producer.stop()
        wait_until("all is applied", lambda: not any(
            lane["records"] for lane in agent.json("queue")["lanes"][:4]), 120)
        viewer = self.coordinator.token("--role", "viewer")
        for uuid, in self.commands.accepted.lines:
            wait_until(f"command {uuid} has a result", lambda: self.coordinator.get(
                f"/v1/commands/{uuid}", viewer)[1].get("finished"))
        meanwhile()
        verdict = self.coordinator.verify()
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        heaviest = self.scale.stop()
        self.assertLessEqual(heaviest, self.size_max_mib << 20)
        self.assertEqual([agent.json("queue")["lanes"][i]["dropped_records"] for i in (0, 1)], [0, 0])
        reasons = self.reasons_told(agent, self.coordinator)
        archive = Archive(self.coordinator.state)
        places = {}
        for _, seq, _, sentence in archive.events():
            places.setdefault(sentence.split(" ")[0], []).append(seq)
        archive.close()
        accepted = [line for producer in self.producers for line in producer.accepted.lines]
        self.assertEqual([i for seq, i in accepted if places.get(i) != [int(seq)]], [])
        print(f"{len(accepted)} events and {len(self.commands.accepted.lines)} commands accepted, none lost; "
              f"at most {heaviest / (1 << 20):.1f} of {self.size_max_mib} MiB on disk", flush=True)
        return reasons

    def test_filled_by_somebody_else_costs_neither_the_agent_nor_what_it_accepted(self):
        self.mount()
        agent = self.start()
        wait_until("there is load", lambda: all(p.accepted.lines for p in self.producers))
        hog = Hog(self.disk)
        hog.start()
        self.assertTrue(hog.full.wait(30 * SLOW))
        trouble = wait_until("status says it", lambda: self.trouble(agent))
        self.assertIn("full", trouble["reason"])
        self.assertIn(f"the disk of '{agent.state}'", trouble["reason"])
        seconds_until(lambda: False, HELD_S)
        self.assertTrue(agent.process.running())
        with urllib.request.urlopen(f"http://{agent.json('status')['agent']['metrics_address']}/metrics") as page:
            shown = page.read().decode().splitlines()
        self.assertTrue({"farmhand_queue_disk_full 1", "farmhand_queue_writable 0"} & set(shown))
        self.assertIn("farmhand_queue_ballast_held 0", shown)
        hog.give_back()
        self.assert_recovers(agent, "a full disk")
        reasons = self.assert_all_is_there(agent)
        self.assertIn(reasons[0], ("queue.disk_full", "queue.not_writable"))
        self.assertEqual(reasons[-1], "queue.recovered")

    def test_full_while_the_coordinator_is_away_and_it_shrinks_after_the_drain(self):
        # Lane 1 alone must be worth giving back to the disk: 16 MiB and more.
        self.mount("size=500m", 320)
        agent = self.start(padding=" " + "x" * 7500)
        wait_until("there is load", lambda: all(p.accepted.lines for p in self.producers))
        self.coordinator.kill()
        wait_until("a backlog", lambda: agent.json("queue")["lanes"][1]["bytes"] > 4 << 20, 120)
        hog = Hog(self.disk)
        hog.start()
        self.assertTrue(hog.full.wait(30 * SLOW))
        wait_until("status says it", lambda: self.trouble(agent))
        seconds_until(lambda: False, HELD_S)
        self.assertTrue(agent.process.running())
        hog.give_back()
        self.assert_recovers(agent, "a full disk with a backlog")
        wait_until("enough to give back", lambda: agent.json("queue")["lanes"][1]["bytes"] > 20 << 20, 120)
        full = agent.json("queue")["file_bytes"]
        self.coordinator.start()

        def shrinks():
            took_s = seconds_until(lambda: agent.json("queue")["file_bytes"] < full * 3 / 4, 60 * SLOW)
            self.assertIsNotNone(took_s, agent.cli("queue").stdout)
            print(f"from {full >> 20} to {agent.json('queue')['file_bytes'] >> 20} MiB after the drain", flush=True)
        self.assert_all_is_there(agent, shrinks)


class AtTheStart(DiskTest):
    """On a node without a coordinator: there, status is all that a person has."""

    def assert_starts_on_it(self, begin, end, what, within=(), lives_on=False):
        """`lives_on`: the queue may go on in the space that it has, and then takes events."""
        agent = self.agent(coordinator=False, sim='devices = "RNGD:1"').start(within=within)
        wait_until("it is well", lambda: self.is_well(agent))
        agent.stop()
        begin()
        agent.start(within=within)
        trouble = wait_until("status says it", lambda: self.trouble(agent))
        self.assertRegex(trouble["reason"], "make it writable|free [0-9]+ MiB there" if lives_on else "make it writable")
        if not lives_on:
            self.assertNotEqual(agent.cli("event", "add", "in the middle of it", check=False).returncode, 0)
        seconds_until(lambda: False, HELD_S)
        self.assertTrue(agent.process.running())
        self.assertRegex(agent.cli("status").stdout, "not_writable|disk_full" if lives_on else "not_writable")
        self.assertEqual(agent.stop(), 0)
        agent.start(within=within)
        end()
        self.assert_recovers(agent, what)
        self.assertGreater(agent.json("event", "add", "after it")["sequence"], 0)

    def test_remounted_read_only(self):
        self.mount()
        # Only between two lives of the agent: the kernel does not take write access away from open files.
        self.assert_starts_on_it(lambda: self.disk.remount("ro"), lambda: self.disk.remount("rw"), "a read-only disk")

    def test_full_at_the_start(self):
        self.mount()
        hog = Hog(self.disk)
        self.assert_starts_on_it(lambda: (hog.start(), hog.full.wait()), hog.give_back, "a disk that was full at the start",
                                 lives_on=True)

    def test_without_inodes(self):
        self.mount("size=160m,nr_inodes=40")
        taken = []
        self.assert_starts_on_it(lambda: taken.extend(self.disk.take_all_inodes()),
                                 lambda: [path.unlink() for path in taken], "a disk without inodes")

    def test_a_state_directory_that_may_not_be_written(self):
        self.mount()
        state = self.disk.path / "state"
        self.assert_starts_on_it(lambda: state.chmod(0o500), lambda: state.chmod(0o750),
                                 "a directory without write permission",
                                 within=["setpriv", "--bounding-set=-dac_override,-dac_read_search"])


if __name__ == "__main__":
    main()
