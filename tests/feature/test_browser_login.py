"""Passwords of pages: worked out from their name, and gone with their time, their log-in and their right."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.browser_login import ANY, LIFETIME_S, BrowserLogins, owner_of
from tests.fakes.clock import FakeClock


class Office:
    def __init__(self, key: bytes = b"k" * 32) -> None:
        self.alive: dict[str, str] = {}
        self.cut: list[int] = []
        self.clock = FakeClock(1000.0)
        self.logins = BrowserLogins(key, self.clock, self._load, cut=self.cut.append)

    async def _load(self) -> dict[str, str]:
        return dict(self.alive)

    def refresh(self) -> None:
        asyncio.run(self.logins.refresh())


def test_a_password_counts_at_once_and_another_nodes_does_not() -> None:
    office, other = Office(), Office(b"o" * 32)
    login = office.logins.issue("101", "session:a", scope="101")
    assert owner_of(login.username) == "101"
    assert office.logins.password(login.username) == login.password
    assert office.logins.counts(login.username)
    assert other.logins.password(login.username) != login.password
    assert login.expires_at - office.clock.now() <= timedelta(seconds=LIFETIME_S)
    assert office.logins.issue("101", "session:a", scope="101").instance == login.instance
    assert office.logins.issue("101", "session:b", scope="101").instance != login.instance


def test_a_name_that_was_changed_has_another_password() -> None:
    office = Office()
    login = office.logins.issue("101", "session:a", scope=ANY)
    extension, until, reference = login.username.split("~")
    for changed in (f"102~{until}~{reference}", f"{extension}~{int(until, 16) + 9:x}~{reference}"):
        assert office.logins.password(changed) != login.password


def test_it_ends_with_its_time() -> None:
    office = Office()
    login = office.logins.issue("101", "session:a", scope="101")
    office.clock.advance(LIFETIME_S + 1)
    assert office.logins.password(login.username) == login.password
    assert not office.logins.counts(login.username)


@pytest.mark.parametrize("left", [{}, {"session:a": "102"}, {"session:b": "101"}])
def test_it_ends_with_the_log_in_or_its_right_and_its_connections_are_cut(left: dict[str, str]) -> None:
    office = Office()
    login = office.logins.issue("101", "session:a", scope="101")
    office.alive = {"session:a": "101"}
    office.refresh()
    assert office.logins.counts(login.username, 7)
    office.refresh()
    assert office.cut == []
    office.alive = left
    office.refresh()
    assert office.cut == [7]
    assert not office.logins.counts(login.username, 8)


def test_after_a_restart_it_counts_while_its_log_in_does() -> None:
    login = Office().logins.issue("101", "session:a", scope=ANY)
    office = Office()
    assert not office.logins.counts(login.username)
    office.alive = {"session:a": ANY}
    office.refresh()
    assert office.logins.counts(login.username)


@given(st.text(max_size=60))
def test_any_name_is_judged_without_an_error(name: str) -> None:
    office = Office()
    assert isinstance(owner_of(name), str)
    assert not office.logins.counts(name)
    assert office.logins.password(name) is None or name.count("~") == 2
