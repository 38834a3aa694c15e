"""Many phones in a process of their own, which talk and listen in real time: `python -m bench.talkers COUNT`.

Prints the phones' ports as JSON, reads {"ports": the node's, "payloads": [[hex, …] for each phone], "type", "units"} in
one line, and talks until its input ends. Each phone sends one of its packets every 20 ms, at a place of its own in
them; what it hears is counted. With "keys" ([SRTP profile, hex] for each, null for none) they are encrypted, and with
"checks" ([hex, …] for each) one of these goes out at once and every 2.5 s, as browsers do it.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import sys
import time
from typing import Any

from media_ext.srtp_door import SrtpProbe

TICK_S = 0.02
PLACES = 20


CHECK_TICKS = 125


def talk(phones: list[socket.socket], plan: dict[str, Any], payloads: list[list[bytes]]) -> int:
    """Until standard input ends; returns how many packets were heard."""
    heard, n, start = 0, 0, time.monotonic()
    keys = plan.get("keys") or [None] * len(phones)
    seals = [SrtpProbe(each[0], bytes.fromhex(each[1]), sending=True) if each else None for each in keys]
    checks = [[bytes.fromhex(each) for each in one] for one in plan.get("checks") or [()] * len(phones)]
    group = max(len(phones) // PLACES, 1)
    while True:
        for index, phone in enumerate(phones):
            if index % group == 0:
                time.sleep(max(start + n * TICK_S + index // group * TICK_S / PLACES - time.monotonic(), 0))
            kind, units = plan["type"][index], plan["units"][index]
            header = struct.pack("!BBHII", 0x80, kind, n & 0xFFFF, n * units & 0xFFFFFFFF, index + 1)
            packet, seal = header + payloads[index][n % len(payloads[index])], seals[index]
            with contextlib.suppress(ConnectionRefusedError):
                if checks[index] and (n == 0 or (n + index) % CHECK_TICKS == 0):
                    phone.send(checks[index][n // CHECK_TICKS % len(checks[index])])
                phone.send(packet if seal is None else seal.protect(packet)[1])
            with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                while phone.recv(2048):
                    heard += 1
        n += 1
        if select.select([sys.stdin], [], [], 0)[0]:
            return heard


def main() -> None:
    phones = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(int(sys.argv[1]))]
    for phone in phones:
        phone.bind(("127.0.0.1", 0))
        phone.setblocking(False)
    print(json.dumps([phone.getsockname()[1] for phone in phones]), flush=True)
    plan = json.loads(sys.stdin.readline())
    for phone, port in zip(phones, plan["ports"], strict=True):
        phone.connect(("127.0.0.1", port))
    payloads = [[bytes.fromhex(each) for each in one] for one in plan["payloads"]]
    print(json.dumps(talk(phones, plan, payloads)), flush=True)


if __name__ == "__main__":
    main()
