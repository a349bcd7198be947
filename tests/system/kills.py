# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, of the coordinator, of both, under load on every lane that has a producer:
what was accepted is in the coordinator's store exactly once, and every number is covered.

    python3 kills.py --cycles 10000 --seed 7
"""

import argparse
import collections
import json
import random
import sys
import time

import fleet
from archive import Archive
from farm import Farm, seconds_until, wait_until
from producer import Commands, Events

VICTIMS = ["agent"] * 17 + ["coordinator"] * 2 + ["both"]
EVENT_PRODUCERS = 3


class Kills:
    """A farm of one node under load, its processes killed at random moments."""

    def __init__(self, farm, seed):
        self.farm, self.random = farm, random.Random(seed)
        self.coordinator = farm.coordinator()
        self.agent = farm.agent(plugins=("sim",), sim='devices = "RNGD:2"\nmetrics = "16"', telemetry='interval = "100ms"')
        key = fleet.trust_a_key(self.agent)
        self.agent.start().enroll(self.coordinator.join_token("naver", "furiosa"))
        wait_until("the device is in its partition", lambda: fleet.has_partition(self.coordinator, "naver-furiosa"))
        self.producers = [Events(self.agent, f"p{i}") for i in range(EVENT_PRODUCERS)]
        self.producers.append(Commands(self.agent, key, fleet.environment(farm, self.coordinator)))
        self.viewer = self.coordinator.token("--role", "viewer")
        self.killed = collections.Counter()

    def run(self, cycles, progress=None):
        for producer in self.producers:
            producer.start()
        for number in range(1, cycles + 1):
            # Some die while they start, some while they catch up, some in the middle of their work.
            time.sleep(self.random.choice((0.03, 0.1, 0.2, 0.3)) * self.random.random())
            self.kill(self.random.choice(VICTIMS))
            if progress and number % 100 == 0:
                progress(number)
        for producer in self.producers:
            producer.stop()

    def kill(self, victim):
        self.killed[victim] += 1
        if victim != "coordinator":
            self.agent.kill()
        if victim != "agent":
            self.coordinator.kill()
            self.coordinator.start(wait=False)
        if victim != "coordinator":
            self.agent.start(wait=False)

    def drain(self):
        """All of lanes 0 to 2, and lane 4 as far as it is now; then both end in order."""
        wait_until("the agent answers", self.agent.answers)
        goal = self.agent.json("queue")["lanes"][4]["last_sequence"]
        wait_until("everything accepted is applied", lambda: self.agent.applied(4) >= goal and not any(
            lane["records"] for lane in self.agent.json("queue")["lanes"][:4]), 120)
        seconds_until(self._commands_have_ended, 60)  # the account tells of those that have not
        self.queue = self.agent.json("queue")
        self.agent.stop()
        self.verdict = self.coordinator.verify()
        self.coordinator.stop()

    def _commands_have_ended(self):
        viewer, asked = self.viewer, [uuid for uuid, in self.producers[-1].accepted.lines[-200:]]
        return all(self.coordinator.get(f"/v1/commands/{uuid}", viewer)[1].get("finished") for uuid in asked)

    def account(self):
        """What the producers know against what the store holds: {figure: number}, and sentences."""
        self.drain()
        archive, wrong = Archive(self.coordinator.state), []
        totals = collections.Counter(cycles=sum(self.killed.values()))
        self._account_of_events(archive, totals, wrong)
        self._account_of_commands(archive, totals, wrong)
        totals["epochs"] = archive.ask("SELECT count(*) FROM epoch")[0][0]
        totals["interruptions"] = archive.ask("SELECT count(*) FROM interruption")[0][0]
        totals["records"] = sum(archive.ask("SELECT sum(seq) FROM watermark")[0])
        totals["gaps"] = sum(lane["dropped_records"] for lane in self.queue["lanes"])
        archive.close()
        if self.verdict.returncode != 0:
            totals["unexplained"] += 1
            wrong.append("verify: " + self.verdict.stdout + self.verdict.stderr)
        if totals["epochs"] != 1:
            wrong.append(f"{totals['epochs']} epochs, though no file was damaged or rolled back")
        return totals, wrong

    def _account_of_events(self, archive, totals, wrong):
        places = collections.defaultdict(list)
        for _, seq, reason, sentence in archive.events():
            if reason == "test.event":
                places[sentence].append(seq)
        producers = self.producers[:-1]
        accepted = {identity: int(seq) for p in producers for seq, identity in p.accepted.lines}
        attempted = {f"{p.name}-{n}" for p in producers for n in range(1, p.attempts + 1)}
        totals["accepted"] += len(accepted)
        lost = [i for i in accepted if not places[i]]
        double = [i for i, found in places.items() if len(found) > 1]
        foreign = [i for i, found in places.items() if found and i not in attempted]
        moved = [i for i, seq in accepted.items() if places[i] and places[i][0] != seq]
        for figure, found in (("lost", lost), ("duplicated", double), ("unexplained", foreign + moved)):
            totals[figure] += len(found)
            wrong += [f"event {identity}: {figure}, at {places[identity]}" for identity in found[:5]]

    def _account_of_commands(self, archive, totals, wrong):
        accepted = [uuid for uuid, in self.producers[-1].accepted.lines]
        state = {uuid: word for uuid, word in archive.ask(
            "SELECT lower(hex(uuid)), state FROM command")}
        results = collections.defaultdict(list)
        for uuid, record in archive.results():
            results[uuid].append(record)
        totals["accepted"] += len(accepted)
        totals["commands"] = len(accepted)
        # A result may be told twice, never two results: the effect is keyed by the command.
        totals["results repeated"] = sum(len(told) - 1 for told in results.values())
        lost = [u for u in accepted if not results[u] or state[u.replace("-", "")] not in ("ok", "failed")]
        double = [u for u, told in results.items() if len(set(told)) > 1]
        for figure, found in (("lost", lost), ("duplicated", double)):
            totals[figure] += len(found)
            wrong += [f"command {uuid}: {figure}, {state[uuid.replace('-', '')]}, {results[uuid]}" for uuid in found[:5]]


def told(totals):
    names = ("accepted", "lost", "duplicated", "unexplained")
    rest = [name for name in totals if name not in names and name != "cycles"]
    return f"{totals['cycles']} kills: " + ", ".join(f"{totals[name]} {name}" for name in (*names, *rest))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    farm, began = Farm(), time.monotonic()
    try:
        kills = Kills(farm, options.seed)
        kills.run(options.cycles, lambda n: print(f"{n} kills, {time.monotonic() - began:.0f} s", flush=True)
                  if n % 1000 == 0 else None)
        totals, wrong = kills.account()
    finally:
        farm.close()
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{told(totals)}; {dict(kills.killed)}; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
