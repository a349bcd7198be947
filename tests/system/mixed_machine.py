# SPDX-License-Identifier: Apache-2.0
"""One machine with cards of several makers at once: a tree of files, vendors' libraries and tools of tests/fakes.

Two cards of each maker. A card's number is its place on the bus (0000:<0x10 + number>:00.0).
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
import sapeon  # noqa: E402
from sysfs import Tree  # noqa: E402

# The fake NVML has its cards first on the bus.
H100, RNGD, X330 = (0, 1), (2, 3), (4, 5)
MODELS = {"furiosa": "RNGD", "sapeon": "X330", "nvidia": "NVIDIA H100 80GB HBM3"}
COUNT = 2 * len(MODELS)
MODULES = {"furiosa": furiosa, "sapeon": sapeon, "nvidia": nvidia}


class MixedMachine:
    def __init__(self, path):
        self.path = path / "machine"
        self.path.mkdir()
        self.tree = Tree(str(self.path))
        self.cards = {"furiosa": [furiosa.rngd(self.tree, number) for number in RNGD],
                      "sapeon": [sapeon.x330(self.tree, number) for number in X330],
                      "nvidia": [nvidia.h100(self.tree, number) for number in H100]}
        self.furiosa_library = self._library("furiosa_smi_2025_12")
        self.nvidia_library = self._library("nvml_r580")
        self.say(self.furiosa_library)
        self._sapeon_adapter()
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

    def say(self, library, *lines):
        """What this library's cards do from now on, beside where they are on the bus."""
        places = [f"{at} bdf {furiosa.address_of(number)}" for at, number in enumerate(RNGD)]
        lines = places + list(lines) if library == self.furiosa_library else lines
        new = pathlib.Path(f"{library}.new")
        new.write_text("".join(f"{line}\n" for line in lines))
        new.rename(f"{library}.scenario")

    def _sapeon_adapter(self):
        shutil.copy(SOURCE / "tests/fakes/tool", self.path / "adapter")
        document = {"schema": "farmhand.sapeon/1", "driver": "3.1.4", "devices": [sapeon.device(n) for n in X330]}
        self.tree.write("answers/cards", json.dumps(document))

    def hang_adapter(self):
        self.tree.write("answers/hang", "")

    def free_adapter(self):
        self.tree.remove("answers/hang")

    def lose_second(self, vendor):
        """The vendor's second card is off the bus, and its library sees one card less."""
        MODULES[vendor].FAULTS["vanish"](self.tree, self.cards[vendor][1])
        if vendor == "furiosa":
            self.say(self.furiosa_library, "* cards 1")
        if vendor == "nvidia":
            self.say(self.nvidia_library, "* cards 1")

    def plugin_dirs(self):
        return [BUILD / f"plugins/{vendor}" for vendor in self.cards]

    def plugins(self):
        return tuple(self.cards)

    def settings(self):
        """What agent.toml says of the plugins."""
        adapter = self.path / "adapter"
        return (f'[plugins.furiosa.settings]\nroot = "{self.path}"\nlibrary = "{self.furiosa_library}"\ntool = ""\n'
                f'[plugins.sapeon.settings]\nroot = "{self.path}"\nmatch = ["1234:0330=X330"]\n'
                f'adapter = ["{adapter}", "cards"]\ninterval_ms = 500\ntimeout_ms = 500\n'
                f'[plugins.nvidia.settings]\nroot = "{self.path}"\nlibrary = "{self.nvidia_library}"\n')
