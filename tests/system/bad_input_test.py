# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a clear sentence and the right exit code, and nothing is lost."""

import os
import shutil
import socket
import subprocess
import time
import unittest

from farm import BUILD, COORDINATOR, FARMHAND, FARMHANDD, FarmTest, SLOW, main, make_certificate, wait_until


def run(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=30 * SLOW)


class Configuration(FarmTest):
    def check(self, text):
        config = self.farm.path / "agent.toml"
        config.write_text(text)
        return run(FARMHANDD, "--config", config, "--check-config")

    def test_a_good_one_is_silent(self):
        agent = self.farm.agent()
        done = run(FARMHANDD, "--config", agent.config, "--check-config")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unknown_key_is_named_with_its_line_and_a_suggestion(self):
        done = self.check('[telemetry]\nintervall = "1s"\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn("agent.toml:2: unknown key 'intervall'", done.stderr)
        self.assertIn("did you mean 'interval'", done.stderr)

    def test_both_programs_that_check_one_agree(self):
        for text, code in (("", 0), ('[telemetry]\nintervall = "1s"\n', 2), ("[telemetry\n", 2)):
            self.assertEqual(self.check(text).returncode, code)
            other = run(FARMHAND, "config", "check", self.farm.path / "agent.toml")
            self.assertEqual(other.returncode, code, other.stderr)
        self.assertEqual(run(FARMHAND, "config", "check", self.farm.path / "none.toml").returncode, 2)

    def test_every_mistake_is_reported_at_once(self):
        done = self.check('[telemetry]\ninterval = "fast"\n[outbox]\nsize_max = -1\n[nodes]\n')
        self.assertEqual(done.returncode, 2)
        for place in ("agent.toml:2:", "agent.toml:4:", "agent.toml:5:"):
            self.assertIn(place, done.stderr)

    def test_broken_toml_says_where(self):
        done = self.check("[telemetry\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("agent.toml:1", done.stderr)

    def test_a_missing_file_is_named(self):
        done = run(FARMHANDD, "--config", self.farm.path / "none.toml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.toml", done.stderr)


class Plugins(FarmTest):
    def copy_of_the_host_plugin(self):
        directory = self.farm.path / "plugins"
        shutil.copytree(BUILD / "plugins/host", directory, ignore=shutil.ignore_patterns("*.p"))
        return directory

    def agent_with(self, directory):
        agent = self.farm.agent(coordinator=False)
        agent.config.write_text(agent.config.read_text().replace(f'"{BUILD}/plugins/host"', f'"{directory}"'))
        return agent.start()

    def refusal(self, agent):
        def refused():
            return [p for p in agent.json("plugins")["plugins"] if p["status"] == "refused"]
        return wait_until("the plugin is refused", refused)[0]["reason"]

    def test_one_that_others_can_write_is_refused(self):
        directory = self.copy_of_the_host_plugin()
        os.chmod(directory / "host.so", 0o666)
        self.assertIn("writ", self.refusal(self.agent_with(directory)))

    def test_one_whose_hash_differs_is_refused(self):
        directory = self.copy_of_the_host_plugin()
        with open(directory / "host.so", "ab") as library:
            library.write(b"x")
        self.assertIn("sha256", self.refusal(self.agent_with(directory)))

    def test_one_whose_library_is_missing_is_refused(self):
        directory = self.copy_of_the_host_plugin()
        os.remove(directory / "host.so")
        self.assertIn("host.so", self.refusal(self.agent_with(directory)))


class Uplink(FarmTest):
    def uplink_error(self, agent):
        return wait_until("the uplink says why", lambda: agent.json("status")["coordinator"]["reason"])

    def test_an_unreachable_coordinator_is_said_and_nothing_is_lost(self):
        agent = self.farm.agent().start()  # no coordinator listens on that port
        self.assertIn("enroll", self.uplink_error(agent))
        wait_until("telemetry waits in the queue", lambda: agent.json("queue")["lanes"][4]["records"] > 0)
        farm_coordinator = self.farm.coordinator()
        agent.enroll(farm_coordinator.join_token())
        wait_until("the queue is applied", lambda: agent.json("status")["coordinator"]["status"] == "live")

    def test_a_bad_join_token_is_refused(self):
        self.farm.coordinator()
        agent = self.farm.agent().start()
        bad = self.farm.path / "bad.token"
        bad.write_text("nonsense\n")
        done = agent.cli("enroll", "--token-file", bad, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("token", done.stderr)

    def test_a_used_up_join_token_is_refused(self):
        coordinator = self.farm.coordinator()
        token = coordinator.join_token(uses=1)
        self.farm.agent("first").start().enroll(token)
        second = self.farm.agent("second").start()
        with self.assertRaisesRegex(AssertionError, "token"):
            second.enroll(token)


class Ports(FarmTest):
    def test_a_taken_metrics_port_is_said_and_the_agent_goes_on(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            agent = self.farm.agent(coordinator=False)
            agent.config.write_text(agent.config.read_text().replace('listen = "127.0.0.1:0"',
                                                                     f'listen = "127.0.0.1:{port}"'))
            agent.start()
            self.assertIn(f"127.0.0.1 port {port}", agent.process.log())
            self.assertIn("in use", agent.process.log())

    def test_a_taken_coordinator_port_ends_it_with_a_sentence(self):
        coordinator = self.farm.coordinator()
        other = self.farm.path / "other.toml"
        other.write_text(coordinator.config.read_text().replace(str(coordinator.state), str(self.farm.path / "other")))
        done = run(COORDINATOR, "serve", "--config", other)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)

    def test_no_agent_means_a_sentence_and_exit_code_3(self):
        done = run(FARMHAND, "--runtime-dir", self.farm.path / "nowhere", "status")
        self.assertEqual(done.returncode, 3)
        self.assertIn("farmhandd", done.stderr)


if __name__ == "__main__":
    main()
