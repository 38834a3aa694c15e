"""Counts what goes wrong at the door: wrong passwords by address and account, and names that nobody has.

Everything is bounded, and forgetting is harmless: it only ever forgives. Wrong passwords need a nonce that was sent to
their address, so an address here is not spoofed; what may be spoofed (requests without credentials) is counted apart,
and cannot push these out. Accounts that exist have a table of their own, which no made-up name can flood.
Pure: times are monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

import msgspec

__all__ = ["LOCAL", "REMOTE", "Failures", "Limits", "Probes", "Tries"]

FORGET_S = 3600.0
"""What has been quiet for so long begins anew."""
MAX_SOURCES = 4096
ACCOUNTS_EACH = 32
MAX_UNKNOWN = 4096
PROBED_EACH = 64
OTHERS = "…"
"""Stands for the accounts of one source beyond the first few."""


class Limits(msgspec.Struct, frozen=True):
    """How much is borne from one address.

    `free` wrong passwords for one account cost nothing; then each doubles the wait, from 1 s up to `longest_wait_s`.
    `ban_after` of them, over all accounts, ban the address, for `bans_s` of each ban in a row.
    """

    free: int
    longest_wait_s: float
    ban_after: int
    unknown_names: int
    unanswered: int
    bans_s: tuple[float, ...]

    def wait_s(self, failures: int) -> float:
        over = failures - self.free
        return 0.0 if over < 0 else min(self.longest_wait_s, 2.0 ** min(over, 30))


REMOTE = Limits(
    free=3,
    longest_wait_s=60.0,
    ban_after=10,
    unknown_names=5,
    unanswered=300,
    bans_s=(60.0, 300.0, 1800.0, 7200.0, 86400.0),
)
LOCAL = Limits(
    free=5, longest_wait_s=60.0, ban_after=60, unknown_names=100, unanswered=3000, bans_s=(60.0, 120.0, 300.0)
)
"""In the office a wrong password is most likely a typing error, and locking out a desk helps nobody."""

ACCOUNT_FREE = 10
ACCOUNT_WAIT_S = 30.0
"""For an account that is tried from many addresses: the wait of an address that is none of its homes."""


class Tries(msgspec.Struct):
    """Wrong passwords of one address for one account, or of all addresses for one."""

    failures: int = 0
    last_s: float = 0.0
    last_at: float = 0.0  # by the wall clock, for people
    user_agent: str = ""
    told: bool = False
    strange: bool = False  # somebody else than the phone that is at home at this address


class _Source(msgspec.Struct):
    last_s: float = 0.0
    accounts: dict[str, Tries] = msgspec.field(default_factory=dict)


class Failures:
    """Wrong credentials. `exists` says whether an account is one of the office's."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._known: dict[str, Tries] = {}
        self._unknown: OrderedDict[str, Tries] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._sources or self._known or self._unknown)

    def count(self, host: str, account: str, now: float, *, at: float, user_agent: str) -> Tries:
        """One more; returns what this address has done to this account."""
        source = self._sources.setdefault(host, _Source())
        if now - source.last_s > FORGET_S:
            source.accounts.clear()
        source.last_s = now
        self._sources.move_to_end(host)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        name = self._name(source, account)
        tries = source.accounts.setdefault(name, Tries())
        tries.failures += 1
        tries.last_s, tries.last_at, tries.user_agent = now, at, user_agent
        self._count_account(account, now)
        return tries

    def _name(self, source: _Source, account: str) -> str:
        """What the account is counted as: made-up names beyond the first few are one."""
        if account in source.accounts or len(source.accounts) < ACCOUNTS_EACH or self._exists(account):
            return account
        return OTHERS

    def _count_account(self, account: str, now: float) -> None:
        if self._exists(account):
            tries = self._known.setdefault(account, Tries())
        else:
            tries = self._unknown.setdefault(account, Tries())
            self._unknown.move_to_end(account)
            if len(self._unknown) > MAX_UNKNOWN:
                self._unknown.popitem(last=False)
        if now - tries.last_s > FORGET_S:
            tries.failures = 0
        tries.failures += 1
        tries.last_s = now

    def forgive(self, host: str, account: str) -> None:
        """The right password came from there: what this address did to this account is forgotten, nothing else.

        Not if somebody beside the phone did it: who guesses from behind the same NAT gets no pardon with the phone.
        """
        source = self._sources.get(host)
        tries = source.accounts.get(account) if source is not None else None
        if source is not None and tries is not None and not tries.strange:
            del source.accounts[account]
            if not source.accounts:
                del self._sources[host]

    def forget(self, host: str) -> None:
        """Forget all that an address did."""
        self._sources.pop(host, None)

    def of(self, host: str, now: float) -> int:
        """Wrong passwords from one address, for all accounts."""
        source = self._sources.get(host)
        if source is None or now - source.last_s > FORGET_S:
            return 0
        return sum(tries.failures for tries in source.accounts.values())

    def accounts(self, host: str) -> tuple[str, ...]:
        """The accounts that an address has tried, most tried first."""
        source = self._sources.get(host)
        if source is None:
            return ()
        return tuple(sorted(source.accounts, key=lambda each: -source.accounts[each].failures))

    def pair(self, host: str, account: str, now: float) -> Tries | None:
        """What one address did to one account; None when that is nothing, or long ago."""
        source = self._sources.get(host)
        if source is None or now - source.last_s > FORGET_S:
            return None
        return source.accounts.get(self._name(source, account))

    def pair_wait_s(self, host: str, account: str, now: float, limits: Limits) -> float:
        """How long this address has to wait before its next try at this account."""
        tries = self.pair(host, account, now)
        return 0.0 if tries is None else max(0.0, tries.last_s + limits.wait_s(tries.failures) - now)

    def account_wait_s(self, account: str, now: float) -> float:
        """How long an address that is no home of this account has to wait, for what all addresses did to it."""
        tries = self._known.get(account) or self._unknown.get(account)
        if tries is None or now - tries.last_s > FORGET_S or tries.failures < ACCOUNT_FREE:
            return 0.0
        wait_s = min(ACCOUNT_WAIT_S, 2.0 ** min(tries.failures - ACCOUNT_FREE, 30))
        return max(0.0, tries.last_s + wait_s - now)

    def everything(self, now: float) -> Iterator[tuple[str, str, Tries]]:
        """Address, account and tries, the latest first."""
        for host in reversed(self._sources):
            source = self._sources[host]
            if now - source.last_s > FORGET_S:
                return
            for account, tries in source.accounts.items():
                yield host, account, tries


