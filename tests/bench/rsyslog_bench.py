# SPDX-License-Identifier: Apache-2.0
"""The peer of the outbox: rsyslog with a queue on disk and a target that is not there, fed over TCP.

256-byte lines are offered as fast as rsyslog takes them; what it has enqueued is read from its own statistics.
Neither row is our guarantee: TCP input is not acknowledged to whoever logs, so a line is lost without a trace when
rsyslog dies with it in a socket; and the disk-assisted queue holds lines in memory, neither written nor synced,
until a high mark (set low here: by default TCP is slowed down before it is reached, and nothing is written).
`rsyslog_bench.py [SECONDS]`
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

LINES_EACH = 2000
QUEUES = (
    ("disk-assisted: 5000 lines in memory, the rest synced", "LinkedList"),
    ("disk queue, synced at each checkpoint of one line", "Disk"),
)
CONFIG = """
global(workDirectory="{dir}" net.enableDNS="off")
module(load="impstats" interval="1" format="json" log.syslog="off" log.file="{dir}/stats")
module(load="imtcp")
ruleset(name="r" queue.type="{type}" queue.filename="lines" queue.syncQueueFiles="on" queue.checkpointInterval="1"
        queue.highWatermark="5000" queue.lowWatermark="1000"
        queue.maxDiskSpace="4g" queue.timeoutShutdown="100") {{
  action(type="omfwd" target="127.0.0.1" port="{dead}" protocol="tcp" action.resumeRetryCount="-1")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="r")
"""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def lines(number):
    """LINES_EACH distinct lines of 256 bytes, half of each incompressible."""
    all_lines = []
    for n in range(number, number + LINES_EACH):
        line = f"<134>Jan  1 00:00:00 node app: job log line, number {n}: {os.urandom(64).hex()} "
        all_lines.append(line.ljust(255, ".") + "\n")
    return "".join(all_lines).encode()


def offer(port, until):
    """Sends until the time is up; TCP slows us down to what is taken."""
    blocks = [lines(n * LINES_EACH) for n in range(10)]
    with socket.create_connection(("127.0.0.1", port)) as out:
        out.settimeout(0.5)
        sent = 0
        while time.monotonic() < until:
            try:
                sent += out.send(blocks[0][sent:]) if sent < len(blocks[0]) else -sent
                if sent == 0:
                    blocks.append(blocks.pop(0))
            except OSError:
                continue


def enqueued(stats):
    """[(when, how many in all)] of the ruleset's queue, memory and disk."""
    found = []
    for line in stats.read_text().splitlines():
        at = line.find("{")
        values = json.loads(line[at:]) if at >= 0 else {}
        if values.get("name") == "r" and "enqueued" in values:
            found.append(values["enqueued"])
    return found


def measure(kind, seconds):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="farmhand-rsyslog-", dir="/var/tmp"))
    port = free_port()
    config = directory / "rsyslog.conf"
    config.write_text(CONFIG.format(dir=directory, type=kind, dead=free_port(), port=port))
    process = subprocess.Popen(["rsyslogd", "-n", "-f", config, "-i", directory / "pid"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        sender = threading.Thread(target=offer, args=(port, time.monotonic() + seconds))
        sender.start()
        sender.join()
        counts = enqueued(directory / "stats")
        on_disk = sum(f.stat().st_size for f in directory.glob("lines*"))
        steps = [later - before for before, later in zip(counts, counts[1:])]
        busy = steps[1:] or steps  # the first second is a part of one
        rate = sum(busy) / len(busy) if busy else 0
        return rate, max(counts, default=0), on_disk
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8
    if shutil.which("rsyslogd") is None:
        print("rsyslog is not installed: apt install rsyslog")
        return
    version = subprocess.run(["rsyslogd", "-v"], capture_output=True, text=True).stdout.split()[1]
    print(f"rsyslog {version}, target down; not acknowledged to the producer")
    for what, kind in QUEUES:
        rate, taken, on_disk = measure(kind, seconds)
        print(f"{what:<58}{rate:>12,.0f} events/s   {taken:,} taken, {on_disk / 1e6:,.1f} MB on disk", flush=True)


if __name__ == "__main__":
    main()
