# SPDX-License-Identifier: Apache-2.0
"""The queue with the real coordinator: frozen, restored from an old backup, shown two machines of one identity.

About 30 s: a coordinator takes 6 s to tell a second machine from a broken connection.
"""

import shutil
import signal
import subprocess
import urllib.request

from archive import Archive
from farm import FARMHAND, FarmTest, SLOW, main, wait_until
from producer import Events, ask


class QueueTest(FarmTest):
    def setUp(self):
        super().setUp()
        self.coordinator = self.farm.coordinator()

    def enrolled(self, name="node"):
        agent = self.farm.agent(name, plugins=("sim",), sim='devices = "RNGD:2"').start()
        agent.enroll(self.coordinator.join_token("naver", "furiosa"))
        self.wait_until_live(agent)
        return agent

    def wait_until_live(self, agent, timeout_s=90):
        wait_until("the session is live", lambda: agent.json("status")["coordinator"]["status"] == "live", timeout_s)

    def add_events(self, agent, name, count):
        """Sequence numbers of so many events, each accepted."""
        answers = [ask(agent.runtime, "event", sentence=f"{name}-{i}", reason="test.event") for i in range(count)]
        return [answer["sequence"] for answer in answers]

    def drain(self, agent):
        wait_until("all is applied", lambda: not any(
            lane["records"] for lane in agent.json("queue")["lanes"][:4]), 90)

    def stored_events(self):
        """{sentence: how often} of the tests' own events; the coordinator has stopped."""
        archive, found = Archive(self.coordinator.state), {}
        for _, _, reason, sentence in archive.events():
            if reason == "test.event":
                found[sentence] = found.get(sentence, 0) + 1
        archive.close()
        return found

    def assert_covered(self):
        verdict = self.coordinator.verify()
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)


class Frozen(QueueTest):
    def test_producers_never_wait_for_a_frozen_coordinator_and_neither_does_a_stop(self):
        agent = self.enrolled()
        self.coordinator.process.popen.send_signal(signal.SIGSTOP)
        producer = Events(agent, "p")
        producer.start()
        wait_until("1000 events are accepted", lambda: len(producer.accepted.lines) >= 1000, 60)
        producer.stop()
        self.assertEqual(producer.refused, [])
        self.assertLess(producer.slowest_s, 1.0 * SLOW)
        print(f"{len(producer.accepted.lines)} events, the slowest took {producer.slowest_s * 1000:.0f} ms", flush=True)
        queue = agent.json("queue")
        # Not more than what telemetry collects before its next commit.
        self.assertLess(queue["pending_bytes"], 256 << 10, "something is stuck between the producers and the disk")
        self.assertEqual(agent.stop(), 0)  # within 5 s
        self.coordinator.process.popen.send_signal(signal.SIGCONT)
        agent.start()
        self.drain(agent)
        self.assert_covered()
        self.coordinator.stop()
        self.assertEqual(self.stored_events(), {identity: 1 for _, identity in producer.accepted.lines})


class Restored(QueueTest):
    def test_from_an_old_backup_it_ends_as_if_nothing_had_been(self):
        agent = self.enrolled()
        self.add_events(agent, "before", 50)
        self.drain(agent)
        self.coordinator.stop()
        backup = self.farm.path / "backup"
        shutil.copytree(self.coordinator.state, backup)
        self.coordinator.start()
        self.wait_until_live(agent)
        self.add_events(agent, "lost", 50)
        self.drain(agent)
        self.coordinator.stop()
        shutil.rmtree(self.coordinator.state)
        shutil.copytree(backup, self.coordinator.state)
        self.coordinator.start()
        self.wait_until_live(agent)
        self.add_events(agent, "after", 50)
        self.drain(agent)
        self.assertEqual(sum(lane["dropped_records"] for lane in agent.json("queue")["lanes"]), 0)
        self.assertEqual(agent.json("queue")["epoch"]["counter"], 1, "a rewind is no reason for a new epoch")
        self.assert_covered()
        self.coordinator.stop()
        wanted = {f"{name}-{i}": 1 for name in ("before", "lost", "after") for i in range(50)}
        self.assertEqual(self.stored_events(), wanted)


class Cloned(QueueTest):
    def test_the_second_machine_is_refused_and_told_what_to_do_and_the_first_goes_on(self):
        first = self.enrolled("first")
        self.add_events(first, "first", 20)
        self.drain(first)
        first.stop()
        second = self.farm.agent("second", plugins=("sim",), sim='devices = "RNGD:2"')
        shutil.copytree(first.state, second.state)
        first.start()
        self.wait_until_live(first)
        second.start()
        coordinator = wait_until("the second is refused", lambda: [
            c for c in [second.json("status")["coordinator"]] if c["status"] == "refused"], 30)[0]
        self.assertIn("duplicate_node", coordinator["reason"])
        self.assertIn("state directory", coordinator["reason"])
        self.assertIn("enroll", coordinator["reason"])
        self.assertIn("duplicate_node", second.cli("status").stdout)
        self.assertEqual(len(self.add_events(second, "second", 5)), 5, "what it accepts waits")
        self.add_events(first, "more", 20)
        self.drain(first)
        self.assertEqual(first.json("status")["coordinator"]["status"], "live")
        self.assert_covered()

        # As told: a state directory of its own, and an enrolment.
        second.stop()
        shutil.rmtree(second.state)
        second.start()
        second.enroll(self.coordinator.join_token("naver", "furiosa"))
        self.wait_until_live(second)
        self.assertNotEqual(*(agent.json("status")["agent"]["node_id"] for agent in (first, second)))
        self.assert_covered()


class Seen(QueueTest):
    def scrape(self, agent):
        address = wait_until("the address is known", lambda: agent.json("status")["agent"]["metrics_address"])
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
            return dict(line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if not line.startswith("#"))

    def test_depth_age_and_losses_are_shown_while_the_uplink_is_dead(self):
        agent = self.enrolled()
        self.coordinator.kill()
        self.add_events(agent, "waits", 30)
        agent.kill()
        agent.start()
        page = wait_until("the page has them", lambda: [
            p for p in [self.scrape(agent)] if float(p['farmhand_queue_records{lane="health"}']) >= 30])[0]
        self.assertGreater(float(page['farmhand_queue_oldest_age_seconds{lane="health"}']), 0)
        self.assertGreater(float(page['farmhand_queue_bytes{lane="health"}']), 0)
        self.assertEqual(float(page["farmhand_queue_interruptions_total"]), 1)
        self.assertEqual(float(page['farmhand_queue_gap_records_total{lane="health",reason="quota"}']), 0)
        self.assertEqual(float(page["farmhand_queue_epoch"]), 1)
        self.assertIn("farmhand_queue_ballast_held", page)
        drawn = agent.cli("queue").stdout
        self.assertIn("may be missing, 1 time", drawn)

    def test_a_reader_that_leaves_early_ends_a_command_quietly(self):
        agent = self.enrolled()
        token = self.farm.path / "viewer.token"
        token.write_text(self.coordinator.token("--role", "viewer"))
        fleet = f"--url https://127.0.0.1:{self.farm.port} --ca {self.farm.ca} --token-file {token}"
        for command in ("--json metrics --history", f"--json fleet metrics {fleet}", f"--json fleet devices {fleet}"):
            line = f"{FARMHAND} --runtime-dir {agent.runtime} {command} | true"
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.stderr, "", command)


if __name__ == "__main__":
    main()
