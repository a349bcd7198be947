# SPDX-License-Identifier: Apache-2.0
"""Every bad plugin beside a good one in a real agent: the agent stays up, the good one's devices are read on, what is
wrong is told, and the agent stops in order. Prints what it told of each.

    bad_plugins_test.py            all of them, several agents at a time
    bad_plugins_test.py NAME …     only these
"""

import concurrent.futures
import shutil
import subprocess
import sys
import time

from farm import BUILD, SLOW, SOURCE, Farm

INTERVAL_S = 1.0
AT_ONCE = 16
WATCHED_S = 4.0  # at the least: a few intervals with the fault
PATIENCE_S = 45.0

DEVICES, TELEMETRY, HEALTH = (f"farmhand.{name}/1" for name in ("devices", "telemetry", "health"))
BOTH = (DEVICES, TELEMETRY)
ALL = BOTH + tuple(f"farmhand.{name}/1" for name in ("health", "events", "jobenv", "diag", "reset", "slice"))

# What the agent must say: as the plugin's reason in `farmhand plugins`, as a device's, or, of what happens in the
# plugin's last second, in its log. The slow ones first, so that the whole takes no longer than the slowest.
TOLD = {
    "hang_enumerate": "'enumerate' call did not return",  # the second one, 30 s later: the first is good
    "hang_create": "'create' call did not return",
    "hang_query": "'query' call did not return",
    "hang_start": "'start' call did not return",
    "leak": "its memory_max is",
    "spin": "% of a core",
    "spins_idle": "% of a core",
    "bad_utf8": "not clean UTF-8",
    "child_sample": "'sample' call for a did not return",
    "blind_excluded": "a device cannot be kept off alone",
    "crash_create": "'create' call crashed",
    "crash_destroy": "'destroy' call crashed",
    "crash_enumerate": "'enumerate' call crashed",
    "crash_metrics": "'metrics' call for a crashed",
    "crash_query": "'query' call crashed",
    "crash_sample": "'sample' call for a crashed",
    "crash_start": "'start' call crashed",
    "crash_stop": "'stop' call crashed",
    "entry_is_function": "not a data object",
    "exit_sample": "ended by itself with status 0",
    "exports_more": "it exports 'helper_everyone_sees'",
    "flood": "emitted more than 4 MiB",
    "garbage": "it was left out",
    "hang_destroy": "a plugin does not stop, it is killed",
    "hang_lock": "'sample' call for a did not return",
    "hang_metrics": "'metrics' call for b did not return",
    "hang_sample": "'sample' call for a did not return",
    "hang_stop": "a plugin does not stop, it is killed",
    "bad_verdicts": "a verdict that is not ok and has no reason",
    "judges": "a verdict that is not ok and has no reason",
    "crash_check": "'check' call",
    "hang_check": "'check' call",
    "event_flood": "more than 1000 events in one call",
    "crash_wait": "'wait' call crashed",
    "hang_wait": "'wait' call does not return",
    "heeds_cancel": "cancelled: the card took too long",
    "huge_text": "longer than 128 bytes",
    "late_answer": "'sample' call for b did not return",
    "late_emit": "emitted after its call had returned",
    "log_flood": "it logs more than",
    "lose_sample": "device lost: it fell off the bus",
    "newer_abi": "install a newer agent",
    "no_driver": "libacme.so.1 is not installed",
    "no_entry": "it does not export farmhand_plugin_v1",
    "null_slots": "is missing in its entry",
    "null_tables": "lacks function number 1",
    "other_flags": "does not list the flag uses_threads",
    "other_minor": "built for ABI 1.77, the manifest says 1.0",
    "overflow_sample": "'sample' call for a crashed",
    "past_error": "past the end of fh_error",
    "same_key": "a device key that was emitted twice",
    "scribble": "its memory is damaged",
    "silent_failure": "'metrics' call gave no reason",
    "throws": "'enumerate' call crashed",
    "wrong_id": "its id is 'somebody-else'",
    "wrong_major": "ABI major 2",
    "wrong_sizes": "struct_size 4096",
}

