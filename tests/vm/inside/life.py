# SPDX-License-Identifier: Apache-2.0
"""What systemd and a cgroup do for the agent, and what it costs."""

import os
import signal

from guest import ask, figure, is_sampling, main_pid, pids_of, sh, wait, write

WATCHDOG = "/run/systemd/system/farmhandd.service.d/watchdog.conf"


def back_as_another(pid):
    return main_pid() not in (0, pid) and ask("status")


def a_killed_agent_is_back_and_its_hosts_died_with_it():
    pid, hosts = main_pid(), [p["pid"] for p in ask("plugins")["plugins"]]
    os.kill(pid, signal.SIGKILL)
    took = wait("the agent is back", lambda: back_as_another(pid))
    figure(f"back {took:.1f} s after kill -9")
    assert not [host for host in hosts if os.path.exists(f"/proc/{host}")], "a plugin host survived"
    assert is_sampling()


def the_watchdog_ends_a_frozen_agent():
    os.makedirs(os.path.dirname(WATCHDOG), exist_ok=True)
    write(WATCHDOG, "[Service]\nWatchdogSec=4\n")
    sh("systemctl daemon-reload; systemctl restart farmhandd")
    pid = main_pid()
    os.kill(pid, signal.SIGSTOP)
    took = wait("the agent is back", lambda: back_as_another(pid), 60)
    figure(f"back {took:.1f} s after SIGSTOP, with a watchdog of 4 s")
    assert "atchdog timeout" in sh("journalctl -u farmhandd --no-pager -n 200 -o cat")
    os.unlink(WATCHDOG)
    sh("systemctl daemon-reload; systemctl restart farmhandd")
    wait("the agent answers", lambda: ask("status"))


def systemd_accounts_for_the_agent():
    """Of the whole cgroup: the agent and its plugin hosts."""
    shown = dict(line.split("=", 1) for line in sh(
        "systemctl show farmhandd -p MemoryCurrent -p CPUUsageNSec -p TasksCurrent -p ControlGroup").splitlines())
    figure(f"cgroup v2 of the agent with hosts: {int(shown['MemoryCurrent']) / 1e6:.1f} MB, "
           f"{int(shown['CPUUsageNSec']) / 1e9:.1f} s CPU (emulated), {shown['TasksCurrent']} tasks")
    assert os.path.exists(f"/sys/fs/cgroup{shown['ControlGroup']}/memory.current"), shown
    assert int(shown["MemoryCurrent"]) < 200e6, shown


def stopping_is_orderly():
    pid = main_pid()
    sh("systemctl stop farmhandd")
    assert sh("systemctl show -p Result --value farmhandd") == "success"
    assert not pids_of("farmhand") and not os.path.exists(f"/proc/{pid}")
    sh("systemctl start farmhandd")
    wait("the agent answers", lambda: ask("status"))


CHECKS = [a_killed_agent_is_back_and_its_hosts_died_with_it, the_watchdog_ends_a_frozen_agent,
          systemd_accounts_for_the_agent, stopping_is_orderly]
