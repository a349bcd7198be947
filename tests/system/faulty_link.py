# SPDX-License-Identifier: Apache-2.0
"""What stands between an agent and its coordinator: the fault proxy, which understands the session's messages,
and a cable, which knows bytes only and breaks in the middle of anything."""

import json
import random
import re
import select
import socket
import struct
import threading
import urllib.request

from farm import BUILD, Process, wait_until

FAULT_PROXY = BUILD / "tests/fakes/proxy/fault-proxy"


class FaultProxy:
    """The program of tests/fakes/proxy, in front of a farm's coordinator."""

    def __init__(self, farm, name, seed):
        argv = [FAULT_PROXY, "--cert", farm.path / "server.pem", "--key", farm.path / "server.key", "--ca", farm.ca]
        argv += ["--coordinator", f"wss://127.0.0.1:{farm.port}/v1/sync", "--seed", seed]
        self.process = Process(argv, farm.path / f"{name}.proxy.log")
        farm.processes.append(self.process)
        said = wait_until("the fault proxy listens", lambda: re.search(r"port=(\d+) control=(\d+)", self.process.log()))
        self.port, self.control = int(said[1]), int(said[2])

    def set(self, **faults):
        """These faults and no others: `set(up_drop=0.3)`."""
        query = "&".join(f"{name}={number}" for name, number in faults.items())
        self._ask(f"faults?{query}" if query else "faults", "POST")

    def cut(self):
        self._ask("cut", "POST")

    def counts(self):
        return json.loads(self._ask("faults", "GET"))

    def _ask(self, path, method):
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}/{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.read()


class Cable:
    """Forwards TCP connections; while it is bad, each breaks after a number of bytes that is drawn: within TLS's
    handshake, a record, a message."""

    def __init__(self, port, seed, bytes_max=20_000):
        self.target, self.random, self.bytes_max = port, random.Random(seed), bytes_max
        self.bad, self.cuts = False, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            # More often among the first bytes, where the handshakes and the greetings are.
            left = int(self.bytes_max * self.random.random() ** 2)
            threading.Thread(target=self._serve, args=(near, far, left), daemon=True).start()

    def _serve(self, near, far, left):
        with near, far:
            ends = {near: far, far: near}
            while True:
                for source in select.select(ends, [], [])[0]:
                    passed = self._pass_on(source, ends[source], left)
                    if passed == 0:
                        return
                    left -= passed if self.bad else 0

    def _pass_on(self, source, sink, left):
        """How many bytes; 0 when the connection is over."""
        try:
            data = source.recv(16384)
            if self.bad and len(data) > left:
                sink.sendall(data[:left])
                self.cuts += 1
                # A reset, as of a router that has forgotten the connection.
                for end in (source, sink):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return 0
            sink.sendall(data)
            return len(data)
        except OSError:
            return 0
