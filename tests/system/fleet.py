# SPDX-License-Identifier: Apache-2.0
"""What a person of the fleet has: a key that nodes trust, a token, an environment for `farmhand fleet`."""

import json
import os
import subprocess

from farm import FARMHAND


def new_key(farm, name):
    path = farm.path / name
    subprocess.run([FARMHAND, "keys", "new", path], check=True, capture_output=True)
    return path


def trust_a_key(agent, name="operator.key"):
    """A new private key that the agent, not started yet, trusts."""
    key = new_key(agent.farm, name)
    with open(agent.config, "a", encoding="utf-8") as config:
        config.write(f'[commands]\ntrusted_keys = ["{key}.pub"]\n')
    return key


def environment(farm, coordinator):
    token = farm.path / "operator.token"
    token.write_text(coordinator.token("--role", "operator"))
    return dict(os.environ, FARMHAND_FLEET_URL=f"https://127.0.0.1:{farm.port}", FARMHAND_FLEET_CA=str(farm.ca),
                FARMHAND_FLEET_TOKEN_FILE=str(token))


def has_partition(coordinator, partition):
    viewer = coordinator.token("--role", "viewer")
    return partition in json.dumps(coordinator.get("/v1/fleet/devices", viewer)[1])
