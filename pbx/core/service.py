"""The service manager that runs this process, as far as it is systemd (sd_notify(3), sd_listen_fds(3)).

It is told when the node is ready, that it stops, and that it lives; and it keeps sockets while the process is gone, so
that nothing on the wire sees a closed port. Without systemd all of this is nothing.
"""

from __future__ import annotations

import array
import asyncio
import errno
import logging
import os
import re
import select
import socket
from collections import deque
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

__all__ = ["Service", "unit_name"]

log = logging.getLogger(__name__)

FIRST_FD = 3
_PASSED = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
ASK_S = 2.0
AGAIN_S = 0.1
_FULL = {errno.EAGAIN, errno.ENOBUFS}


class Service:
    """Made once, at the start: what was passed on is for this process, and not for its children."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._watchdog_us = _number(environ.get("WATCHDOG_USEC"))
        self._is_systemd = "INVOCATION_ID" in environ
        self._kept = _passed_on(environ)
        self._stored: set[str] = set(self._kept)
        self._unsaid: deque[str] = deque()
        """What there was no room for, in its order."""
        self._says_again = False
        for name in _PASSED:
            environ.pop(name, None)

    # -- sockets that outlive the process ----------------------------------------------------------------------------

    @property
    def keeps(self) -> bool:
        """Whether there is somebody who can keep sockets."""
        return bool(self._address)

    def held(self) -> list[str]:
        """The names of what an earlier process has stored and nobody has taken yet."""
        return list(self._kept)

    def take(self, name: str) -> list[socket.socket]:
        """The sockets that an earlier process has stored under a name, in any order, and it may be some of them only:
        systemd stores each by itself, until there is no room for more. Of what is of no use, `let_go`.
        """
        found = []
        for fd in self._kept.pop(name, []):
            try:
                found.append(socket.socket(fileno=fd))
            except OSError:  # no socket
                os.close(fd)
        return found

    def store(self, name: str, fds: Iterable[int]) -> None:
        """Have sockets kept under a name; what is there already stays. They are not looked at, so no end of theirs
        removes them. Where systemd has no time to listen, they are not kept, and may be stored again.
        """
        if (
            self._address
            and name not in self._stored
            and self._send(f"FDSTORE=1\nFDPOLL=0\nFDNAME={name}", list(fds))
        ):
            self._stored.add(name)

    def drop(self, name: str) -> None:
        """They are closed here and are to be nowhere else."""
        if name in self._stored:
            self._stored.discard(name)
            self._say(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def let_go(self, name: str) -> None:
        """As `drop`, and return when systemd has done so: then their ports can be bound anew."""
        if name not in self._stored:
            return
        self.drop(name)
        ours, theirs = os.pipe()
        try:
            sent = self._send("BARRIER=1", [theirs])
        finally:
            os.close(theirs)
        with open(ours, "rb") as pipe:
            if sent and not select.select([pipe], [], [], ASK_S)[0]:
                log.info("systemd does not say whether it has let a socket go", extra={"name": name})

    def drop_rest(self) -> None:
        """What nobody has taken is not needed any more."""
        for name, fds in list(self._kept.items()):
            _close(fds)
            self.drop(name)
        self._kept.clear()

    # -- life ----------------------------------------------------------------------------------------------------------

    def ready(self) -> None:
        self._say("READY=1")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    async def live(self) -> None:
        """Say again and again that the loop turns, where that is wanted."""
        while self._watchdog_us and self._address:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_us / 2e6)

    async def restarts(self) -> bool:
        """Whether systemd stops this process only to start it again: then calls are to go on."""
        unit = unit_name()
        if not self._is_systemd or not unit:
            return False
        try:
            asking = await asyncio.create_subprocess_exec(
                *("systemctl", "list-jobs", "--no-legend", "--plain", unit),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            async with asyncio.timeout(ASK_S):
                said, _ = await asking.communicate()
        except (OSError, TimeoutError) as error:
            log.info("systemd does not say whether this is a restart", extra={"reason": str(error)})
            return False
        return any(
            len(words) > 2 and words[2] == "restart" for words in map(str.split, said.decode().splitlines())
        )

    def _say(self, text: str) -> None:
        """Sooner or later: systemd may have no time now, as while it reads its units again."""
        if self._address and not self._send(text):
            self._unsaid.append(text)
            self._soon()

    def _soon(self) -> None:
        if self._says_again:
            return
        with suppress(RuntimeError):  # no loop yet: with the next word
            asyncio.get_running_loop().call_later(AGAIN_S, self._again)
            self._says_again = True

    def _again(self) -> None:
        self._says_again = False
        if not self._catches_up():
            self._soon()

    def _catches_up(self) -> bool:
        while self._unsaid:
            if not self._reaches(self._unsaid[0]):
                return False
            self._unsaid.popleft()
        return True

    def _send(self, text: str, fds: list[int] | None = None) -> bool:
        """Whether systemd hears it, after all that it has not heard yet; where it is not there, it never will."""
        return self._catches_up() and self._reaches(text, fds)

    def _reaches(self, text: str, fds: list[int] | None = None) -> bool:
        if not self._address:
            return True
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        passing = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)
            self._socket.sendmsg([text.encode()], passing, 0, address)
        except OSError as error:
            log.debug("systemd was not told", extra={"what": text.split("=", 1)[0], "error": str(error)})
            return error.errno not in _FULL
        return True


def unit_name(cgroup: Path = Path("/proc/self/cgroup")) -> str:
    """The unit that this process belongs to; "" where it is none."""
    try:
        found = re.findall(r"/([^/\n]+\.service)(?=/|$)", cgroup.read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[-1] if found else ""


def _passed_on(environ: Mapping[str, str]) -> dict[str, list[int]]:
    if _number(environ.get("LISTEN_PID")) != os.getpid():
        return {}
    count = _number(environ.get("LISTEN_FDS"))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, list[int]] = {}
    for index in range(count):
        fd = FIRST_FD + index
        try:
            os.set_inheritable(fd, False)
        except OSError:  # not as many as were announced
            break
        found.setdefault(names[index] if index < len(names) else "", []).append(fd)
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)
