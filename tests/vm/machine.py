# SPDX-License-Identifier: Apache-2.0
"""One virtual machine under software emulation: boots, tells lines, ends or is cut off."""

import queue
import subprocess
import threading
import time

from disk import VolatileDisk


class Machine:
    """Runs from its birth until `end` or `cut`. Lines of its second serial port are told by `lines`."""

    def __init__(self, image, disk, checks, phase, scratch, *, cores=2):
        self.console = scratch / f"console-{phase.replace(' ', '-')}.log"
        path = scratch / "disk.sock"
        path.unlink(missing_ok=True)
        self.disk = VolatileDisk(disk, path)
        self.began = time.monotonic()
        self.qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(cores), "-m", "768",
             "-nodefaults", "-no-reboot", "-display", "none", "-nic", "none",
             "-serial", f"file:{self.console}", "-serial", "stdio",
             "-kernel", image / "vmlinuz", "-initrd", image / "initrd",
             "-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable "
                        f"systemd.show_status=no systemd.journald.forward_to_console=no farmhand.phase={phase}",
             "-blockdev", f"driver=nbd,node-name=root,server.type=unix,server.path={path}",
             "-device", "virtio-blk-pci,drive=root,write-cache=on",
             "-blockdev", f"driver=file,node-name=checks,read-only=on,filename={checks}",
             "-device", "virtio-blk-pci,drive=checks"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.qemu.stdout:
            if not line.endswith(b"\n"):
                break  # cut off in the middle of a line: nothing was told
            self._lines.put(line.decode(errors="replace").strip())
        self._lines.put(None)

    def lines(self, within_s):
        """Each line until the machine ends; TimeoutError when that takes longer than `within_s`."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"the machine was not done after {within_s} s") from None
            if line is None:
                return
            yield line

    def seconds(self):
        return time.monotonic() - self.began

    def end(self):
        """The machine has powered itself off, or is made to; nothing is lost. After a cut it does nothing."""
        return self._close(None)

    def cut(self, coin):
        """Blocks lost, and those that the guest had not flushed."""
        return self._close(coin)

    def _close(self, coin):
        if self.disk is None:
            return None
        self.qemu.kill()
        self.qemu.wait()
        disk, self.disk = self.disk, None
        self.flushes = disk.flushes
        return disk.close(coin)
