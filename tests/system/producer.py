# SPDX-License-Identifier: Apache-2.0
"""Producers that outlive the agent and remember, on a disk of their own, what it has accepted."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse

from farm import FARMHAND


def ask(runtime, verb, timeout_s=10.0, **arguments):
    """One question on an agent's control socket: its document, or None where no answer came."""
    line = verb + "".join(f" {key}={urllib.parse.quote(str(value))}" for key, value in arguments.items()) + "\n"
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(timeout_s)
            client.connect(str(runtime / "control.sock"))
            client.sendall(line.encode())
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    except OSError:
        return None
    return json.loads(answer) if answer.endswith(b"}\n") else None


class Log:
    """Lines that are on the disk when `add` returns."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lines = []

    def add(self, *words):
        os.write(self.fd, (" ".join(map(str, words)) + "\n").encode())
        os.fdatasync(self.fd)
        self.lines.append(words)

    def close(self):
        os.close(self.fd)


class Producer(threading.Thread):
    """Calls `turn` until stopped."""

    def __init__(self, log):
        super().__init__(daemon=True)
        self.accepted, self.attempts, self.refused = Log(log), 0, []
        self._stopping = threading.Event()

    def run(self):
        while not self._stopping.is_set():
            self.turn()

    def pause(self, seconds):
        self._stopping.wait(seconds)

    def stop(self):
        self._stopping.set()
        self.join()
        self.accepted.close()


class Events(Producer):
    """Lane 1: events one after the other, each named `<name>-<number>`, as `farmhand event add` does it."""

    def __init__(self, agent, name, pause_s=0.0, padding=""):
        super().__init__(agent.path / f"{name}.log")
        self.agent, self.name, self.pause_s, self.padding = agent, name, pause_s, padding
        self.slowest_s = 0.0

    def turn(self):
        self.attempts += 1
        identity = f"{self.name}-{self.attempts}"
        asked = time.monotonic()
        answer = ask(self.agent.runtime, "event", sentence=identity + self.padding, reason="test.event", timeout_s=130)
        if answer is None:
            return self.pause(0.002)
        if "error" in answer:
            self.refused.append(answer["error"]["message"])
            return self.pause(0.05)
        self.slowest_s = max(self.slowest_s, time.monotonic() - asked)
        self.accepted.add(answer["sequence"], identity)
        self.pause(self.pause_s)


class Commands(Producer):
    """Lanes 0 and 2: signed commands to report the inventory; accepted is what the coordinator took."""

    def __init__(self, agent, key, environment, pause_s=0.5):
        super().__init__(agent.path / "commands.log")
        self.agent, self.key, self.environment, self.pause_s = agent, key, environment, pause_s

    def turn(self):
        self.attempts += 1
        done = subprocess.run([FARMHAND, "--json", "fleet", "refresh", self.agent.name, "--key", self.key],
                              capture_output=True, text=True, env=self.environment, check=False)
        if done.returncode == 0:
            self.accepted.add(json.loads(done.stdout)["uuid"])
        self.pause(self.pause_s)
