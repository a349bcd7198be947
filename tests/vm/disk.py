# SPDX-License-Identifier: Apache-2.0
"""A disk with a volatile cache, as an NBD server: what the machine has not flushed can be lost.

Killing QEMU alone is no power cut: what the guest wrote stays in the host's page cache, flushed or not.
Here a write lives in memory until the guest's flush (or a write with FUA) takes it to the file. At a power
cut each 4 KiB block that was not flushed is kept or lost by a coin, so writes are lost in any order, as
real disks lose them; a block is lost back to its last flush.
"""

import os
import socket
import struct
import threading

BLOCK = 4096
READ, WRITE, DISCONNECT, FLUSH = range(4)
FUA = 1
HAS_FLAGS, SEND_FLUSH, SEND_FUA = 1, 4, 8
OPTION_EXPORT_NAME, OPTION_GO = 1, 7
INFO_EXPORT, REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 0, 1, 3, 0x80000001


class VolatileDisk:
    """Serves the file `image` on the socket `path` until `close`, which is how the power is cut or not."""

    def __init__(self, image, path):
        self.file = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self.unflushed = {}
        self.flushes = self.written = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as stream:
            try:
                self._greet(connection, stream)
                while self._answer(connection, stream):
                    pass
            except (EOFError, OSError):
                pass  # QEMU has ended, or was killed

    def _greet(self, connection, stream):
        """The fixed newstyle handshake; https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md"""
        flags = HAS_FLAGS | SEND_FLUSH | SEND_FUA
        connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
        take(stream, 4)
        while True:
            _, option, size = struct.unpack(">8sII", take(stream, 16))
            take(stream, size)
            if option == OPTION_EXPORT_NAME:
                return connection.sendall(struct.pack(">QH", self.size, flags))
            if option == OPTION_GO:
                self._reply(connection, option, REPLY_INFO, struct.pack(">HQH", INFO_EXPORT, self.size, flags))
                return self._reply(connection, option, REPLY_ACK, b"")
            self._reply(connection, option, REPLY_UNSUPPORTED, b"")

    @staticmethod
    def _reply(connection, option, kind, data):
        connection.sendall(struct.pack(">QIII", 0x3E889045565A9, option, kind, len(data)) + data)

    def _answer(self, connection, stream):
        _, flags, kind, handle, offset, size = struct.unpack(">IHHQQI", take(stream, 28))
        if kind == DISCONNECT:
            return False
        data = b""
        if kind == READ:
            data = self._read(offset, size)
        elif kind == WRITE:
            self._write(offset, take(stream, size))
        if kind == FLUSH or flags & FUA:
            self._flush()
        connection.sendall(struct.pack(">IIQ", 0x67446698, 0, handle) + data)
        return True

    def _read(self, offset, size):
        data = bytearray(os.pread(self.file, size, offset))
        for at in range(offset // BLOCK, (offset + size - 1) // BLOCK + 1) if self.unflushed else ():
            if at in self.unflushed:
                block, start = self.unflushed[at], at * BLOCK
                low, high = max(start, offset), min(start + BLOCK, offset + size)
                data[low - offset:high - offset] = block[low - start:high - start]
        return bytes(data)

    def _write(self, offset, data):
        self.written += len(data)
        for at in range(offset // BLOCK, (offset + len(data) - 1) // BLOCK + 1):
            start = at * BLOCK
            low, high = max(start, offset), min(start + BLOCK, offset + len(data))
            if high - low == BLOCK:
                self.unflushed[at] = data[low - offset:high - offset]
                continue
            block = bytearray(self._read(start, BLOCK))
            block[low - start:high - start] = data[low - offset:high - offset]
            self.unflushed[at] = bytes(block)

    def _flush(self):
        self.flushes += 1
        for at, block in self.unflushed.items():
            os.pwrite(self.file, block, at * BLOCK)
        self.unflushed.clear()

    def close(self, cut=None):
        """After QEMU has ended. `cut`: a random.Random that decides what is lost. Returns lost and unflushed."""
        self.listener.close()
        self.thread.join(10)
        waiting = sorted(self.unflushed)
        lost = [at for at in waiting if cut and cut.random() < 0.5]
        for at in lost:
            del self.unflushed[at]
        self._flush()
        os.close(self.file)
        return len(lost), len(waiting)


def take(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
