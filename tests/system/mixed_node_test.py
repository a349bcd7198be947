# SPDX-License-Identifier: Apache-2.0
"""A node with several makers' cards at once: one schema everywhere, capacity that adds up, faults that stay where they are."""

import collections
import re
import subprocess
import time
import urllib.request

import fleet
from farm import FARMHAND, SLOW, FarmTest, main, wait_until
from mixed_machine import COUNT, MODELS, PLACES, MixedMachine

DEVICE_LABELS = ["vendor", "model", "device", "pci", "partition"]
COMMON = {"temperature", "power", "utilization", "memory.used", "memory.total", "throttle.reasons",
          "link.generation", "link.width"}

# Tera-operations per second of one device by dtype, dense, as published. Written here a second time on purpose.
DATA_SHEETS = {
    # FuriosaAI documentation v2026.3.0, overview/rngd
    "RNGD": {"int4": 1024, "int8": 512, "fp8": 512, "bf16": 256},
    # ATOM's white papers at kr.rebellions.ai; an ATOM-Max is four of its chips, 128 in fp16, and each is a device
    "ATOM-Max": {"fp16": 32, "int8": 128, "int4": 256},
    # The announcement of 2023-11, in press; it names no data type
    "X330": {"unstated": 367},
    # The maker's data sheet of the H100 SXM5 80 GB, without sparsity (glennklockwood.com/garden/processors/h100)
    "NVIDIA H100 80GB HBM3": {"fp16": 989.4, "bf16": 989.4, "fp8": 1978.9, "int8": 1978.9},
}


