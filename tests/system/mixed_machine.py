# SPDX-License-Identifier: Apache-2.0
"""One machine with cards of several makers at once: a tree of files, vendors' libraries and tools of tests/fakes.

Two cards of each maker, of Rebellions one, which is four devices. A device's number is its place on the bus
(0000:<0x10 + number>:00.0).
"""

import json
import os
import pathlib
import shutil
import sys
import threading

from farm import BUILD, SOURCE

sys.path.insert(0, str(SOURCE / "tests/fakes"))
import furiosa  # noqa: E402
import nvidia  # noqa: E402
import rebellions  # noqa: E402
import sapeon  # noqa: E402
from sysfs import Tree  # noqa: E402

# The fake NVML has its cards first on the bus.
H100, RNGD, X330, ATOM_MAX = (0, 1), (2, 3), (4, 5), (8, 9, 10, 11)
CARD = "7002"  # the serial number of the ATOM-Max
PLACES = {"furiosa": RNGD, "rebellions": ATOM_MAX, "sapeon": X330, "nvidia": H100}
MODELS = {"furiosa": "RNGD", "rebellions": "ATOM-Max", "sapeon": "X330", "nvidia": "NVIDIA H100 80GB HBM3"}
MODULES = {"furiosa": furiosa, "rebellions": rebellions, "sapeon": sapeon, "nvidia": nvidia}
LIBRARIES = {"furiosa": "furiosa_smi_2025_12", "rebellions": "rbln_ml_2026_05", "nvidia": "nvml_r580"}
COUNT = sum(len(places) for places in PLACES.values())


class MixedMachine:
    def __init__(self, path):
        self.path = path / "machine"
        self.path.mkdir()
        self.tree = Tree(str(self.path))
        makers = {"furiosa": furiosa.rngd, "rebellions": rebellions.DEVICES["max"], "sapeon": sapeon.x330,
                  "nvidia": nvidia.h100}
        self.cards = {vendor: [makers[vendor](self.tree, at) for at in places] for vendor, places in PLACES.items()}
        self.libraries = {vendor: self._library(name) for vendor, name in LIBRARIES.items()}
        for vendor in self.libraries:
            self.say(vendor)
        self._sapeon_adapter()
        self._rebellions_tool()
        self._stopped = threading.Event()
        self._work = threading.Thread(target=self._compute)
        self._work.start()

    def close(self):
        self._stopped.set()
        self._work.join()

    def _compute(self):
        """RNGD's cores count cycles, a quarter of them busy."""
        cycles = 0
        while not self._stopped.wait(0.2):
            cycles += 200_000_000
            for card in self.cards["furiosa"]:
                for core in range(8):
                    self._replace(f"{card.core}pe{core}/metrics", f"CycleCount: {cycles}\nTaskCycleCount: {cycles // 4}\n")

    def _replace(self, path, text):
        """As the kernel shows it: a reader never sees half of it, and what is gone does not come back."""
        path = self.tree.path(path)
        if os.path.exists(path):
            self.tree.write("new", text)
            os.replace(self.tree.path("new"), path)

    def _library(self, name):
        """A copy of a fake library, whose scenario lies beside it."""
        return pathlib.Path(shutil.copy(BUILD / f"tests/fakes/{name}.so", self.path / f"{name}.so"))

    def say(self, vendor, *lines):
        """What the cards of the vendor's library do from now on, beside where they are on the bus."""
        library = self.libraries[vendor]
        new = pathlib.Path(f"{library}.new")
        new.write_text("".join(f"{line}\n" for line in (*self._facts(vendor), *lines)))
        new.rename(f"{library}.scenario")

    @staticmethod
    def _facts(vendor):
        if vendor == "furiosa":  # it numbers its cards from 0
            return [f"{at} bdf {furiosa.address_of(number)}" for at, number in enumerate(RNGD)]
        if vendor == "rebellions":  # four devices of one card have its serial number
            return ["* devices 4", "* first 8", f"* serial {CARD}", "* part RBLN-CA25"]
        return []

    def _sapeon_adapter(self):
        shutil.copy(SOURCE / "tests/fakes/tool", self.path / "adapter")
        document = {"schema": "farmhand.sapeon/1", "driver": "3.1.4", "devices": [sapeon.device(n) for n in X330]}
        self.tree.write("answers/cards", json.dumps(document))

    def _rebellions_tool(self):
        """With it the plugin knows the UUIDs also while a device is quarantined and the library must not be asked."""
        shutil.copy(SOURCE / "tests/fakes/rbln_smi", self.path / "rbln-smi")
        document = json.loads(rebellions.document(1 + max(ATOM_MAX)))
        document["devices"] = [dict(device, name="RBLN-CA25", sid=CARD) for device in document["devices"]
                               if device["npu"] in ATOM_MAX]
        self.tree.write("answers/json", json.dumps(document))

    def hang_adapter(self):
        self.tree.write("answers/hang", "")

    def free_adapter(self):
        self.tree.remove("answers/hang")

    def lose_second(self, vendor):
        """The vendor's second device is off the bus, and its library sees one less."""
        MODULES[vendor].FAULTS["vanish"](self.tree, self.cards[vendor][1])
        if vendor in ("furiosa", "nvidia"):
            self.say(vendor, "* cards 1")

    def plugin_dirs(self):
        return [BUILD / f"plugins/{vendor}" for vendor in self.cards]

    def plugins(self):
        return tuple(self.cards)

    def settings(self):
        """What agent.toml says of the plugins."""
        mine = {vendor: f'library = "{library}"\n' for vendor, library in self.libraries.items()}
        mine["furiosa"] += 'tool = ""\n'
        mine["rebellions"] += f'tool = "{self.path}/rbln-smi"\n'
        mine["sapeon"] = (f'match = ["1234:0330=X330"]\nadapter = ["{self.path}/adapter", "cards"]\n'
                          f'interval_ms = 500\ntimeout_ms = 500\n')
        return "".join(f'[plugins.{vendor}.settings]\nroot = "{self.path}"\n{lines}' for vendor, lines in mine.items())
