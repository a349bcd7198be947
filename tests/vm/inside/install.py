# SPDX-License-Identifier: Apache-2.0
"""From packages to a node that samples and is seen by a coordinator."""

import time

from guest import CHECKS as DISK
from guest import ask, figure, is_sampling, last, sh, status, wait, write

CERTIFICATE = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=farm "
               "-addext subjectAltName=IP:127.0.0.1,DNS:localhost "
               "-keyout /etc/farmhand/coordinator.key -out /etc/farmhand/coordinator.pem")


def installing_asks_nothing_and_ends_in_a_sampling_agent():
    began = time.monotonic()
    sh(f"DEBIAN_FRONTEND=noninteractive dpkg -i {DISK}/first/farmhand_*.deb </dev/null", within_s=120)
    installed = time.monotonic()
    wait("the agent answers", lambda: ask("status"))
    answers = time.monotonic()
    wait("a sample is stored", lambda: last(4))
    figure(f"install {installed - began:.1f} s, then answering after {answers - installed:.1f} s, "
           f"sampling after {time.monotonic() - installed:.1f} s")
    assert time.monotonic() - installed < 10, "not sampling within 10 s of the installation"
    assert is_sampling(), "it does not go on sampling"


def plugins_join_without_a_hand():
    write("/etc/farmhand/conf.d/vm.toml", '[plugins.sim.settings]\ndevices = "RNGD:2"\nmetrics = "8"\n')
    sh(f"dpkg -i {DISK}/first/farmhand-plugin-*.deb </dev/null", within_s=120)
    took = wait("the plugins run", lambda: {"host", "sim", "cpu"} <= running(), 60)
    figure(f"plugins run {took:.1f} s after their packages")


def running():
    document = ask("plugins")
    return {p["id"] for p in document["plugins"] if p["status"] == "running"} if document else set()


def the_node_is_seen_by_a_coordinator():
    sh(f"dpkg -i {DISK}/first/farmhand-coordinator_*.deb </dev/null", within_s=120)
    sh(CERTIFICATE)
    sh("chown farmhand-coordinator /etc/farmhand/coordinator.key; chmod 600 /etc/farmhand/coordinator.key")
    sh("cp /etc/farmhand/coordinator.pem /etc/farmhand/ca.pem; chmod 644 /etc/farmhand/*.pem")
    sh("systemctl restart farmhand-coordinator")
    wait("the coordinator listens", lambda: ":7443" in sh("ss -lnt"))
    write("/etc/farmhand/conf.d/coordinator.toml",
          '[coordinator]\nurl = "wss://127.0.0.1:7443/v1/sync"\nca = "/etc/farmhand/ca.pem"\n')
    sh("systemctl restart farmhandd")
    wait("the agent answers", lambda: ask("status"))
    sh("farmhand-coordinator token create --ca /etc/farmhand/ca.pem --role join --cloud vm --vendor furiosa >/run/join.token")
    sh("farmhand enroll --token-file /run/join.token")
    sh("farmhand-coordinator token create --ca /etc/farmhand/ca.pem --role operator >/run/operator.token")
    fleet = ("FARMHAND_FLEET_URL=https://127.0.0.1:7443 FARMHAND_FLEET_CA=/etc/farmhand/ca.pem "
             "FARMHAND_FLEET_TOKEN_FILE=/run/operator.token farmhand fleet nodes")
    took = wait("the fleet shows the node", lambda: status(f"{fleet} | grep -q farmhand-vm") == 0)
    figure(f"on the coordinator {took:.1f} s after enrolling")


CHECKS = [installing_asks_nothing_and_ends_in_a_sampling_agent, plugins_join_without_a_hand,
          the_node_is_seen_by_a_coordinator]
