"""Many phones in one thread that talk all the time, each as long as it is there. Plain sockets, G.711 silence."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter

__all__ = ["Crowd"]

SOCKETS = 16
FRAME_S = 0.02
SILENCE = b"\xff" * 160


class Crowd:
    """`join` a port of the node to talk to it from one of a few sockets, 50 packets a second; `leave` to fall silent.

    What comes back is counted by the port it came from.
    """

    def __init__(self) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
        for sock in self._sockets:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self._talkers: dict[int, list[int]] = {}  # port of the node -> socket, SSRC, packets sent
        self._next = 0
        self._ending = threading.Event()
        self.heard: Counter[int] = Counter()
        self._thread = threading.Thread(target=self._talk, name="crowd")
        self._thread.start()

    def join(self, port: int) -> int:
        """Talk to this port of the node, as a phone that has just come; returns the phone's own port."""
        self._next += 1
        which = self._next % SOCKETS
        self._talkers = {**self._talkers, port: [which, self._next, 0]}
        return int(self._sockets[which].getsockname()[1])

    def leave(self, port: int) -> None:
        self._talkers = {other: talker for other, talker in self._talkers.items() if other != port}
        self.heard.pop(port, None)

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        for sock in self._sockets:
            sock.close()

    def _talk(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            for port, talker in self._talkers.items():
                which, ssrc, sent = talker
                talker[2] = sent + 1
                packet = (
                    struct.pack("!BBHII", 0x80, 0, sent & 0xFFFF, sent * 160 & 0xFFFFFFFF, ssrc) + SILENCE
                )
                self._send(self._sockets[which], packet, port)
            self._hear()
            due = max(due + FRAME_S, time.monotonic() - 5 * FRAME_S)
            self._ending.wait(max(due - time.monotonic(), 0))

    @staticmethod
    def _send(sock: socket.socket, packet: bytes, port: int) -> None:
        try:
            sock.sendto(packet, ("127.0.0.1", port))
        except (BlockingIOError, ConnectionRefusedError):
            return  # a phone on UDP does not notice either

    def _hear(self) -> None:
        for sock in self._sockets:
            try:
                while True:
                    _, source = sock.recvfrom(2048)
                    self.heard[source[1]] += 1
            except (BlockingIOError, ConnectionRefusedError):
                continue
