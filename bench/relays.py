"""The relays that are measured, each as a process of its own: ours, and rtpengine in user space.

Both take calls as pairs of phone ports on 127.0.0.1 and answer with the pairs of ports that the phones must send to.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol, Self

__all__ = ["Bellwire", "BellwireEpoll", "BellwireUring", "Relay", "RtpEngine", "cpu_s", "resident_bytes"]

Ports = tuple[int, int]
ENGINE = "rtpengine"


class Relay(Protocol):
    """A running relay process."""

    name: str

    @property
    def pid(self) -> int: ...

    def open_calls(self, phones: list[Ports]) -> list[Ports]: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def cpu_s(pid: int) -> float:
    """CPU time of all threads of a process, user and system, to the nanosecond that the scheduler keeps."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def start(command: list[str], core: int | None, **streams: Any) -> subprocess.Popen[str]:
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    return subprocess.Popen(command, text=True, **streams)


class Bellwire:
    """Our engine with one thread in a Python process that does nothing else (`python -m bench.relay`)."""

    loop = "auto"
    name = "Bellwire"

    def __init__(self, port_min: int, port_max: int, core: int | None = None) -> None:
        self._command = [sys.executable, "-m", "bench.relay", str(port_min), str(port_max), self.loop]
        self._core = core

    @property
    def pid(self) -> int:
        return self._process.pid

    def open_calls(self, phones: list[Ports]) -> list[Ports]:
        return [(int(a), int(b)) for a, b in self._ask(phones)]

    def _ask(self, phones: list[Ports]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(phones) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        self._process = start(self._command, self._core, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError(f"{self.name} does not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class BellwireUring(Bellwire):
    """Our engine with io_uring."""

    loop = "io_uring"
    name = "Bellwire, io_uring"


class BellwireEpoll(Bellwire):
    """Our engine with epoll."""

    loop = "epoll"
    name = "Bellwire, epoll"


class RtpEngine:
    """Debian's rtpengine with one thread and no kernel module, told about calls over its NG protocol."""

    name = ENGINE

    def __init__(self, port_min: int, port_max: int, core: int | None = None) -> None:
        self._core = core
        self._control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._control.bind(("127.0.0.1", 0))
        self._control.settimeout(5)
        self._port = free_udp_port()
        self._command = [
            ENGINE, "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self._port}", "--foreground",
            "--log-stderr", "--log-level=2", "--num-threads=1", f"--port-min={port_min}", f"--port-max={port_max}",
        ]  # fmt: skip

    @staticmethod
    def installed() -> bool:
        return shutil.which(ENGINE) is not None

    @property
    def pid(self) -> int:
        return self._process.pid

    def open_calls(self, phones: list[Ports]) -> list[Ports]:
        calls = []
        for a, b in phones:
            call = {"call-id": secrets.token_hex(8), "from-tag": "a", "replace": ["origin"], "ICE": "remove"}
            to_b = self._ask({**call, "command": "offer", "sdp": sdp(a)})
            to_a = self._ask({**call, "command": "answer", "to-tag": "b", "sdp": sdp(b)})
            calls.append((audio_port(to_a), audio_port(to_b)))
        return calls

    def _ask(self, question: dict[str, object]) -> str:
        cookie = secrets.token_hex(4).encode()
        self._control.sendto(cookie + b" " + bencode(question), ("127.0.0.1", self._port))
        answer = self._control.recv(65536)
        if not answer.startswith(cookie) or b"2:ok" not in answer:
            raise RuntimeError(f"rtpengine: {answer!r}")
        return answer.decode("latin-1")

    def __enter__(self) -> Self:
        self._process = start(self._command, self._core, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self._control.settimeout(0.2)
                self._control.sendto(b"0 " + bencode({"command": "ping"}), ("127.0.0.1", self._port))
                self._control.recv(1000)
                break
            except (TimeoutError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
        self._control.settimeout(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def sdp(port: int) -> str:
    lines = (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0",
    )
    return "\r\n".join(lines) + "\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"


def audio_port(answer: str) -> int:
    found = re.search(r"m=audio (\d+) ", answer)
    if found is None:
        raise RuntimeError(f"rtpengine answered without audio: {answer}")
    return int(found[1])


def bencode(value: object) -> bytes:
    """BitTorrent's encoding, which the NG protocol speaks."""
    if isinstance(value, str):
        data = value.encode()
        return b"%d:%s" % (len(data), data)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"
    raise TypeError(value)
