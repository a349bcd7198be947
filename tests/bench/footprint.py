# SPDX-License-Identifier: Apache-2.0
"""What the agent costs: memory, processor, bytes, and the time to its first sample, beside its peers in the same run.

The reference load: 8 simulated devices x 32 metrics at 1 Hz, syncing over TLS to a coordinator on this machine; the last
hour of every series is allocated whole from the start. The second plugin host runs the node's own plugin, whose metrics
are read once an hour in the reference load, and each second in the row that says so. Bytes of the reference load:
what a relay between node and coordinator counts, TLS included, and what lane 4 takes on disk. Peers: node_exporter scraped
at 1 Hz, collectd with six plugins at 1 Hz. Figures are of whole processes, from /proc; processor time is
counted by the scheduler in ns. `--seconds N` measures longer than 20 s.
"""

import os
import pathlib
import platform
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
os.environ.setdefault("FARMHAND_BUILD", "build/release")
from counting_proxy import CountingProxy  # noqa: E402
from farm import Farm, Process, wait_until  # noqa: E402

SECONDS = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 20.0
COLLECTD_PLUGINS = ("cpu", "df", "disk", "interface", "load", "memory")


def memory_kib(pids):
    """PSS and private dirty memory of processes together."""
    pss = dirty = 0
    for pid in pids:
        for line in open(f"/proc/{pid}/smaps_rollup"):
            words = line.split()
            pss += int(words[1]) if words[0] == "Pss:" else 0
            dirty += int(words[1]) if words[0] == "Private_Dirty:" else 0
    return pss, dirty


def cpu_ns(pids):
    return sum(int(open(task / "schedstat").read().split()[0])
               for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def measure(pids, each_second=lambda: None):
    """(PSS MB, private dirty MB, % of a core) over SECONDS."""
    before, started = cpu_ns(pids), time.monotonic()
    while time.monotonic() < started + SECONDS:
        each_second()
        time.sleep(1)
    share = (cpu_ns(pids) - before) / 1e9 / (time.monotonic() - started)
    pss, dirty = memory_kib(pids)
    return pss / 1e3 * 1.024, dirty / 1e3 * 1.024, 100 * share


REFERENCE = '[plugins.host]\ninterval = "1h"\n'
NODE_TOO = ""
AT_100_HZ = '[plugins.sim]\ninterval = "10ms"\n'


def farmhand(plugin_settings, each_sample=None):
    """A row of the table; `each_sample` gets what a sample costs in bytes."""
    farm = Farm()
    proxy = CountingProxy(farm.port)
    try:
        coordinator = farm.coordinator()
        agent = farm.agent(plugins=("host", "sim"), sim='devices = "RNGD:8"\nmetrics = "32"')
        agent.config.write_text(agent.config.read_text().replace(f":{farm.port}/", f":{proxy.port}/").replace(
            "[plugins.sim.settings]", plugin_settings + "[plugins.sim.settings]"))
        agent.start()
        agent.enroll(coordinator.join_token("naver", "furiosa"))
        wait_until("telemetry is applied", lambda: agent.applied(4) > 0)
        time.sleep(5)
        pids = [agent.process.pid] + [int(p["pid"]) for p in agent.json("plugins")["plugins"]]
        started, taken, bytes_before = time.monotonic(), samples_taken(agent), bytes_so_far(agent, proxy)
        switches = context_switches(pids)
        figures = measure(pids)
        elapsed, samples = time.monotonic() - started, samples_taken(agent) - taken
        switches = (context_switches(pids) - switches) / elapsed
        if each_sample is not None:
            spent = [b - a for a, b in zip(bytes_before, bytes_so_far(agent, proxy))]
            each_sample.extend(b / samples for b in spent)
        return *figures, f"{samples / elapsed:,.0f} samples/s, {switches:.0f} context switches/s"
    finally:
        farm.close()
        proxy.close()


def bytes_so_far(agent, proxy):
    """(from the node, to the node, lane 4 on disk)."""
    return proxy.up, proxy.down, agent.json("queue")["lanes"][4]["bytes"]


def context_switches(pids):
    found = 0
    for task in (task for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir()):
        lines = (task / "status").read_text().splitlines()
        found += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return found


def samples_taken(agent):
    return agent.json("status")["self"]["samples"]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def node_exporter(farm):
    port = free_port()
    process = Process(["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"], farm.path / "ne.log")
    farm.processes.append(process)

    def scrape():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
            return reply.read().decode()
    wait_until("node_exporter answers", lambda: answers(scrape))
    series = sum(1 for line in scrape().splitlines() if line and not line.startswith("#"))
    return *measure([process.pid], scrape), f"{series} series, scraped at 1 Hz"


def answers(call):
    try:
        return call()
    except OSError:
        return None


def collectd(farm):
    config = farm.path / "collectd.conf"
    lines = [f'BaseDir "{farm.path}"', f'PIDFile "{farm.path}/collectd.pid"', "Interval 1",
             'TypesDB "/usr/share/collectd/types.db"', "LoadPlugin csv", f'<Plugin csv>\nDataDir "{farm.path}/csv"\n</Plugin>']
    config.write_text("\n".join(lines + [f"LoadPlugin {name}" for name in COLLECTD_PLUGINS]) + "\n")
    process = Process(["collectd", "-f", "-C", config], farm.path / "collectd.log")
    farm.processes.append(process)
    time.sleep(3)
    return *measure([process.pid]), f"{len(COLLECTD_PLUGINS)} plugins at 1 Hz, csv"


def start_to_first_sample():
    """ms from exec to the commit of the first segment of lane 4: (worst first start, worst restart) of five nodes."""
    worst = [0.0, 0.0]
    for _ in range(5):
        farm = Farm()
        try:
            agent = farm.agent(plugins=("host", "sim"), sim='devices = "RNGD:8"\nmetrics = "32"', coordinator=False)
            for again in (0, 1):
                worst[again] = max(worst[again], one_start_ms(agent))
        finally:
            farm.close()
    return worst


def one_start_ms(agent):
    started_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    agent.start()
    time.sleep(1)
    agent.stop()
    queue = sqlite3.connect(f"file:{agent.state}/queue.db?mode=ro", uri=True)
    first = queue.execute("SELECT min(boottime_ns) FROM segment WHERE position >> 60 = 4 AND boottime_ns > ?",
                          (started_ns,)).fetchone()[0]
    queue.close()
    return (first - started_ns) / 1e6


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def main():
    print(machine())
    print(f"{'':<37}{'PSS MB':>8}{'dirty MB':>10}{'% of a core':>13}  load")

    def row(name, figures):
        pss, dirty, cpu, what = figures
        print(f"{name:<37}{pss:>8.1f}{dirty:>10.1f}{cpu:>13.2f}  {what}", flush=True)

    each_sample = []
    row("farmhandd + 2 hosts, reference load", farmhand(REFERENCE, each_sample))
    row("  the node's own metrics too", farmhand(NODE_TOO))
    row("  8 devices at 100 Hz, and the node's", farmhand(AT_100_HZ))
    farm = Farm()
    try:
        row("node_exporter", node_exporter(farm))
        row("collectd", collectd(farm))
    finally:
        farm.close()
    print("aim                                     13.0       6.0         0.20  for the reference load; 5 % at 100 Hz")
    print("bytes per sample of the reference load: {:.2f} from the node and {:.2f} to it on the wire with TLS, "
          "{:.2f} on disk".format(*each_sample))
    first, again = start_to_first_sample()
    print(f"start to the first sample on lane 4: first start {first:.0f} ms, restart {again:.0f} ms (aim 100)")


if __name__ == "__main__":
    main()
