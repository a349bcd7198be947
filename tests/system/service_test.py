# SPDX-License-Identifier: Apache-2.0
"""farmhandd as a service: readiness, watchdog, reload, orderly stop, many agents side by side."""

import os
import signal
import socket
import subprocess
import time

from farm import FARMHANDD, FarmTest, Process, SLOW, main, wait_until


class Service(FarmTest):
    def start_with_notify_socket(self, agent, **environment):
        path = agent.path / "notify"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(path))
        notify.settimeout(10 * SLOW)
        self.addCleanup(notify.close)
        env = dict(os.environ, NOTIFY_SOCKET=str(path), **environment)
        agent.process = Process([FARMHANDD, "--config", agent.config], agent.path / "log", env=env)
        self.farm.processes.append(agent.process)
        return notify

    def test_systemd_hears_ready_alive_and_stopping(self):
        agent = self.farm.agent(coordinator=False)
        notify = self.start_with_notify_socket(agent, WATCHDOG_USEC="400000")
        heard = [notify.recv(4096).decode()]
        self.assertIn("READY=1", heard[0])
        while "WATCHDOG=1" not in heard:
            heard.append(notify.recv(4096).decode())
        agent.process.popen.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in heard:
            heard.append(notify.recv(4096).decode())
        self.assertEqual(agent.process.popen.wait(5 * SLOW), 0)

    def test_a_frozen_agent_stops_saying_that_it_is_alive(self):
        agent = self.farm.agent(coordinator=False)
        notify = self.start_with_notify_socket(agent, WATCHDOG_USEC="400000")
        while notify.recv(4096) != b"WATCHDOG=1":
            pass
        agent.process.popen.send_signal(signal.SIGSTOP)
        notify.settimeout(1)
        with self.assertRaises(TimeoutError):
            for _ in range(20):
                notify.recv(4096)
        agent.process.popen.send_signal(signal.SIGCONT)

    def test_it_stops_in_order_within_5_s_and_leaves_no_process(self):
        agent = self.farm.agent(plugins=("host", "sim"), sim='devices = "RNGD:4"', coordinator=False).start()
        wait_until("both plugins run", lambda: len([p for p in agent.json("plugins")["plugins"]
                                                    if p["status"] == "running"]) == 2)
        hosts = [int(p["pid"]) for p in agent.json("plugins")["plugins"]]
        self.assertEqual(agent.stop(), 0)
        for pid in hosts:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "a plugin host survived")

    def test_plugin_hosts_die_with_a_killed_agent(self):
        agent = self.farm.agent(coordinator=False).start()
        wait_until("the plugin runs", lambda: agent.json("plugins")["plugins"][0]["status"] == "running")
        pid = int(agent.json("plugins")["plugins"][0]["pid"])
        agent.kill()
        wait_until("the host is gone", lambda: not os.path.exists(f"/proc/{pid}"), 2)

    def test_a_reload_applies_the_new_interval_and_a_bad_one_changes_nothing(self):
        agent = self.farm.agent(coordinator=False).start()
        text = agent.config.read_text()
        agent.config.write_text(text.replace('interval = "1s"', 'interval = "200ms"'))
        agent.process.popen.send_signal(signal.SIGHUP)
        wait_until("the reload is logged", lambda: "configuration reloaded" in agent.process.log())

        agent.config.write_text(text.replace("interval", "intervall"))
        agent.process.popen.send_signal(signal.SIGHUP)
        wait_until("the refusal is logged", lambda: "did you mean 'interval'" in agent.process.log())
        self.assertEqual(agent.cli("status").returncode, 0)

    def test_the_node_keeps_its_identity_over_restarts_and_kill_9(self):
        agent = self.farm.agent(coordinator=False).start()
        identity = agent.json("status")["agent"]["node_id"]
        agent.kill()
        agent.start()
        self.assertEqual(agent.json("status")["agent"]["node_id"], identity)

    def test_many_agents_run_side_by_side(self):
        agents = [self.farm.agent(f"node{i}", coordinator=False).start() for i in range(3)]
        self.assertEqual(len({a.json("status")["agent"]["node_id"] for a in agents}), 3)

    def test_a_second_agent_on_the_same_state_is_refused(self):
        agent = self.farm.agent(coordinator=False).start()
        second = subprocess.run([FARMHANDD, "--config", agent.config], capture_output=True, text=True,
                                timeout=20 * SLOW)
        self.assertEqual(second.returncode, 1)
        self.assertIn("already", second.stderr)
        self.assertEqual(agent.cli("status").returncode, 0)


if __name__ == "__main__":
    main()
