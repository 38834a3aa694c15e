"""Phones that only listen: `python -m bench.listeners`. One socket for all; prints its port, then for each line of
standard input how many packets came and how many are missing, by the sequence of each sender.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys

RECEIVE_BUFFER_BYTES = 8 << 20


def main() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    print(sock.getsockname()[1], flush=True)
    waiting = selectors.DefaultSelector()
    waiting.register(sock, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    expected: dict[bytes, int] = {}
    came = missing = 0
    while True:
        for key, _ in waiting.select():
            if key.fd == sys.stdin.fileno():
                if not sys.stdin.readline():
                    return
                print(json.dumps({"came": came, "missing": missing, "senders": len(expected)}), flush=True)
                continue
            try:
                while True:
                    head = sock.recv(12)
                    came += 1
                    sender, seq = head[8:12], int.from_bytes(head[2:4], "big")
                    missing += seq - expected.get(sender, seq) & 0xFFFF
                    expected[sender] = seq + 1 & 0xFFFF
            except BlockingIOError:
                pass


if __name__ == "__main__":
    main()
