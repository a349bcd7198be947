# SPDX-License-Identifier: Apache-2.0
"""Plugins built for each released minor of the ABI run in today's agent (the binaries of tests/sdk/kept)."""

import platform
import shutil
import unittest

from farm import SOURCE, FarmTest, main, wait_until

KEPT = SOURCE / "tests/sdk/kept"
SETTINGS = {"demo": ["file"], "demo-c": [], "full": []}  # plugin: settings that name a file to read


@unittest.skipUnless(platform.machine() == "x86_64", "the kept binaries are for x86-64")
class KeptPlugins(FarmTest):
    def test_they_are_read(self):
        minors = sorted(path.name for path in KEPT.iterdir() if path.is_dir())
        self.assertTrue(minors)
        for minor in minors:
            shutil.copytree(KEPT / minor, self.farm.path / minor)
            for name in SETTINGS:
                with self.subTest(minor=minor, plugin=name):
                    self.read(minor, name)

    def read(self, minor, name):
        file = self.farm.path / "millidegrees"
        file.write_text("41500\n")
        agent = self.farm.agent(f"{name}-{minor}", plugins=[name], coordinator=False,
                                plugin_dirs=[self.farm.path / minor])
        with open(agent.config, "a", encoding="utf-8") as config:
            config.write(f"[plugins.{name}.settings]\n" + "".join(f'{key} = "{file}"\n' for key in SETTINGS[name]))
        agent.start()

        def read_devices():
            # "not_supported" is an answer: this machine may lack the file that the smallest example reads.
            return {m["device"] for m in agent.ask("metrics")["metrics"]
                    if m["reading"]["status"] in ("ok", "not_supported")}
        devices = wait_until("its devices are read", read_devices)
        plugin, = agent.ask("plugins")["plugins"]
        self.assertEqual((plugin["id"], plugin["status"], plugin["reason"]), (name, "running", None))
        print(f"ABI {minor}: {name}: {sorted(devices)}")
        self.assertEqual(agent.stop(), 0)


if __name__ == "__main__":
    main()
