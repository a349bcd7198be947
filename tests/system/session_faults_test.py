# SPDX-License-Identifier: Apache-2.0
"""The session disturbed in every way, each under load on several lanes; then the disturbance ends. Everything drains
by itself, the ledger is complete, each lane is in order, and the store holds exactly what the producers were promised.

All scenarios run at once, each with a node of its own, against one coordinator. FARMHAND_SEED is the seed.
"""

import collections
import os
import time
import uuid

import fleet
from archive import Archive
from farm import FarmTest, SLOW, main, wait_until
from faulty_link import Cable, FaultProxy
from producer import Commands, Events, ask

SEED = int(os.environ.get("FARMHAND_SEED", "20"))
DISTURBED_S = float(os.environ.get("FARMHAND_DISTURBED_S", "15"))
# A batch that nobody answers is given up after 30 s; one more second to come back, and some to catch up.
RECOVERY_S = 45
# Producers never wait for the network; many processes share the machine here, so this is no measurement.
SLOWEST_S = 5

SCENARIOS = {
    "drop_up": dict(up_drop=0.3),
    "drop_down": dict(down_drop=0.3),
    "drop_and_cut": dict(up_drop=0.2, down_drop=0.2, up_cut=0.2),
    "loss": dict(up_drop=0.05, down_drop=0.05),
    "delay": dict(up_delay_ms=300, down_delay_ms=300),
    "duplicate": dict(up_duplicate=0.5, down_duplicate=0.5),
    "reorder": dict(up_reorder=0.3, down_reorder=0.3),
    "truncate": dict(up_truncate=0.1, down_truncate=0.1),
    "cut": dict(up_cut=0.2, down_cut=0.2),
    "swallow": dict(swallow=1),
    "segments_twice": dict(segments_duplicate=1),
    "segments_mixed": dict(segments_duplicate=0.5, segments_reorder=0.5),
    "replay": dict(replay=1),
    "ack_other_lane": dict(ack_other_lane=0.5),
    "ack_beyond": dict(ack_beyond=0.5),
    "ack_inside": dict(ack_inside=0.5),
    "ack_other_chain": dict(ack_other_chain=0.5),
    "ack_other_epoch": dict(ack_other_epoch=0.5),
    "ack_stale": dict(ack_stale=1),
    "ack_early": dict(ack_early=1),
    "ack_early_loss": dict(ack_early=0.5, up_drop=0.2),
    "ack_without_applying": dict(ack_without_applying=0.5),
    "nack": dict(nack=0.5),
    "poison": dict(poison=0.2),
    "other_history": dict(welcome_other_chain=0.7, up_cut=0.1),
    "cable": None,
    "all": dict(up_drop=0.02, down_drop=0.02, up_delay_ms=20, down_delay_ms=20, up_duplicate=0.1, down_duplicate=0.1,
                up_reorder=0.1, down_reorder=0.1, up_cut=0.02, replay=0.2, ack_stale=0.2, ack_early=0.1, nack=0.05),
}
# A slow build has time for these.
FEW = ("loss", "drop_and_cut", "replay", "ack_without_applying", "poison", "cable", "all")
# The node believes what it was told, and learns otherwise when the next session begins.
BELIEVED = ("ack_early_loss", "ack_without_applying")
# The node is told that its disk went back: it begins a new epoch, and says again what nobody confirmed.
ANOTHER_LIFE = ("other_history",)
POISON = 2  # GapReason


