# SPDX-License-Identifier: Apache-2.0
"""Upgrade and downgrade with a full queue, removal, and the end without a trace."""

import os

from guest import CHECKS as DISK
from guest import ask, figure, is_sampling, last, lane, main_pid, sh, wait

PACKAGES = "farmhand farmhand-coordinator farmhand-plugin-sim farmhand-plugin-cpu"


def version():
    return sh("dpkg-query -W -f '${Version}' farmhand")


def install_keeps_the_queue(folder):
    wait("the agent answers", lambda: ask("status"), 60)
    sh("systemctl stop farmhand-coordinator")
    sh("for i in 1 2 3; do farmhand event add note-$i; done")
    before, identity = lane(1), ask("status")["agent"]["node_id"]
    pid = main_pid()
    sh(f"dpkg -i {DISK}/{folder}/*.deb </dev/null", within_s=180)
    took = wait("another agent answers", lambda: main_pid() != pid and ask("status"), 60)
    after = lane(1)
    assert after["last_sequence"] >= before["last_sequence"] and after["records"] >= before["records"], (before, after)
    assert ask("status")["agent"]["node_id"] == identity
    assert is_sampling()
    sh("systemctl start farmhand-coordinator")
    wait("the queue drains", lambda: lane(1) and not lane(1)["records"], 90)
    sh("farmhand-coordinator verify --ca /etc/farmhand/ca.pem")
    figure(f"{version()}: answering {took:.1f} s after dpkg, {before['records']} records of lane 1 kept and delivered")


def an_upgrade_keeps_the_queue():
    install_keeps_the_queue("second")
    assert version().endswith("+later"), version()


def a_downgrade_keeps_the_queue():
    install_keeps_the_queue("first")
    assert not version().endswith("+later"), version()


def removal_keeps_the_state():
    sh(f"dpkg -r {PACKAGES}", within_s=120)
    assert os.path.exists("/var/lib/farmhand/queue.db") and os.path.exists("/var/lib/farmhand-coordinator")
    assert not sh("pgrep farmhand", check=False), "a process is left"


def installing_again_goes_on_where_it_was():
    before = os.path.getsize("/var/lib/farmhand/queue.db")
    sh(f"dpkg -i {DISK}/first/*.deb </dev/null", within_s=180)
    wait("the agent answers", lambda: ask("status"), 60)
    assert before and last(1), "the queue began anew"


def purging_leaves_no_trace():
    sh(f"rm -f /etc/farmhand/conf.d/*.toml /etc/farmhand/*.pem /etc/farmhand/*.key")  # the operator's own files
    sh(f"dpkg -P {PACKAGES}", within_s=120)
    left = sh("find / -xdev -iname '*farmhand*' -not -path '/proc/*' -not -path '/checks/*' -not -path '/var/log/*' "
              "-not -path '/etc/systemd/system/*farmhand-checks*'", check=False)
    assert not left.replace("/checks", ""), left
    users = sh("grep farmhand /etc/passwd /etc/group /etc/shadow /etc/gshadow", check=False)
    assert not users, users
    assert not sh("pgrep farmhand", check=False), "a process is left"
    assert not sh("systemctl list-units --all --no-legend 'farmhandd*' 'farmhand-co*'", check=False)


CHECKS = [an_upgrade_keeps_the_queue, a_downgrade_keeps_the_queue, removal_keeps_the_state,
          installing_again_goes_on_where_it_was, purging_leaves_no_trace]
