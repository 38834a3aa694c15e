"""What systemd is told and asked; the live tests have a stand-in that keeps the sockets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pbx.core import service as module
from pbx.core.service import Service, unit_name


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
    assert service.take("rtp-10000", 2) == []


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
    assert Service({**told, "LISTEN_PID": "1"}).take("sip-udp-4", 1) == []
    environ = {**told, "LISTEN_PID": str(os.getpid())}
    (taken,) = Service(environ).take("sip-udp-4", 1)
    assert taken.getsockname() == manager.getsockname()
    assert environ == {}, "children are not to take them too"
    taken.close()


def test_half_a_pair_is_none(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    fd = os.dup(manager.fileno())
    monkeypatch.setattr(module, "FIRST_FD", fd)
    service = Service({"LISTEN_FDS": "1", "LISTEN_FDNAMES": "rtp-10000", "LISTEN_PID": str(os.getpid())})
    assert service.take("rtp-10000", 2) == []
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


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
