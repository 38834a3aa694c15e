"""Slows down password guessing without locking people out.

Failures are counted per source address and per account. After a few free tries each further one doubles the wait, up
to a limit; while a wait lasts, tries are refused before any password is looked at. An address that has once signed in
to an account is not slowed down by what others do to that account, so nobody can lock an administrator out of their
usual desk.
Pure: time is an argument. Memory is bounded; what was quiet for longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

import msgspec

__all__ = ["Backoff", "code_backoff"]


class _Limits(msgspec.Struct, frozen=True):
    """`free` failures cost nothing; then the wait doubles from 1 s up to `longest_s`."""

    free: int
    longest_s: float

    def wait_s(self, failures: int) -> float:
        excess = failures - self.free
        return 0.0 if excess < 0 else min(self.longest_s, 2.0 ** min(excess, 30))


class _Record(msgspec.Struct):
    failures: int = 0
    last_s: float = 0.0


_SOURCE = _Limits(free=5, longest_s=900.0)
_ACCOUNT = _Limits(free=10, longest_s=60.0)
_FORGET_S = 3600.0
_KEPT = 4096


class Backoff:
    """Counts failed log-ins; times are monotonic seconds."""

    def __init__(self, account: _Limits = _ACCOUNT) -> None:
        self._account = account
        self._sources: OrderedDict[str, _Record] = OrderedDict()
        self._accounts: OrderedDict[str, _Record] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, source: str, account: str, now_s: float) -> int:
        """Whole seconds until this try is allowed; 0 when it is allowed now."""
        account = account.casefold()
        waits = [_left(self._sources.get(source), _SOURCE, now_s)]
        if (source, account) not in self._trusted:
            waits.append(_left(self._accounts.get(account), self._account, now_s))
        return ceil(max(waits))

    def failed(self, source: str, account: str, now_s: float) -> None:
        """Count a try. Call it before the password is checked, so that many tries at once gain nothing."""
        _count(self._sources, source, now_s)
        _count(self._accounts, account.casefold(), now_s)

    def withdraw(self, source: str, account: str) -> None:
        """The try that was counted last was neither right nor wrong (a code was missing): as if it had not been."""
        for records, key in ((self._sources, source), (self._accounts, account.casefold())):
            if (record := records.get(key)) is not None:
                record.failures = max(0, record.failures - 1)

    def succeeded(self, source: str, account: str) -> None:
        """The try that was counted last turned out right: forgive this source, and take the count back."""
        account = account.casefold()
        self._sources.pop(source, None)
        if (record := self._accounts.get(account)) is not None:
            record.failures -= 1
        self._trusted[source, account] = None
        self._trusted.move_to_end((source, account))
        while len(self._trusted) > _KEPT:
            self._trusted.popitem(last=False)


def code_backoff() -> Backoff:
    """For codes of a second factor, which are short: who tries them has the password already."""
    return Backoff(account=_SOURCE)


def _left(record: _Record | None, limits: _Limits, now_s: float) -> float:
    if record is None or now_s - record.last_s > _FORGET_S:
        return 0.0
    return max(0.0, record.last_s + limits.wait_s(record.failures) - now_s)


def _count(records: OrderedDict[str, _Record], key: str, now_s: float) -> None:
    record = records.setdefault(key, _Record())
    if now_s - record.last_s > _FORGET_S:
        record.failures = 0
    record.failures += 1
    record.last_s = now_s
    records.move_to_end(key)
    while len(records) > _KEPT:
        records.popitem(last=False)
