# SPDX-License-Identifier: Apache-2.0
"""What every check inside the machine uses: commands, waiting, and lines for the one who watches."""

import json
import os
import re
import subprocess
import time

CHECKS = "/checks"


def say(line):
    print(line, flush=True)


def figure(text):
    say("# " + text)


def sh(command, check=True, within_s=60):
    """A shell command's output; AssertionError with all it said when it fails."""
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=within_s, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}: {done.stdout[-800:]}")
    return done.stdout.strip()


def status(command):
    return subprocess.run(command, shell=True, capture_output=True, timeout=60, check=False).returncode


def ask(words):
    """A question to the agent as a JSON document, or None while it does not answer."""
    done = subprocess.run(f"farmhand --json {words}", shell=True, capture_output=True, text=True, timeout=60,
                          check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None


def wait(what, condition, within_s=30.0):
    """Seconds until `condition` held."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            raise AssertionError(f"not within {within_s:.0f} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def main_pid(unit="farmhandd"):
    return int(sh(f"systemctl show -p MainPID --value {unit}"))


def lane(number):
    document = ask("queue")
    return document["lanes"][number] if document else None


def last(number):
    found = lane(number)
    return found["last_sequence"] if found else 0


def is_sampling():
    """Whether lane 4 has grown since a moment ago."""
    before = last(4)
    return bool(before) and wait_for_more(before)


def wait_for_more(before, within_s=15.0):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if last(4) > before:
            return True
        time.sleep(0.1)
    return False


def pids_of(user):
    return sh(f"pgrep -u {user}", check=False).split()


def run(checks):
    """Each check by its function's name as a sentence; what fails is told, and the next one runs."""
    for check in checks:
        name = re.sub("_", " ", check.__name__)
        began = time.monotonic()
        try:
            check()
            say(f"ok {name} ({time.monotonic() - began:.1f} s)")
        except Exception as error:  # whatever happens to one check, the others are run
            say(f"not ok {name}: " + " | ".join(f"{type(error).__name__}: {error}".splitlines())[:1500])


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