def parse(page):
    """The samples of a page of the text format, [(family, {label: value}, number)], and its families' types."""
    samples, types = [], {}
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
        elif not line.startswith("#"):
            name, labels, number = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            samples.append((name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")), float(number)))
    return samples, types


class MixedNode(FarmTest):
    def setUp(self):
        super().setUp()
        self.machine = MixedMachine(self.farm.path)
        self.addCleanup(self.machine.close)
        self.coordinator = self.farm.coordinator()
        self.agent = self.farm.agent(plugins=self.machine.plugins(), plugin_dirs=self.machine.plugin_dirs(),
                                     extra=self.machine.settings()).start()
        self.agent.enroll(self.coordinator.join_token("kcloud", ",".join(MODELS)))
        self.environment = fleet.environment(self.farm, self.coordinator)
        try:
            wait_until("all cards are managed and read", self.all_well, 15)
        except AssertionError:
            print(self.agent.cli("devices").stdout)
            raise

    def devices(self):
        found = [d for d in self.agent.ask("devices")["devices"] if d["kind"] == "accelerator"]
        return {d["key"]: d for d in found}

    def keys_of(self, vendor):
        """The keys of a vendor's cards in the order of their places on the bus."""
        return [d["key"] for d in sorted(self.devices().values(), key=lambda d: d["pci"]) if d["vendor"] == vendor]

    def all_well(self):
        devices = self.devices()
        return (len(devices) == COUNT and
                all(d["status"] == "managed" and d["partition"] and self.reads(d, "power") and
                    self.reads(d, "utilization") for d in devices.values()))

    @staticmethod
    def reads(device, name):
        return device["readings"].get(name, {}).get("status") == "ok"

    def fleet(self, what, *flags):
        done = subprocess.run([FARMHAND, *flags, "fleet", what], capture_output=True, text=True, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fleet_json(self, what):
        return self.coordinator.get(f"/v1/fleet/{what}", self.coordinator.token("--role", "viewer"))[1]

    def page(self):
        address = self.agent.json("status")["agent"]["metrics_address"]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
            return reply.read().decode()


class OneSchema(MixedNode):
    def test_devices_have_the_same_members_whoever_made_them(self):
        devices = self.devices()
        self.assertEqual(len({tuple(d) for d in devices.values()}), 1)
        self.assertEqual({d["vendor"]: d["model"] for d in devices.values()}, MODELS)
        self.assertEqual(len({tuple(d["readings"]) for d in devices.values()}), 1)
        for device in devices.values():
            self.assertEqual(device["partition"], f"kcloud-{device['vendor']}")
            for name, reading in device["readings"].items():
                self.assertEqual(reading["value"] is not None, reading["status"] == "ok", (device["key"], name, reading))
                self.assertEqual(set(reading), set(next(iter(device["readings"].values()))))
        print(self.agent.cli("devices").stdout)

    def test_a_metric_has_one_unit_and_one_kind_whoever_made_the_device(self):
        metrics = [m for m in self.agent.json("metrics")["metrics"] if m["device"] in self.devices()]
        forms, owners = collections.defaultdict(set), collections.defaultdict(set)
        for metric in metrics:
            forms[metric["name"]].add((metric["kind"], metric["reading"]["unit"]))
            owners[metric["name"]].add(self.devices()[metric["device"]]["vendor"])
        self.assertEqual({name: form for name, form in forms.items() if len(form) > 1}, {})
        for name in COMMON:
            self.assertEqual(owners[name], set(MODELS), name)

    def test_the_metrics_page_labels_every_device_alike(self):
        devices, (samples, types) = self.devices(), parse(self.page())
        owners = collections.defaultdict(set)
        for name, labels, _ in samples:
            if "device" not in labels:
                continue
            device = devices[labels["device"]]
            self.assertEqual(list(labels)[:5], DEVICE_LABELS, name)
            self.assertEqual([labels[k] for k in DEVICE_LABELS],
                             [device[k] for k in ("vendor", "model", "key", "pci", "partition")], name)
            self.assertIn(name, types)
            owners[name].add(labels["vendor"])
        for name in ("temperature_celsius", "power_watts", "utilization_ratio", "memory_used_bytes",
                     "memory_bytes", "throttle_reasons", "link_width", "energy_joules_total", "up", "info", "state", "series",
                     "peak_operations_per_second"):
            self.assertEqual(owners[f"farmhand_device_{name}"], set(MODELS), name)
        self.print_units(samples)

    @staticmethod
    def print_units(samples):
        families = collections.defaultdict(dict)
        for name, labels, value in samples:
            if "device" in labels:
                families[name].setdefault(labels["vendor"], value)
        print(f"\n{'FAMILY':52}" + "".join(f"{vendor:>14}" for vendor in MODELS))
        for name, values in sorted(families.items()):
            shown = [f"{values[vendor]:.6g}" if vendor in values else "-" for vendor in MODELS]
            print(f"{name:52}" + "".join(f"{number:>14}" for number in shown))

    def test_the_page_says_what_the_agent_says(self):
        """Peaks do not change between two looks."""
        samples, _ = parse(self.page())
        said = {(l["device"], l["dtype"]): v for n, l, v in samples if n == "farmhand_device_peak_operations_per_second"}
        self.assertEqual(said, {(key, peak["dtype"]): peak["tera_ops"] * 1e12 for key, device in self.devices().items()
                                for peak in device["peaks"]})

    def test_the_fleet_view_shows_them_as_the_node_does(self):
        def shown():
            rows = {d["device"]: d for d in self.fleet_json("devices")["devices"] if d["device"] in self.devices()}
            return rows if len(rows) == COUNT else None
        rows = wait_until("the coordinator has them all", shown)
        for key, device in self.devices().items():
            for name in ("vendor", "model", "kind", "plugin", "pci", "partition", "serial", "uuid", "memory_bytes",
                         "firmware", "driver"):
                self.assertEqual(rows[key].get(name), device[name], (key, name))
            self.assertCountEqual(rows[key]["peaks"], device["peaks"])
            self.assertEqual(rows[key]["state"], "managed")
        print(self.fleet("devices"))


class Capacity(MixedNode):
    """To the last TFLOPS, by dtype: from what the plugins say, and from what was published."""

    def capacity(self):
        return self.fleet_json("capacity")

    def test_totals_are_the_sum_of_what_the_plugins_say_with_their_sources(self):
        installed, sources = collections.Counter(), collections.defaultdict(set)
        for device in self.devices().values():
            for peak in device["peaks"]:
                installed[peak["dtype"]] += peak["tera_ops"]
                sources[peak["dtype"]].add(peak["source"])
        wait_until("all are counted", lambda: self.capacity()["available_devices"] == COUNT)
        capacity = self.capacity()
        self.assertEqual(self.of_totals("installed_tera_ops"), {k: round(v, 6) for k, v in installed.items()})
        self.assertEqual({r["dtype"]: set(r["sources"]) for r in capacity["totals"]}, sources)
        self.assertTrue(all(source for each in sources.values() for source in each))
        self.assertEqual(capacity["unknown"], [])
        for row in capacity["totals"] + capacity["partitions"]:
            self.assertEqual(row["installed_tera_ops"], row["available_tera_ops"])
        print(self.fleet("capacity"))

    def test_totals_are_the_sum_of_the_data_sheets(self):
        wait_until("all are counted", lambda: self.capacity()["available_devices"] == COUNT)
        published = collections.Counter()
        for vendor, model in MODELS.items():
            published.update({dtype: len(PLACES[vendor]) * tera for dtype, tera in DATA_SHEETS[model].items()})
        self.assertEqual(self.of_totals("installed_tera_ops"), {k: round(v, 6) for k, v in published.items()})
        # The same sums, once more by hand.
        self.assertEqual(self.of_totals("installed_tera_ops"),
                         {"int4": 2 * 1024 + 4 * 256, "int8": 2 * 512 + 4 * 128 + 2 * 1978.9, "fp8": 2 * 512 + 2 * 1978.9,
                          "bf16": 2 * 256 + 2 * 989.4, "fp16": 4 * 32 + 2 * 989.4, "unstated": 2 * 367})
        for row in self.capacity()["partitions"]:
            one = DATA_SHEETS[MODELS[row["vendor"]]][row["dtype"]]
            self.assertEqual(round(row["installed_tera_ops"], 6), round(row["devices"] * one, 6), row)

    def test_a_lost_card_is_available_no_more_and_later_not_installed(self):
        wait_until("all are counted", lambda: self.capacity()["available_devices"] == COUNT)
        lost, before = self.keys_of("furiosa")[1], self.of_totals("available_tera_ops")
        self.machine.lose_second("furiosa")
        wait_until("one is not available", lambda: self.capacity()["available_devices"] == COUNT - 1)
        less = {dtype: round(tera - DATA_SHEETS["RNGD"].get(dtype, 0), 6) for dtype, tera in before.items()}
        self.assertEqual(self.of_totals("available_tera_ops"), less)
        # The plugin lists its devices every half minute: only then it is known to be gone.
        wait_until("it is missing", lambda: self.devices()[lost]["status"] == "missing", 60)
        wait_until("it is not counted", lambda: self.capacity()["devices"] == COUNT - 1)
        self.assertEqual(self.of_totals("installed_tera_ops"), less)
        print(self.agent.cli("devices").stdout, self.fleet("devices"), self.fleet("capacity"), sep="\n")

    def of_totals(self, member):
        return {row["dtype"]: round(row[member], 6) for row in self.capacity()["totals"]}


class Faults(MixedNode):
    """A fault of one vendor's is seen as what it is, and by no other vendor's cards."""

    def read_at(self):
        return {m["device"]: m["reading"]["time"]["boottime_ns"] / 1e9 for m in self.agent.ask("metrics")["metrics"]
                if m["name"] == "power" and m["reading"]["status"] == "ok"}

    def until_seen(self, what, seen, others, timeout_s=60):
        """Waits, and says how old the others' newest reading ever became meanwhile; they must go on after it too."""
        began, oldest = self.now(), 0

        def look():
            nonlocal oldest
            read, now = self.read_at(), self.now()
            for key in others:
                self.assertIn(key, read, f"{key} is not read any more")
                oldest = max(oldest, now - max(read[key], began - 1))
            return seen()
        wait_until(what, look, timeout_s)
        since = self.now()
        wait_until("the others are read after it", lambda: all(self.read_at().get(k, 0) > since for k in others))
        print(f"{what}: after {since - began:.1f} s; the {len(others)} other cards' readings at most {oldest:.1f} s old")
        self.assertLess(oldest, 3 * SLOW)

    @staticmethod
    def now():
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def others(self, *keys):
        return [key for key in self.devices() if key not in keys]

    def test_a_card_off_the_bus_is_unknown_and_its_sibling_is_not(self):
        for vendor in MODELS:
            lost = self.keys_of(vendor)[1]
            self.machine.lose_second(vendor)
            self.until_seen(f"{vendor}: a card off the bus", lambda: self.devices()[lost]["status"] != "managed",
                            [key for key in self.read_at() if key != lost])
            self.assertEqual(self.devices()[lost]["status"], "unknown")
            self.assertTrue(self.devices()[lost]["reason"])
            self.assertFalse([l for l in self.page().splitlines() if f'"{lost}"' in l and "power_watts{" in l])
        print(self.agent.cli("devices").stdout)

    def test_a_hung_adapter_makes_its_cards_unknown_and_no_others(self):
        hung = self.keys_of("sapeon")
        self.machine.hang_adapter()

        def seen():
            return all(not self.reads(self.devices()[key], "power") for key in hung)
        self.until_seen("X330's adapter hangs: power unknown", seen, self.others(*hung))
        print(self.agent.cli("devices").stdout)
        for key in hung:
            for name in ("power", "utilization", "memory_used"):
                self.assertIsNone(self.devices()[key]["readings"].get(name, {}).get("value"), (key, name))
        self.machine.free_adapter()
        wait_until("the cards are back", self.all_well, 60)

    def test_a_call_that_hangs_in_a_library_costs_one_card(self):
        # The numbers are the libraries': of the first device on the bus.
        for vendor, call in (("furiosa", "0 hang throttle"), ("rebellions", "8 hang power"), ("nvidia", "0 hang power")):
            first = self.keys_of(vendor)[0]
            siblings = [key for key in self.keys_of(vendor) if key != first]
            others = [key for key in self.read_at() if key not in self.keys_of(vendor)]
            self.machine.say(vendor, call)
            self.until_seen(f"{vendor}: a call hangs", lambda: self.devices()[first]["status"] == "unknown", others)
            # Where a library may be called by one at a time, its other devices wait for a host without the hung call.
            began = self.now()
            wait_until("its siblings are read", lambda: all(self.read_at().get(k, 0) > began for k in siblings), 5)
            print(f"{vendor}: its siblings were read {self.now() - began:.1f} s later")
            unknown = [d for d in self.devices().values() if d["status"] == "unknown" and d["vendor"] == vendor]
            self.assertEqual([d["key"] for d in unknown], [first])
            self.assertIn("did not return", unknown[0]["reason"])
        print(self.agent.cli("devices").stdout)


if __name__ == "__main__":
    main()
