"""The ban list: which addresses are not listened to, until when, and how long the next ban will be.

Bounded: when it is full, the ban that ends first makes room. Pure: times are seconds of the wall clock, for bans
outlive a restart.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from pbx.model.ban import Ban, BanReason

__all__ = ["BanList", "Level", "network_of"]

MAX_BANS = 4096
MAX_BY_HAND = 256
MAX_CACHED = 4096
FORGET_S = 86400.0
"""An address that has kept quiet for so long after a ban begins with the shortest one again."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def moved(at: datetime, by_s: float) -> datetime:
    """By so many seconds, as far as the calendar goes."""
    try:
        return at + timedelta(seconds=by_s)
    except OverflowError:
        return at


class Level(msgspec.Struct, frozen=True):
    """How many bans in a row an address has had, and when the last one ends. `account`: whose phone it may be."""

    times: int
    until: float
    account: str = ""


def network_of(text: str) -> Network:
    """An address or a network. Raises `ValueError`."""
    return ipaddress.ip_network(text, strict=False)


def written(network: Network) -> str:
    """As people write it: a single address without its prefix length."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


class BanList:
    """Bans by address (of automatic ones, the key that failures are counted by) and by network."""

    def __init__(self) -> None:
        self._bans: OrderedDict[str, Ban] = OrderedDict()
        self._networks: dict[str, Network] = {}  # of bans by hand that are more, or less, than a key
        self._levels: OrderedDict[str, Level] = OrderedDict()
        self._cache: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._bans)

    def of(self, key: str, host: str) -> Ban | None:
        """The ban that `host`, whose key is `key`, falls under; quick for who falls under none."""
        if self._networks:
            found = self._cache.get(host)
            if found is None:
                if len(self._cache) >= MAX_CACHED:
                    self._cache.clear()
                found = self._cache[host] = self._network(host)
            if found:
                return self._bans.get(found)
        return self._bans.get(key)

    def strike(
        self,
        key: str,
        *,
        reason: BanReason,
        now: float,
        bans_s: tuple[float, ...],
        covers: Literal["everybody", "strangers"],
        notice: str,
        local: bool,
        failures: int,
        extensions: tuple[str, ...],
        user_agent: str,
        account: str = "",
    ) -> Ban:
        """Ban an address, for longer than the last time. `account` may have it forgiven (see `forgive`)."""
        level = self._levels.get(key)
        times = level.times + 1 if level is not None and now - level.until < FORGET_S else 1
        lasts_s = bans_s[min(times, len(bans_s)) - 1]
        self._levels[key] = Level(times, now + lasts_s, account)
        self._levels.move_to_end(key)
        if len(self._levels) > MAX_BANS:
            self._levels.popitem(last=False)
        ban = Ban(
            address=key,
            reason=reason,
            notice=notice,
            since=_time(now),
            until=_time(now + lasts_s),
            covers=covers,
            local=local,
            times=times,
            failures=failures,
            extensions=extensions,
            user_agent=user_agent,
        )
        self._enter(ban)
        return ban

    def by_hand(self, ban: Ban) -> None:
        """Raises `ValueError` when there are too many."""
        full = sum(each.reason == "by_hand" for each in self._bans.values()) >= MAX_BY_HAND
        if full and ban.address not in self._bans:
            raise ValueError(f"There are {MAX_BY_HAND} bans by hand already. Lift some first.")
        self._enter(ban)

    def lift(self, address: str) -> Ban | None:
        """End a ban, and begin with the shortest one again; None when there is none."""
        self._levels.pop(address, None)
        return self._remove(address)

    def forgive(self, key: str, account: str) -> None:
        """An account has the right password now: if its phone was banned, its next ban is the shortest again."""
        level = self._levels.get(key)
        if level is not None and level.account == account:
            del self._levels[key]

    def clock_jumped(self, by_s: float) -> None:
        """The wall clock was set: every ban lasts as long as before."""
        for address, ban in self._bans.items():
            until = None if ban.until is None else moved(ban.until, by_s)
            self._bans[address] = msgspec.structs.replace(ban, since=moved(ban.since, by_s), until=until)
        for key, level in self._levels.items():
            self._levels[key] = msgspec.structs.replace(level, until=level.until + by_s)

    def sweep(self, now: float) -> list[Ban]:
        """End what is over."""
        moment = _time(now)
        over = [each for each in self._bans.values() if each.until is not None and each.until <= moment]
        for ban in over:
            self._remove(ban.address)
        return over

    def everything(self) -> list[Ban]:
        """The latest first."""
        return sorted(self._bans.values(), key=lambda each: each.since, reverse=True)

    # -- over a restart --------------------------------------------------------------------------------------------

    def levels(self, now: float) -> dict[str, Level]:
        return {key: level for key, level in self._levels.items() if now - level.until < FORGET_S}

    def load(self, bans: Iterable[Ban], levels: dict[str, Level], now: float) -> None:
        self._levels.update(levels)
        for ban in sorted(bans, key=lambda each: each.since):
            if ban.until is None or ban.until > _time(now):
                self._enter(ban)

    # -- within ----------------------------------------------------------------------------------------------------

    def _enter(self, ban: Ban) -> None:
        self._bans[ban.address] = ban
        network = network_of(ban.address)
        if ban.reason == "by_hand" and (network.num_addresses > 1 or network.version == 6):
            self._networks[ban.address] = network
        self._cache.clear()
        if len(self._bans) > MAX_BANS:
            automatic = (each for each in self._bans.values() if each.reason != "by_hand")
            self._remove(min(automatic, key=lambda each: each.until or each.since).address)

    def _remove(self, address: str) -> Ban | None:
        ban = self._bans.pop(address, None)
        self._networks.pop(address, None)
        self._cache.clear()
        return ban

    def _network(self, host: str) -> str:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return ""
        inside = (key for key, network in self._networks.items() if address in network)
        return next(inside, "")


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def after(now: float, seconds: int | None) -> datetime | None:
    """When something that begins now and lasts so long is over."""
    return None if seconds is None else _time(now) + timedelta(seconds=seconds)
