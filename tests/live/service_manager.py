"""A stand-in for systemd: its notify socket, its store of files, and how it hands them to the next process."""

from __future__ import annotations

import array
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.node import ROOT, Node, environment

STARTER = """
import os, sys
fds = [int(each) for each in sys.argv[1].split(",") if each]
high = [os.dup2(fd, 200 + index) for index, fd in enumerate(fds)]
for index, fd in enumerate(high):
    os.dup2(fd, 3 + index)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass
class Manager:
    """What it was told, and the files that it holds, by name."""

    path: Path
    said: list[str] = field(default_factory=list)
    files: dict[str, list[int]] = field(default_factory=dict)
    order: Callable[[list[tuple[str, int]]], None] = lambda _kept: None
    """May put what is handed on into another order: nobody has promised one."""

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(self.path))

    def look(self) -> None:
        """Take in all that has been said since the last look."""
        while True:
            fds = array.array("i")
            try:
                data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(8 * fds.itemsize))
            except BlockingIOError:
                return
            for _, _, passed in ancillary:
                fds.frombytes(passed)
            self._take(data.decode(), list(fds))

    def _take(self, text: str, fds: list[int]) -> None:
        self.said.append(text)
        fields = dict(line.partition("=")[::2] for line in text.splitlines())
        if "FDSTORE" in fields:
            assert fields["FDPOLL"] == "0", "a socket with an error would be thrown out"
            self.files.setdefault(fields["FDNAME"], []).extend(fds)
        elif "FDSTOREREMOVE" in fields:
            for fd in self.files.pop(fields["FDNAME"], []):
                os.close(fd)

    def close(self) -> None:
        for fds in self.files.values():
            for fd in fds:
                os.close(fd)
        self.socket.close()


@dataclass
class ManagedNode(Node):
    """A node that such a manager starts."""

    manager: Manager = None  # type: ignore[assignment]  # given by name, after fields that have defaults

    def spawn(self) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manager.look()
        kept = [(name, fd) for name, fds in self.manager.files.items() for fd in fds]
        kept.reverse()  # the last first: so systemd 252 does it
        self.manager.order(kept)
        names, fds = [name for name, _ in kept], [fd for _, fd in kept]
        told = {
            "NOTIFY_SOCKET": str(self.manager.path),
            "LISTEN_FDS": str(len(fds)),
            "LISTEN_FDNAMES": ":".join(names),
            "WATCHDOG_USEC": "400000",
        }
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", STARTER, ",".join(map(str, fds)), *self.command()],
                cwd=ROOT,
                env=environment() | told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=fds,
            )
        return self.process