# What is wrong with these cannot be seen from outside the vendor's code, stays in its own process, or lies in a call
# that this agent does not make; farmhand-plugin-check finds each (tests/sdk). Nothing at all may come of it.
UNSEEN = {
    "any_id": "compares the front of an id; no agent asks for such an id",
    "closes_foreign": "closes descriptors; the host has none there",
    "forks": "forks; the child ends",
    "ignores_excluded": "lists what is excluded; the host leaves it out",
    "keeps_call": "reads the last call's arguments",
    "leak_create": "leaks once in a life",
    "new_handles": "other handles each time; the agent goes by key",
    "own_units": "a standard name with a unit of its own",
    "prints": "to stdout, which is /dev/null",
    "reads_past_text": "reads past a text; the host's end with NUL",
    "refuses_newer": "refuses a newer host; this one is not",
    "set_environment": "its own process's",
    "set_folder": "its own process's",
    "set_locale": "its own process's",
    "set_signal": "its own process's",
    "slow_create": "slow in create, and in time",
    "slow_sample": "slow, and in time",
    "takes_any_lease": "leases; no call for it",
    "thread_left": "a thread after stop; the process ends",
    "zero_for_unread": "a lie that only the maker can know",
    "no_metrics": "a device without metrics is no fault",
    "good": "nothing wrong with it",
}
for _call in ("prepare", "run", "reset", "slices"):
    for _way in ("crash", "hang"):
        UNSEEN[f"{_way}_{_call}"] = f"{_way} in a call that this agent does not make"

INTERFACES = {"bad_verdicts": (DEVICES, HEALTH), "judges": (*BOTH, HEALTH, "farmhand.events/1"),
              "crash_check": ALL, "hang_check": ALL, "crash_wait": ALL, "hang_wait": ALL, "event_flood": (*BOTH, "farmhand.events/1"),
              "takes_any_lease": (DEVICES, "farmhand.jobenv/1"), "throws": (DEVICES,)}
INTERFACES |= {name: ALL for name in UNSEEN if name.endswith(("_check", "_wait", "_prepare", "_run", "_reset", "_slices"))}

# One device is at fault: its sibling in the same plugin is read on.
SIBLING_READ = ("child_sample", "crash_metrics", "crash_sample", "exit_sample", "flood", "hang_lock", "hang_sample",
                "heeds_cancel", "lose_sample", "overflow_sample", "slow_sample", "hang_enumerate")

# Lies of the manifest: (interfaces it lists, what the agent says). The library is a good one.
LIES = {
    "a manifest lists too much": ((*BOTH, HEALTH), "lists farmhand.health/1, the library does not offer it"),
    "a manifest lists too little": ((DEVICES,), "does not list farmhand.telemetry/1, the library offers it"),
    "a manifest lists a stranger": ((*BOTH, "com.acme.x/1"), "lists com.acme.x/1, the library does not offer it"),
}


