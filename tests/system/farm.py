# SPDX-License-Identifier: Apache-2.0
"""Real processes for system tests: a coordinator and agents in a scratch directory, on free ports.

Every process started here is ended by `Farm.close()`, which also fails the test when one had to be
killed because it did not stop by itself within 5 s of SIGTERM.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BUILD = pathlib.Path(os.environ.get("FARMHAND_BUILD", "build/debug")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
FARMHANDD = BUILD / "agent/farmhandd"
FARMHAND = BUILD / "agent/cli/farmhand"
COORDINATOR = BUILD / "agent/coordinator/farmhand-coordinator"
PLUGIN_HOST = BUILD / "agent/host/farmhand-plugin-host"
# Sanitized builds are several times slower: what a person waits for is stretched, never what is promised.
SLOW = 5 if os.environ.get("FARMHAND_SLOW") else 1


def wait_until(what, condition, timeout_s=20.0):
    """Polls `condition` until it gives something true, and returns that; AssertionError after the time."""
    deadline = time.monotonic() + timeout_s * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting until {what}")
        time.sleep(0.05)


def seconds_until(condition, within_s):
    """How long it took until `condition` held; None: it did not within the time."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            return None
        time.sleep(0.02)
    return time.monotonic() - began


def make_certificate(directory, name, *, ca=None, san="IP:127.0.0.1,DNS:localhost"):
    """A key and certificate `<name>.key/.pem`: self-signed, or signed by the pair named `ca`."""
    key, pem = directory / f"{name}.key", directory / f"{name}.pem"
    command = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"]
    if ca is None:
        command += ["-x509", "-days", "2", "-out", pem]
    else:
        request = directory / f"{name}.csr"
        subprocess.run(command + ["-out", request], check=True, capture_output=True)
        extensions = directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={san}\n")
        command = ["openssl", "x509", "-req", "-in", request, "-CA", directory / f"{ca}.pem"]
        command += ["-CAkey", directory / f"{ca}.key", "-CAcreateserial", "-days", "2", "-out", pem]
        command += ["-extfile", extensions]
    subprocess.run(command, check=True, capture_output=True)
    return pem


class Process:
    """One of ours: its standard error goes to a log file."""

    def __init__(self, argv, log, env=None):
        self.argv, self.log_path = [str(a) for a in argv], log
        self._log = open(log, "ab")
        self.popen = subprocess.Popen(self.argv, stdout=self._log, stderr=self._log, env=env)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self.popen.poll() is None

    def kill(self):
        self.popen.kill()
        self.popen.wait()
        self._log.close()

    def terminate(self, within_s=5.0):
        """Sends SIGTERM; returns the exit status. Raises when it takes longer than `within_s`."""
        if self.running():
            self.popen.send_signal(signal.SIGCONT)
            self.popen.terminate()
        try:
            status = self.popen.wait(within_s * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.argv[0]} did not stop within {within_s} s; its log:\n{self.log()}")
        self._log.close()
        return status


