"""Live tests: real phones against a real node, in real time. They may have neighbours: they wait for what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import which

import pytest

from tests.lanes import LIVE, lane_of
from tests.live import ready_made
from tests.live.baresip import Account, Phone
from tests.live.node import Node, running
from tests.live.ports import give_back
from tests.media.stalls import judges_time, pytest_runtest_call

__all__ = ["pytest_runtest_call"]

LONGEST = ("watching", "standby", "conference", "silence", "guide", "sync", "acme", "outlive", "edge_calls")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that the others fill what is left.

    A missing phone is an error of the machine, not a reason to skip: `make test` installs them.
    """
    live = [item for item in items if lane_of(item.nodeid) == LIVE]
    for item in live:
        # Phones stumble on a machine that stalls. With `--reruns`, whatever failed has its turns anyway.
        if "phone" in getattr(item, "fixturenames", ()) and not config.getoption("reruns"):
            item.add_marker(judges_time)
    live.sort(key=lambda item: item.path.stem.removeprefix("test_") not in LONGEST)
    items[:] = live + [item for item in items if lane_of(item.nodeid) != LIVE]
    missing = [tool for tool in ("baresip", "sipp") if which(tool) is None]
    if live and missing:
        raise pytest.UsageError(f"not installed: {', '.join(missing)}; run `make test`, which installs them")


@pytest.fixture(autouse=True)
def _ports_of_one_test() -> Iterator[None]:
    """What a test has used is free for the next ones, also those of the other workers."""
    ready_made.next_test()
    yield
    give_back()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    """A running node with the extensions 101, 102 and 103, whose log must be clean in the end."""
    async with running(Node(tmp_path / "node")) as node:
        yield node


@pytest.fixture
def phone(tmp_path: Path) -> PhoneMaker:
    """Makes phones that register with a node."""
    return PhoneMaker(tmp_path)


class PhoneMaker:
    """`phone(node, "101", tone_hz=440)`: a baresip of that extension, not yet started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def __call__(
        self,
        node: Node,
        number: str,
        *,
        tone_hz: float | None = None,
        codecs: tuple[str, ...] = ("PCMU",),
        password: str | None = None,
        transport: str = "udp",
        encryption: str = "",
    ) -> Phone:
        self._made += 1
        account = Account(
            number,
            password=node.password(number) if password is None else password,
            registrar=f"127.0.0.1:{node.sip_tls_port}" if transport == "tls" else node.address,
            transport=transport,
            codecs=codecs,
            encryption=encryption,
        )
        return Phone(account, self._folder / f"phone{self._made}-{number}", tone_hz=tone_hz)