class Scenario:
    """A node with producers, and what disturbs its session."""

    def __init__(self, farm, name, key):
        self.name = name
        self.faults = SCENARIOS[name]
        self.recovered_s = 0
        self.link = Cable(farm.port, SEED) if name == "cable" else FaultProxy(farm, name, SEED)
        self.agent = farm.agent(name, plugins=("sim",), sim='devices = "RNGD:1"\nmetrics = "8"',
                                telemetry='interval = "500ms"')
        config = self.agent.config.read_text().replace(f":{farm.port}/", f":{self.link.port}/")
        self.agent.config.write_text(config + f'[commands]\ntrusted_keys = ["{key}.pub"]\n')
        self.agent.start(wait=False)
        self.events = [Events(self.agent, f"{name}-{i}", pause_s=0.05) for i in range(2)]

    def enroll(self, farm, token):
        wait_until(f"agent {self.name} answers", self.agent.answers)
        file = self.agent.path / "join.token"
        file.write_text(token + "\n")
        self.agent.cli("enroll", "--url", f"https://127.0.0.1:{farm.port}", "--token-file", file)

    def order(self, key, environment):
        self.commands = Commands(self.agent, key, environment, pause_s=3)
        for producer in (*self.events, self.commands):
            producer.start()

    def disturb(self):
        if self.faults is None:
            self.link.bad = True
        else:
            self.link.set(**self.faults)
        if self.name in ANOTHER_LIFE:
            self.link.cut()

    def leave_alone(self):
        self.happened = {"cuts": self.link.cuts} if self.faults is None else self.link.counts()
        if self.faults is None:
            self.link.bad = False
        else:
            self.link.set()

    def queue(self):
        return ask(self.agent.runtime, "queue")["lanes"]

    def sessions(self):
        return ask(self.agent.runtime, "status")["coordinator"].get("sessions", 0)

    def stop_producing(self):
        for producer in (*self.events, self.commands):
            producer.stop()
        self.goal = [lane["last_sequence"] for lane in self.queue()]

    def drained(self):
        return all(lane["last_sequence"] - lane["records"] >= goal for lane, goal in zip(self.queue(), self.goal))

    def greet_anew(self):
        before = self.sessions()
        self.link.cut()
        wait_until(f"{self.name}: another session", lambda: self.sessions() > before)

    def account(self, archive, rows):
        """Sentences about what the store holds and the producers do not know of, and the other way round."""
        gone = poisoned(self.agent)
        wrong = []
        for producer in self.events:
            places = collections.defaultdict(list)
            for epoch, seq, sentence in rows:
                if sentence.startswith(producer.name + "-"):
                    places[sentence].append((epoch, seq))
            accepted = {identity: int(seq) for seq, identity in producer.accepted.lines}
            if len(accepted) < 10:
                wrong.append(f"only {len(accepted)} events of {producer.name} were accepted")
            lost = [i for i, seq in accepted.items() if not places[i] and (1, seq) not in gone]
            double = [i for i, found in places.items() if len(found) > len({epoch for epoch, _ in found})]
            moved = [i for i, seq in accepted.items() if places[i] and places[i][0][1] != seq]
            order = [int(i.rsplit("-", 1)[1]) for i in places if places[i]]
            if self.name in ANOTHER_LIFE:
                moved = []
            if producer.slowest_s > SLOWEST_S * SLOW:
                wrong.append(f"{producer.name} waited {producer.slowest_s:.1f} s to be accepted")
            wrong += [f"{producer.name}: {len(found)} {figure}, such as {found[0]} at {places[found[0]]}"
                      for figure, found in (("lost", lost), ("double", double), ("moved", moved)) if found]
            if order != sorted(order):
                wrong.append(f"{producer.name}: the store has its events in another order")
        results = collections.Counter(identity for identity, _ in archive.results())
        missing = [identity for identity, in self.commands.accepted.lines if not results[identity]]
        if missing and not any(lane == 0 for lane, _ in gone):
            wrong.append(f"{self.name}: {len(missing)} of {len(self.commands.accepted.lines)} commands without result")
        return wrong


def poisoned(agent):
    """{(lane, seq)} that the evidence file names."""
    path, found = agent.state / "queue.refused", set()
    if not path.exists():
        return found
    data, at, lanes = path.read_bytes(), 0, ("results", "health", "inventory", "logs", "telemetry")
    while at < len(data):
        end = data.index(b"\n", at)
        lane, seq, size, _ = data[at:end].split(b" ", 3)
        found.add((lanes.index(lane.decode()), int(seq)))
        at = end + 1 + int(size) + 1
    return found


