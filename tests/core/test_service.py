"""What systemd is told and asked; the live tests have a stand-in that keeps the sockets."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from pbx.app.keeping import CallKeeper
from pbx.core import service as module
from pbx.core.service import Service, unit_name
from pbx.transport.udp import UdpListener


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.bind(str(tmp_path / "notify"))
    return sock


def said(manager: socket.socket) -> list[str]:
    texts = []
    while True:
        try:
            texts.append(manager.recv(4096).decode())
        except BlockingIOError:
            return texts


def test_nothing_without_systemd() -> None:
    service = Service({})
    assert not service.keeps
    service.ready()
    service.store("rtp-10000", [0])
    service.drop("rtp-10000")
    service.let_go("rtp-10000")
    assert service.take("rtp-10000") == []


def test_what_it_is_told(manager: socket.socket) -> None:
    service = Service({"NOTIFY_SOCKET": str(manager.getsockname())})
    service.ready()
    service.store("rtp-10000", [manager.fileno()])
    service.store("rtp-10000", [manager.fileno()])
    service.drop("rtp-10000")
    service.drop("rtp-10000")
    service.stopping()
    assert said(manager) == [
        "READY=1",
        "FDSTORE=1\nFDPOLL=0\nFDNAME=rtp-10000",
        "FDSTOREREMOVE=1\nFDNAME=rtp-10000",
        "STOPPING=1",
    ]


def test_sockets_are_for_the_process_that_they_were_passed_to(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = os.dup(manager.fileno())
    monkeypatch.setattr(module, "FIRST_FD", first)
    told = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "sip-udp-4"}
    assert Service({**told, "LISTEN_PID": "1"}).take("sip-udp-4") == []
    environ = {**told, "LISTEN_PID": str(os.getpid())}
    (taken,) = Service(environ).take("sip-udp-4")
    assert taken.getsockname() == manager.getsockname()
    assert environ == {}, "children are not to take them too"
    taken.close()


def passed_on(monkeypatch: pytest.MonkeyPatch, fds: list[int], names: str, **more: str) -> dict[str, str]:
    """The environment of a process that gets these, from one number on."""
    first = 700
    for index, fd in enumerate(fds):
        os.dup2(fd, first + index)
    monkeypatch.setattr(module, "FIRST_FD", first)
    told = {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names, "LISTEN_PID": str(os.getpid())}
    return told | more


def test_more_announced_than_there_are(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = passed_on(monkeypatch, [manager.fileno()], "sip-udp-4") | {"LISTEN_FDS": "3"}
    service = Service(environ)
    assert service.held() == ["sip-udp-4"]
    service.take("sip-udp-4")[0].close()


def test_what_is_no_socket_is_closed(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    environ = passed_on(monkeypatch, [manager.fileno(), ours], "rtp-10000:rtp-10000")
    os.close(ours)
    (taken,) = Service(environ).take("rtp-10000")
    taken.close()
    with pytest.raises(BrokenPipeError):
        os.write(theirs, b"is somebody there?")
    os.close(theirs)


class Systemd(threading.Thread):
    """Its store: takes each file by itself while there is room, forgets them by name, and answers barriers in turn."""

    def __init__(self, path: Path, room: int = 100) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.room = room
        self.files: list[tuple[str, int]] = []

    def run(self) -> None:
        while True:
            data, passed, _, _ = socket.recv_fds(self.socket, 4096, 10)
            fields = dict(line.split("=", 1) for line in data.decode().splitlines())
            if "STOP" in fields:
                return
            for fd in passed:
                if "FDSTORE" in fields and len(self.files) < self.room:
                    self.files.insert(0, (fields["FDNAME"], fd))
                else:
                    os.close(fd)
            if "FDSTOREREMOVE" in fields:
                for stored in [stored for stored in self.files if stored[0] == fields["FDNAME"]]:
                    self.files.remove(stored)
                    time.sleep(0.05)
                    os.close(stored[1])

    def __enter__(self) -> Systemd:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"STOP=1", self.socket.getsockname())
        self.join(5)
        self.socket.close()
        for _name, fd in self.files:
            os.close(fd)

    def settle(self) -> None:
        barrier = Service({"NOTIFY_SOCKET": str(self.socket.getsockname())})
        barrier._stored.add("none")
        barrier.let_go("none")

    def next_process(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        """What the node starts with when it starts again."""
        self.settle()
        fds, names = [fd for _, fd in self.files], ":".join(name for name, _ in self.files)
        return Service(passed_on(monkeypatch, fds, names, NOTIFY_SOCKET=str(self.socket.getsockname())))


def udp(port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    return sock


def test_a_pair_of_which_systemd_had_no_room_for_one_can_be_bound_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Systemd(tmp_path / "notify", room=1) as systemd:
        service = Service({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        pair = [udp(), udp()]
        port = pair[0].getsockname()[1]
        service.store(f"rtp-{port}", [each.fileno() for each in pair])
        again = systemd.next_process(monkeypatch)
        for each in pair:
            each.close()
        keeper = CallKeeper(None, {}, 0.0, again)
        assert keeper.held() == {port}
        with pytest.raises(OSError, match="in use"):
            udp(port)
        assert keeper.inherited(port) == []
        udp(port).close()
        assert systemd.files == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"], ids=["same", "other"])
def test_a_node_that_is_to_listen_elsewhere_now_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """The socket of before is kept on the same port: while it is there, nobody else can have it."""
    with Systemd(tmp_path / "notify") as systemd:
        service = Service({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        before = udp()
        service.store("sip-udp-4", [before.fileno()])
        again = systemd.next_process(monkeypatch)
        port, inode = before.getsockname()[1], os.fstat(before.fileno()).st_ino
        before.close()
        listener = UdpListener()
        listener.bind((host,), port, again)
        (fd,) = listener.sockets().values()
        assert (os.fstat(fd).st_ino == inode) is (host == "127.0.0.1")
        again.store("sip-udp-4", [fd])
        systemd.settle()
        assert [name for name, _ in systemd.files] == ["sip-udp-4"]
        listener.close()


async def test_what_systemd_has_no_time_for_is_said_again(manager: socket.socket) -> None:
    """Its queue of datagrams is short; a socket that it goes on keeping would hold its port for ever."""
    service = Service({"NOTIFY_SOCKET": str(manager.getsockname())})
    service.store("rtp-10000", [manager.fileno()])
    while service._send("WATCHDOG=1"):
        pass
    service.drop("rtp-10000")
    service.ready()
    service.store("rtp-10002", [manager.fileno()])
    first = said(manager)
    assert "FDSTOREREMOVE=1\nFDNAME=rtp-10000" not in first
    await asyncio.sleep(0.3)
    assert said(manager) == ["FDSTOREREMOVE=1\nFDNAME=rtp-10000", "READY=1"]
    service.store("rtp-10002", [manager.fileno()])
    assert said(manager) == ["FDSTORE=1\nFDPOLL=0\nFDNAME=rtp-10002"], "what was not kept may be kept later"


@pytest.mark.parametrize(
    ("jobs", "wanted"),
    [
        ("174 bellwire.service restart running\n", True),
        ("174 bellwire.service stop running\n", False),
        ("", False),
    ],
)
async def test_a_restart_is_told_from_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str, wanted: bool
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\n[ "$1 $4" = "list-jobs bellwire.service" ] && printf \'{jobs}\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(module, "unit_name", lambda: "bellwire.service")
    assert await Service({"INVOCATION_ID": "1"}).restarts() is wanted
    assert not await Service({}).restarts(), "not run by systemd"


def test_the_unit_of_a_process(tmp_path: Path) -> None:
    file = tmp_path / "cgroup"
    for text, name in (
        ("0::/system.slice/bellwire.service\n", "bellwire.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/pbx.service\n", "pbx.service"),
        ("0::/\n", ""),
    ):
        file.write_text(text)
        assert unit_name(file) == name
    assert unit_name(tmp_path / "none") == ""
