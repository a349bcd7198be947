# SPDX-License-Identifier: Apache-2.0
"""Life under load until the power goes, and what must hold afterwards.

Each event's number is told to the outside when the agent has accepted it; the one outside compares.
"""

import os
import socket
import threading
import time

from guest import ask, figure, is_sampling, lane, say, sh, wait

SOCKET = "/run/farmhand/control.sock"
BOOT = sh("cut -c 1-8 /proc/sys/kernel/random/boot_id")


def add(identity):
    """The document that answers the event, or nothing."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(SOCKET)
            client.sendall(f"event reason=test.event sentence={identity}\n".encode())
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()
    except OSError:
        return ""


def produce(name):
    number = 0
    while True:
        number += 1
        identity = f"{BOOT}-{name}-{number}"
        if '"sequence"' in add(identity):
            os.write(1, f"accepted {identity}\n".encode())
        else:
            time.sleep(0.05)


def the_agent_is_there_after_the_start():
    wait("the agent answers", lambda: ask("status"), 60)
    assert not [line for line in sh("ls /var/lib/farmhand").split() if "damaged" in line or "aside" in line]
    wait("it samples", is_sampling, 60)


def the_ledger_is_consistent():
    wait("the coordinator listens", lambda: ":7443" in sh("ss -lnt"), 60)
    sh("farmhand-coordinator verify --ca /etc/farmhand/ca.pem")


def the_power_goes_under_load():
    for name in ("a", "b", "c"):
        threading.Thread(target=produce, args=(name,), daemon=True).start()
    say("cut me")
    time.sleep(600)


def everything_accepted_arrives():
    took = wait("lanes 0 to 3 are empty", lambda: all((lane(n) or {"records": 1})["records"] == 0 for n in range(4)), 120)
    figure(f"delivered after {took:.1f} s")


CHECKS = [the_agent_is_there_after_the_start, the_ledger_is_consistent, the_power_goes_under_load]
SETTLED = [the_agent_is_there_after_the_start, everything_accepted_arrives, the_ledger_is_consistent]
