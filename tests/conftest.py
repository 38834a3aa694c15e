"""What all tests share: a deterministic hypothesis profile (the default looks for flakiness in time), and neighbours
(see `lanes`)."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import lanes
from tests.live import ports

settings.register_profile(
    "gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile("gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: lanes.begins(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """None: what xdist would take."""
    return lanes.in_lanes(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        lanes.give_way(item.nodeid)


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


@pytest.fixture(autouse=True, scope="module")
def _ports_go_back() -> Iterator[None]:
    """What the phones and nodes of a file have used is for those of other workers again."""
    yield
    ports.give_back()


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
