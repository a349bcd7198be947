# SPDX-License-Identifier: Apache-2.0
"""A relay on loopback that counts what goes through it: the bytes on the wire above TCP, TLS included."""

import selectors
import socket
import threading


class CountingProxy:
    def __init__(self, to_port):
        self.up = self.down = 0
        self._to = ("127.0.0.1", to_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers = {}  # socket: (the other one, is it the node's?)
        self._stop, self._stopped = socket.socketpair()
        self._selector.register(self._stopped, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        self._stop.send(b".")
        self._thread.join()
        for end in (*self._peers, self._listener, self._stop, self._stopped):
            end.close()

    def _serve(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._stopped:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._relay(key.fileobj)

    def _accept(self):
        node, _ = self._listener.accept()
        try:
            coordinator = socket.create_connection(self._to)
        except OSError:
            node.close()
            return
        self._peers[node], self._peers[coordinator] = (coordinator, True), (node, False)
        for end in (node, coordinator):
            self._selector.register(end, selectors.EVENT_READ)

    def _relay(self, end):
        other, from_node = self._peers[end]
        try:
            data = end.recv(1 << 16)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for one in (end, other):
                self._selector.unregister(one)
                del self._peers[one]
                one.close()
        elif from_node:
            self.up += len(data)
        else:
            self.down += len(data)
