"""What all tests share: a deterministic hypothesis profile (the default looks for flakiness in time), and neighbours.

`make test` runs three at once. What has a browser goes one after the other, and so does what is heard in real time; one
does not disturb another of its kind, and what only computes fills the processor while they wait.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")

IN_A_ROW = ("tests/site/", "tests/media/")
"""Folders whose tests one worker runs. Begun first, they are not what all wait for in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _row(item.nodeid))


def _row(nodeid: str) -> int:
    return next((row for row, folder in enumerate(IN_A_ROW) if nodeid.startswith(folder)), len(IN_A_ROW))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile`, but that some folders are as one file. None: what xdist would take."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has some, and no mark

    class InRows(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            row = _row(nodeid)
            return IN_A_ROW[row] if row < len(IN_A_ROW) else str(super()._split_scope(nodeid))

        def _reschedule(self, node: Any) -> None:
            """Who takes the place of a worker that has crashed gets work when it knows the tests, not before."""
            if node in self.registered_collections:
                super()._reschedule(node)

    config.option.loadscopereorder = False  # else the files of most tests would be first
    return InRows(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Before 3.11.9, Python may fail to read the source of a failed test (gh-106905), and the time of a test may be
    over while its report is made. pytest would end there, without the tests that come after it: so the report is plain.
    """
    try:
        return (yield)
    except (SystemError, pytest.fail.Exception):
        item.config.option.tbstyle = "native"
        return pytest.TestReport.from_item_and_call(item, call)


_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed.add(report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test whose worker has crashed is run by another one, and may pass there: it has failed all the same."""
    last = session.config.pluginmanager.get_plugin("lfplugin")
    if last is not None:
        last.lastfailed.update(dict.fromkeys(_failed, True))