class Case:
    """One agent with the sim plugin and one bad plugin."""

    def __init__(self, farm, name, library, interfaces, phrase, sibling_read=False):
        self.name, self.phrase, self.sibling_read = name, phrase, sibling_read
        word = name.replace(" ", "-")
        folder = farm.path / f"{word}.plugin"
        folder.mkdir()
        shutil.copy(BUILD / f"tests/bad_plugins/{library}.so", folder / "bad.so")
        subprocess.run([SOURCE / "sdk/farmhand-manifest", "write", "--id", "bad", "--vendor", "acme", "--version", "1.0",
                        "--library", folder / "bad.so", "--interfaces", ",".join(interfaces), folder / "bad.toml"],
                       check=True)
        budget = '[plugins.bad]\ncpu_max_percent = 10\nmemory_max = "48MiB"\n'
        self.agent = farm.agent(word, plugins=("sim", "bad"), sim='devices = "RNGD:2"\n' + budget, coordinator=False,
                                plugin_dirs=[folder])
        self.faults, self.said, self.ages = [], [], {}

    def note(self, sentence):
        if sentence and sentence not in self.said:
            self.said.append(sentence)

    def is_told(self):
        return self.phrase is None or any(self.phrase in each for each in self.said)

    def look(self):
        """One look at everything: who is read, what is said."""
        for plugin in self.agent.ask("plugins")["plugins"]:
            if plugin["id"] == "bad":
                self.note(plugin["reason"])
        for device in self.agent.ask("devices")["devices"]:
            if device["plugin"] == "bad":
                self.note(device["reason"])
        self.ages = {m["device"]: m["age_s"] for m in self.agent.ask("metrics")["metrics"]
                     if m["name"] == "power" and m["reading"]["status"] == "ok"}
        return {key: age for key, age in self.ages.items() if key.startswith("SIM")}

    def watch(self):
        begin = time.monotonic()
        read = {}
        while time.monotonic() < begin + PATIENCE_S * SLOW:
            passed = time.monotonic() - begin
            read = self.look()
            late = {key: age for key, age in read.items() if age > (2 * INTERVAL_S + 0.5) * SLOW}
            if passed > 2 * SLOW and (late or len(read) != 2):
                self.faults.append(f"after {passed:.1f} s of the good plugin's devices {read} were read")
                return
            last_second = self.name.endswith(("_stop", "_destroy"))  # told in the log, when it ends
            if passed > WATCHED_S * SLOW and (last_second or self.is_told()):
                break
            time.sleep(0.25)
        if self.sibling_read and self.ages.get("b", 99) > (2 * INTERVAL_S + 0.5) * SLOW:
            self.faults.append(f"the sibling of the device at fault is not read: {self.ages}")

    def run(self):
        try:
            self.agent.start()
            self.watch()
            status = self.agent.stop()
            if status != 0:
                self.faults.append(f"the agent ended with status {status}")
        except (AssertionError, OSError, ValueError) as error:
            self.faults.append(f"{type(error).__name__}: {error}")
        ending = [line for line in self.agent.process.log().splitlines() if "stop" in line and " warn " in line]
        for line in ending:
            self.note(line.split(" warn  ", 1)[1])
        if not self.is_told():
            self.faults.append(f"it was to be told '{self.phrase}'")
        if self.phrase is None and self.said:
            self.faults.append("nothing was to come of it")
        return self


def cases(farm):
    for name, phrase in TOLD.items():
        yield Case(farm, name, name, INTERFACES.get(name, BOTH), phrase, name in SIBLING_READ)
    for name, (interfaces, phrase) in LIES.items():
        yield Case(farm, name, "good", interfaces, phrase)
    for name in UNSEEN:
        yield Case(farm, name, name, INTERFACES.get(name, BOTH), None, name in SIBLING_READ)


def main(names):
    built = {path.stem for path in (BUILD / "tests/bad_plugins").glob("*.so")} - {"bench-0", "bench-1"}
    listed = set(TOLD) | set(UNSEEN)
    faults = [f"{name}: not in this test's tables" for name in built - listed]
    faults += [f"{name}: not built" for name in listed - built]
    farm = Farm()
    begin = time.monotonic()
    try:
        chosen = [case for case in cases(farm) if not names or case.name in names]
        if SLOW > 1 and not names:
            chosen = chosen[::4]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for case in pool.map(Case.run, chosen):
                words = "; ".join(case.said) or f"(nothing: {UNSEEN.get(case.name, '')})"
                print(f"{case.name:28} {words[:230]}")
                faults += [f"{case.name}: {fault}" for fault in case.faults]
    finally:
        farm.close()
    print(f"{len(chosen)} plugins in {time.monotonic() - begin:.0f} s, {len(faults)} faults")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
