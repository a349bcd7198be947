# SPDX-License-Identifier: Apache-2.0
"""A small disk that a test may fill, and somebody who fills it."""

import errno
import os
import subprocess
import threading


class Disk:
    """A tmpfs of its own at `path`; needs root."""

    def __init__(self, path, options="size=128m"):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=0755", "farmhand-test", path], check=True)

    def remount(self, option):
        subprocess.run(["mount", "-o", f"remount,{option}", self.path], check=True)

    def take_all_inodes(self):
        taken = []
        try:
            for number in range(10_000):
                path = self.path / f"taken-{number}"
                path.touch()
                taken.append(path)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        return taken

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=True)

    def free_bytes(self):
        at = os.statvfs(self.path)
        return at.f_bavail * at.f_frsize


class Hog(threading.Thread):
    """Another process of the node that wants every byte of the disk, and takes what comes free, until `give_back`."""

    def __init__(self, disk):
        super().__init__(daemon=True)
        self.path = disk.path / "hog"
        self.full = threading.Event()
        self._enough = threading.Event()

    def run(self):
        with open(self.path, "wb", buffering=0) as file:
            chunk = b"x" * 262144
            while not self._enough.is_set():
                try:
                    file.write(chunk)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    if len(chunk) == 4096:
                        self.full.set()
                        self._enough.wait(0.01)
                    chunk = chunk[:4096]

    def give_back(self):
        self._enough.set()
        self.join()
        self.path.unlink()


class Scale(threading.Thread):
    """Weighs what the outbox has on disk, again and again."""

    def __init__(self, state):
        super().__init__(daemon=True)
        self.state, self.heaviest_bytes = state, 0
        self._enough = threading.Event()

    def weigh(self):
        total = 0
        for file in self.state.glob("queue.*"):
            try:
                total += file.stat().st_blocks * 512
            except FileNotFoundError:
                pass
        return total

    def run(self):
        while not self._enough.wait(0.005):
            self.heaviest_bytes = max(self.heaviest_bytes, self.weigh())

    def stop(self):
        self._enough.set()
        self.join()
        return self.heaviest_bytes