class SessionFaults(FarmTest):
    def test_nothing_is_lost_doubled_or_out_of_order(self):
        names = FEW if SLOW > 1 else list(SCENARIOS)
        names = os.environ.get("FARMHAND_SCENARIOS", " ".join(names)).split()
        print(f"seed {SEED}", flush=True)
        coordinator = self.farm.coordinator()
        key = fleet.new_key(self.farm, "operator.key")
        scenarios = [Scenario(self.farm, name, key) for name in names]
        token = coordinator.join_token("naver", "furiosa", uses=len(names))
        for scenario in scenarios:
            scenario.enroll(self.farm, token)
        wait_until("every node has applied something", lambda: all(
            s.agent.applied(4) > 0 for s in scenarios), 60)
        environment = fleet.environment(self.farm, coordinator)
        for scenario in scenarios:
            scenario.order(key, environment)
        for scenario in scenarios:
            scenario.disturb()
        time.sleep(DISTURBED_S)
        for scenario in scenarios:
            scenario.leave_alone()
        ended = time.monotonic()
        time.sleep(1)  # new data finds out what the last false answer hid
        for scenario in scenarios:
            scenario.stop_producing()
        self.wait_for_recovery(scenarios, ended)
        for scenario in scenarios:
            if scenario.name in BELIEVED:
                scenario.greet_anew()
        self.wait_for_recovery(scenarios, ended)
        wait_until("every command has its result", lambda: self.commands_are_done(coordinator, scenarios), RECOVERY_S)
        for scenario in scenarios:
            scenario.node = uuid.UUID(ask(scenario.agent.runtime, "status")["agent"]["node_id"]).bytes
            scenario.agent.stop()
        verdict = coordinator.verify()
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        coordinator.stop()
        self.account(coordinator, scenarios)

    def wait_for_recovery(self, scenarios, ended):
        waiting = list(scenarios)
        deadline = time.monotonic() + RECOVERY_S * SLOW
        while waiting:
            for scenario in [s for s in waiting if s.drained()]:
                scenario.recovered_s = scenario.recovered_s or time.monotonic() - ended
                waiting.remove(scenario)
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(
                    f"{s.name} does not recover: {s.queue()} goal {s.goal} {s.happened}\n"
                    f"{ask(s.agent.runtime, 'status')['coordinator']}" for s in waiting))
            time.sleep(0.1)

    def commands_are_done(self, coordinator, scenarios):
        viewer = getattr(self, "viewer", None) or coordinator.token("--role", "viewer")
        self.viewer = viewer
        for scenario in scenarios:
            for identity, in scenario.commands.accepted.lines:
                told = coordinator.get(f"/v1/commands/{identity}", viewer)[1]
                if not told.get("finished") and not poisoned(scenario.agent):
                    return False
        return True

    def account(self, coordinator, scenarios):
        archive = Archive(coordinator.state)
        rows = [(epoch, seq, sentence) for epoch, seq, reason, sentence in archive.events() if reason == "test.event"]
        wrong = []
        for scenario in scenarios:
            wrong += scenario.account(archive, rows)
            accepted = sum(len(p.accepted.lines) for p in scenario.events)
            print(f"{scenario.name:20} {accepted:5} events, {len(scenario.commands.accepted.lines):2} commands, "
                  f"{len(poisoned(scenario.agent)):3} poisoned, recovered after {scenario.recovered_s:4.1f} s  "
                  f"{scenario.happened}", flush=True)
            if not scenario.happened:
                wrong.append(f"{scenario.name}: nothing was disturbed")
        epochs = archive.ask("SELECT node, count(*) FROM epoch GROUP BY node HAVING count(*) > 1")
        lives = sum(s.name in ANOTHER_LIFE for s in scenarios)
        if len(epochs) != lives:
            wrong.append(f"{len(epochs)} nodes have several epochs: {epochs}")
        wrong += self.gaps_without_evidence(archive, scenarios)
        archive.close()
        self.assertEqual(wrong, [])

    def gaps_without_evidence(self, archive, scenarios):
        """Each gap says "poison", and the node that wrote it kept what it refused to carry on."""
        nodes = {s.node: s for s in scenarios}
        wrong, named = [], collections.defaultdict(set)
        for node, lane, first, last, reason in archive.ask(
                "SELECT n.uuid, l.lane, l.from_seq, l.to_seq, l.reason FROM ledger l JOIN epoch e ON e.id = l.epoch "
                "JOIN node n ON n.id = e.node WHERE l.kind = 1"):
            named[node] |= {(lane, seq) for seq in range(first, last + 1)}
            if reason != POISON:
                wrong.append(f"{nodes[node].name}: a gap for reason {reason}")
        for node, scenario in nodes.items():
            if named[node] != poisoned(scenario.agent):
                wrong.append(f"{scenario.name}: gaps {named[node]}, evidence {poisoned(scenario.agent)}")
        return wrong


if __name__ == "__main__":
    main()