class Coordinator:
    def __init__(self, farm, config_extra=""):
        self.farm = farm
        self.state = farm.path / "coordinator"
        self.config = farm.path / "coordinator.toml"
        self.config.write_text(
            f'[listen]\naddress = "127.0.0.1:{farm.port}"\n'
            f'cert = "{farm.path}/server.pem"\nkey = "{farm.path}/server.key"\n'
            f'{config_extra}\n[paths]\nstate_dir = "{self.state}"\n')
        self.process = None
        self.start()

    def start(self, wait=True):
        self.process = Process([COORDINATOR, "serve", "--config", self.config], self.farm.path / "coordinator.log")
        self.farm.processes.append(self.process)
        if wait:
            wait_until("the coordinator listens", self._listens)

    def _listens(self):
        if not self.process.running():
            raise AssertionError("the coordinator ended:\n" + self.process.log())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.farm.port)) == 0

    def kill(self):
        self.process.kill()
        self.farm.processes.remove(self.process)

    def stop(self):
        self.farm.processes.remove(self.process)
        return self.process.terminate()

    def run(self, *args, check=True):
        done = subprocess.run([COORDINATOR, *args], capture_output=True, text=True, timeout=60 * SLOW)
        if check and done.returncode != 0:
            raise AssertionError(f"farmhand-coordinator {' '.join(map(str, args))}: {done.stdout}{done.stderr}")
        return done

    def token(self, *args):
        done = self.run("token", "create", "--state-dir", self.state, "--ca", self.farm.ca, *args)
        return done.stdout.strip()

    def join_token(self, cloud="kt", vendor="rebellions", uses=10):
        return self.token("--role", "join", "--cloud", cloud, "--vendor", vendor, "--uses", str(uses))

    def get(self, path, token):
        """GET over HTTPS with a bearer token: (status, parsed JSON or text)."""
        request = urllib.request.Request(f"https://127.0.0.1:{self.farm.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        context = ssl.create_default_context(cafile=self.farm.ca)
        try:
            with urllib.request.urlopen(request, context=context, timeout=20) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def verify(self):
        """The checker's verdict on the ledger, from the running coordinator or its files."""
        return self.run("verify", "--state-dir", self.state, "--ca", self.farm.ca, check=False)


class Agent:
    def __init__(self, farm, name, *, plugins=("host",), sim="", coordinator=True, telemetry='interval = "1s"',
                 plugin_dirs=(), state=None, extra=""):
        self.farm, self.name = farm, name
        self.path = farm.path / name
        self.path.mkdir()
        self.runtime = self.path / "run"
        self.state = state or self.path / "state"
        self.config = self.path / "agent.toml"
        self.control = self.path / "faults"
        enabled = ", ".join(f'"{p}"' for p in plugins)
        directories = ", ".join(f'"{d}"' for d in (BUILD / "plugins/host", BUILD / "plugins/sim", *plugin_dirs))
        text = (f'[node]\nname = "{name}"\n[paths]\nstate_dir = "{self.state}"\nruntime_dir = "{self.runtime}"\n'
                f'plugin_dirs = [{directories}]\nplugin_host = "{PLUGIN_HOST}"\n'
                f'check_dirs = ["{SOURCE}/packaging/checks.d"]\n'
                f'[plugins]\nenabled = [{enabled}]\n[telemetry]\n{telemetry}\n'
                f'[metrics]\nlisten = "127.0.0.1:0"\n')
        if coordinator:
            text += f'[coordinator]\nurl = "wss://127.0.0.1:{farm.port}/v1/sync"\nca = "{farm.ca}"\n'
        if "sim" in plugins:
            text += f'[plugins.sim.settings]\ncontrol = "{self.control}"\n{sim}\n'
        self.config.write_text(text + extra)
        self.process = None

    def start(self, *flags, wait=True, within=()):
        """`within`: a command that runs the agent, such as setpriv."""
        self.process = Process([*within, FARMHANDD, "--config", self.config, *flags], self.path / "log")
        self.farm.processes.append(self.process)
        if wait:
            wait_until(f"agent {self.name} answers", self.answers)
        return self

    def answers(self):
        if not self.process.running():
            raise AssertionError(f"agent {self.name} ended:\n" + self.process.log())
        return self.cli("status", check=False).returncode == 0

    def kill(self):
        self.process.kill()
        self.farm.processes.remove(self.process)

    def stop(self):
        self.farm.processes.remove(self.process)
        return self.process.terminate()

    def cli(self, *args, check=True, env=None):
        done = subprocess.run([FARMHAND, "--runtime-dir", self.runtime, *args], capture_output=True, text=True,
                              timeout=60 * SLOW, env=env)
        if check and done.returncode != 0:
            raise AssertionError(f"farmhand {' '.join(map(str, args))}: {done.stdout}{done.stderr}{self.process.log()}")
        return done

    def json(self, *args):
        return json.loads(self.cli("--json", *args).stdout)

    def ask(self, verb):
        """What `json` gives, without starting a program: for those who ask often."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20 * SLOW)
            control.connect(str(self.runtime / "control.sock"))
            control.sendall(verb.encode() + b"\n")
            return json.loads(b"".join(iter(lambda: control.recv(1 << 16), b"")))

    def enroll(self, token):
        file = self.path / "join.token"
        file.write_text(token + "\n")
        self.cli("enroll", "--token-file", file)

    def applied(self, lane):
        """How far the coordinator has applied a lane of this node's current epoch."""
        position = self.json("queue")["lanes"][lane]
        return position["last_sequence"] - position["records"]

    def fault(self, line):
        """Switches a fault of the sim plugin on (`1 hang`), or all off (empty)."""
        self.control.write_text(line + "\n")

    def device(self, index=0):
        """The index-th accelerator as `farmhand devices --json` tells it."""
        found = [d for d in self.json("devices")["devices"] if d["kind"] == "accelerator"]
        return sorted(found, key=lambda d: d["key"])[index]


class Farm:
    """A scratch directory with a server certificate, a coordinator if wanted, and agents."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="fh-", dir="/tmp"))
        self.processes = []
        self.ca = make_certificate(self.path, "server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def coordinator(self, **options):
        return Coordinator(self, **options)

    def agent(self, name="node", **options):
        return Agent(self, name, **options)

    def close(self):
        slow_to_stop = []
        for process in self.processes:
            try:
                process.terminate()
            except AssertionError as error:
                slow_to_stop.append(str(error))
        shutil.rmtree(self.path, ignore_errors=True)
        if slow_to_stop:
            raise AssertionError("\n".join(slow_to_stop))


class FarmTest(unittest.TestCase):
    """A test case with a farm of its own; a failed test shows the logs."""

    maxDiff = None

    def setUp(self):
        self.farm = Farm()
        self.addCleanup(self.farm.close)
        self.addCleanup(self._show_logs_of_a_failure)

    def _show_logs_of_a_failure(self):
        outcome = self._outcome
        if outcome and any(error for _, error in getattr(outcome, "errors", [])):
            for log in sorted(self.farm.path.rglob("*log")):
                print(f"--- {log}\n{log.read_text(errors='replace')[-4000:]}")


def main():
    unittest.main(verbosity=2)
