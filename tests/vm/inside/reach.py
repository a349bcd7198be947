# SPDX-License-Identifier: Apache-2.0
"""Who may do what, and how little the services may."""

import re

from guest import ask, figure, pids_of, read, sh, status

SCORES = {"farmhandd": 2.6, "farmhand-coordinator": 1.5}
REFUSED = ("config show", "event add hello", "enroll --token-file /etc/hostname", "device cordon x")


def nothing_listens_beyond_loopback():
    beyond = [line for line in sh("ss -lntupH").splitlines()
              if not re.search(r"\s(127\.\d+\.\d+\.\d+(%lo)?|\[::1\]):", line)]
    assert not beyond, beyond


def the_control_socket_refuses_strangers_what_it_should():
    for words in REFUSED:
        told = sh(f"setpriv --reuid nobody --regid nogroup --clear-groups farmhand {words} 2>&1", check=False)
        assert "is for root" in told or "denied" in told, f"{words}: {told}"
    assert status("setpriv --reuid nobody --regid nogroup --clear-groups farmhand status") == 0


def strangers_cannot_read_the_state():
    for path in ("/var/lib/farmhand", "/var/lib/farmhand-coordinator"):
        assert status(f"setpriv --reuid nobody --regid nogroup --clear-groups ls {path}") != 0, path


def the_services_are_hardened():
    for unit, most in SCORES.items():
        told = sh(f"systemd-analyze security --no-pager {unit}.service").splitlines()[-1]
        score = float(re.search(r"([0-9.]+) [A-Z]", told).group(1))
        figure(f"systemd-analyze security {unit}: {score} (at most {most})")
        assert score <= most, told


def the_units_are_clean():
    told = sh("systemd-analyze verify --man=no farmhandd.service farmhand-coordinator.service")
    assert not told, told


def plugin_hosts_run_as_users_of_their_own():
    for plugin in ask("plugins")["plugins"]:
        pid, wanted = int(plugin["pid"]), f"farmhand-{plugin['id']}"
        assert str(pid) in pids_of(wanted), f"{plugin['id']} does not run as {wanted}"
        assert re.search(r"CapEff:\s*0+\n", read(f"/proc/{pid}/status")), f"{plugin['id']} has capabilities"


def the_agent_is_a_user_with_three_capabilities():
    pid = sh("systemctl show -p MainPID --value farmhandd")
    assert pid in pids_of("farmhand")
    held = int(re.search(r"CapBnd:\s*(\w+)", read(f"/proc/{pid}/status")).group(1), 16)
    assert held == 1 << 5 | 1 << 6 | 1 << 7, hex(held)  # CAP_KILL, CAP_SETGID, CAP_SETUID


CHECKS = [nothing_listens_beyond_loopback, the_control_socket_refuses_strangers_what_it_should,
          strangers_cannot_read_the_state, the_services_are_hardened, the_units_are_clean,
          plugin_hosts_run_as_users_of_their_own, the_agent_is_a_user_with_three_capabilities]