class _Probe(msgspec.Struct):
    since: float
    names: set[str] = msgspec.field(default_factory=set)
    unanswered: int = 0


class Probes:
    """Requests without credentials: which unknown names each address has asked for, and how many challenges it let lie.

    Addresses may be spoofed here.
    """

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Probe] = OrderedDict()

    def challenged(self, host: str, unknown: str | None, now: float) -> tuple[int, int]:
        """A challenge was sent; `unknown` is what was asked for, if nobody has that name.

        Returns how many unknown names, and how many challenges without an answer, there are now.
        """
        probe = self._sources.get(host)
        if probe is None or now - probe.since > FORGET_S:
            probe = self._sources[host] = _Probe(now)
            if len(self._sources) > MAX_SOURCES:
                self._sources.popitem(last=False)
        self._sources.move_to_end(host)
        probe.unanswered += 1
        if unknown is not None and len(probe.names) < PROBED_EACH * 2:
            probe.names.add(unknown)
        return len(probe.names), probe.unanswered

    def answered(self, host: str) -> None:
        """The right answer came from there: none of its challenges counts as lying about."""
        probe = self._sources.get(host)
        if probe is not None:
            probe.unanswered = 0

    def names(self, host: str) -> tuple[str, ...]:
        probe = self._sources.get(host)
        return tuple(sorted(probe.names)) if probe is not None else ()

    def forget(self, host: str) -> None:
        self._sources.pop(host, None)
