"""Who is kept out: turns what goes wrong at the door into waits and bans, and keeps phones at home out of it.

    request without credentials ─► `challenged`   unknown names in series, challenges that nobody answers
    credentials, nonce is ours  ─► `hold_back`    503 while a wait lasts; the password is not looked at
    wrong                       ─► `failed`       longer wait; too many from one address: a ban
    right                       ─► `proved`       the address is a home of that extension

The rule for phones at home: no count of anybody else's tries makes a phone wait, or be dropped, that has proved itself
from where it is. What may be spoofed (no credentials were shown) bans no address that is a home.
Belongs to the event loop.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Literal

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PeerError, UserError
from pbx.core.events import EventBus
from pbx.feature.bans import BanList, Level, after, network_of, written
from pbx.feature.browser_login import owner_of
from pbx.feature.door_words import ban_notice, refused_notice
from pbx.feature.failures import LOCAL, REMOTE, Failures, Limits, Probes, Tries
from pbx.feature.homes import Homes, StoredHome
from pbx.feature.scanners import is_scanner
from pbx.model.ban import Ban, BanLifted, Banned, BanReason, BanWrite, RefusedSignIn, SignInsRefused
from pbx.sip.digest import claimed_user
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri

__all__ = ["Door", "DoorPorts", "DoorState"]

log = logging.getLogger(__name__)

TOPIC = "door"
NEVER = frozenset({"127.0.0.1", "::1"})
"""Proxies on this machine stand for everybody behind them."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class DoorPorts(msgspec.Struct, frozen=True):
    """What the door needs.

    `exists` says whether an extension may sign in. `is_local` and `is_friend` are about addresses; a friend (a trunk's
    server) is never banned. `never` are the networks of the allow list. `shut` is told of each ban, so that open
    connections can be cut.
    """

    bus: EventBus
    clock: Clock
    exists: Callable[[str], bool]
    is_local: Callable[[str], bool] = lambda _: False
    is_friend: Callable[[str], bool] = lambda _: False
    never: Sequence[str] = ()
    shut: Callable[[Ban], None] = lambda _: None
    changed: Callable[[], None] = lambda: None


class DoorState(msgspec.Struct):
    """What is kept over a restart."""

    bans: tuple[Ban, ...] = ()
    levels: dict[str, Level] = msgspec.field(default_factory=dict)
    homes: dict[str, dict[str, StoredHome]] = msgspec.field(default_factory=dict)


class Door:
    """Counts, waits, bans."""

    def __init__(self, ports: DoorPorts) -> None:
        self._ports = ports
        self._never: tuple[_Network, ...] = tuple(network_of(each) for each in ports.never)
        self.bans = BanList()
        self.homes = Homes(ports.changed)
        self.failures = Failures(ports.exists)
        self._probes = Probes()
        self._key = lru_cache(maxsize=4096)(self._make_key)
        self.on_proved: Callable[[str], None] = lambda _: None
        """Told the address of each right password."""
        self.on_failed: Callable[[str], None] = lambda _: None
        """Told the address of each wrong one."""
        self.turned_away = 0
        self.struck = 0

    # -- what the sockets ask --------------------------------------------------------------------------------------

    def shuts_out(self, host: str) -> bool:
        """Whether nothing from this address is even read."""
        if not len(self.bans):
            return False
        ban = self.bans.of(self._key(host), host)
        if ban is None or ban.covers != "everybody" or self._is_exempt(host):
            return False
        self.turned_away += 1
        return True

    def turns_away(self, request: Request, hop: Hop) -> bool:
        """Whether a request outside any dialog is dropped unanswered: a scanner's, or a stranger's."""
        agent = request.headers.get("User-Agent")
        if agent is not None and is_scanner(agent):
            self.turned_away += 1
            return True
        if not len(self.bans):
            return False
        host = hop.remote_host
        key = self._key(host)
        ban = self.bans.of(key, host)
        if ban is None or self._is_exempt(host) or self._is_heard(_claimed(request), key, hop):
            return False
        self.turned_away += 1
        return True

    def is_quiet(self, host: str, account: str) -> bool:
        """Whether nothing is held against this address, nor against anybody for what was done to this account."""
        if not len(self.bans) and not self.failures:
            return True
        key, now = self._key(host), self._now()
        return (
            self.bans.of(key, host) is None
            and self.failures.pair(key, account, now) is None
            and not self.failures.account_wait_s(account, now)
        )

    # -- what the digest check tells -------------------------------------------------------------------------------

    def challenged(self, request: Request, hop: Hop) -> None:
        """A request without usable credentials was challenged."""
        host = hop.remote_host
        if self._is_exempt(host):
            return
        key, now, limits = self._key(host), self._now(), self._limits(host)
        claimed = _claimed(request)
        unknown = None if self._ports.exists(claimed) else _asked_for(request, claimed)
        names, unanswered = self._probes.challenged(key, unknown, now)
        if names < limits.unknown_names and unanswered < limits.unanswered:
            return
        if self.homes.at(key, self._wall()):
            return  # this may be spoofed; a phone that is at home there pays for nobody
        reason: BanReason = "unknown_extensions" if names >= limits.unknown_names else "unanswered_challenges"
        count = names if names >= limits.unknown_names else unanswered
        tried = self._probes.names(key)
        self._probes.forget(key)
        agent = request.headers.get("User-Agent") or ""
        self._ban(host, reason, count=count, tried=tried, agent=agent)

    def hold_back(self, hop: Hop, account: str) -> None:
        """Before a password is looked at: raises `PeerError` 503 with Retry-After while a wait lasts."""
        host = hop.remote_host
        key, now = self._key(host), self._now()
        wait_s = self.failures.pair_wait_s(key, account, now, self._limits(host))
        other_s = self.failures.account_wait_s(account, now)
        if wait_s <= 0 and other_s <= 0:
            return
        if self.homes.is_the_phone(account, key, hop, self._wall()) or self._is_allowed(host):
            return
        if not self.homes.is_home(account, key, self._wall()):
            wait_s = max(wait_s, other_s)
        if wait_s > 0:
            raise PeerError(503, "Service Unavailable", headers=(("Retry-After", str(ceil(wait_s))),))

    def failed(self, request: Request, hop: Hop, account: str) -> None:
        """The credentials were wrong: password or account."""
        host = hop.remote_host
        key, limits = self._key(host), self._limits(host)
        agent = request.headers.get("User-Agent") or ""
        self.on_failed(host)
        tries = self.failures.count(key, account, self._now(), at=self._wall(), user_agent=agent)
        if self.homes.has_phone(account, key, self._wall()):
            tries.strange = tries.strange or not self.homes.is_the_phone(account, key, hop, self._wall())
        self.homes.failed(account, key, hop)
        if tries.failures >= limits.free and not tries.told:
            tries.told = True
            refused = self._refused(key, account, tries)
            log.warning("sign-ins refused", extra={"notice": refused.notice})
            self._ports.bus.publish(TOPIC, SignInsRefused(refused=refused))
        failures = self.failures.of(key, self._now())
        if failures >= limits.ban_after and not self._is_exempt(host):
            tried = self.failures.accounts(key)
            self._ban(host, "wrong_credentials", count=failures, tried=tried, agent=agent)

    def proved(self, hop: Hop, account: str) -> None:
        """The credentials were right."""
        key = self._key(hop.remote_host)
        self.homes.proved(account, key, hop, self._wall())
        self.on_proved(hop.remote_host)
        self._probes.answered(key)
        if self.failures.pair(key, account, self._now()) is not None:
            self.failures.forgive(key, account)
        self.bans.forgive(key, account)

    # -- what people ask -------------------------------------------------------------------------------------------

    def refused(self) -> list[RefusedSignIn]:
        """Whose sign-ins are refused, the latest first."""
        return [self._refused(*each) for each in self.failures.everything(self._now())]

    def ban(self, write: BanWrite) -> Ban:
        """A ban by hand. Raises `UserError`."""
        try:
            network = network_of(write.address)
        except ValueError as error:
            raise UserError(
                "This is no IP address and no network.",
                path="$.address",
                got=write.address,
                needed="such as 192.0.2.7 or 198.51.100.0/24",
            ) from error
        address = written(network)
        if any(network.version == each.version and network.overlaps(each) for each in self._never):
            raise UserError(
                "The address is on the allow list.",
                http_status=409,
                path="$.address",
                got=address,
                action="Take it off the setting never_banned first.",
            )
        now = self._wall()
        ban = Ban(
            address=address,
            reason="by_hand",
            notice=ban_notice(
                "by_hand", address, local=self._ports.is_local(_first(network)), note=write.note
            ),
            since=datetime.fromtimestamp(now, UTC),
            until=after(now, write.for_s),
            local=self._ports.is_local(_first(network)),
        )
        try:
            self.bans.by_hand(ban)
        except ValueError as error:
            raise UserError(str(error), http_status=409) from error
        self._tell(ban)
        return ban

    def lift(self, address: str) -> Ban | None:
        """End a ban by hand, and forget what led to it; None when there is none."""
        try:
            address = written(network_of(address))
        except ValueError:
            return None
        ban = self.bans.lift(address)
        if ban is not None:
            self.failures.forget(address)
            self._probes.forget(address)
            self._ports.changed()
            log.info("ban lifted", extra={"address": address})
            self._ports.bus.publish(TOPIC, BanLifted(address=address, by="hand"))
        return ban

    def sweep(self) -> None:
        """End the bans whose time has come. Called about once a second."""
        for ban in self.bans.sweep(self._wall()):
            # What led to it has been paid for; a wrong password that goes on is counted from the start.
            self.failures.forget(ban.address)
            self._ports.changed()
            self._ports.bus.publish(TOPIC, BanLifted(address=ban.address, by="time"))

    def clock_jumped(self, by_s: float) -> None:
        """The wall clock was set: who is locked out stays so for as long as before, and homes stay homes."""
        self.bans.clock_jumped(by_s)
        self.homes.clock_jumped(by_s)
        self._ports.changed()

    # -- over a restart --------------------------------------------------------------------------------------------

    def state(self) -> DoorState:
        now = self._wall()
        return DoorState(tuple(self.bans.everything()), self.bans.levels(now), self.homes.stored(now))

    def load(self, state: DoorState) -> None:
        self.bans.load(state.bans, state.levels, self._wall())
        self.homes.load(state.homes)

    # -- within ----------------------------------------------------------------------------------------------------

    def _ban(self, host: str, reason: BanReason, *, count: int, tried: tuple[str, ...], agent: str) -> None:
        key, local, limits = self._key(host), self._ports.is_local(host), self._limits(host)
        covers: Literal["everybody", "strangers"] = "strangers" if self._has_innocents(key) else "everybody"
        standing = self.bans.of(key, host)
        if standing is not None and standing.covers in (covers, "everybody"):
            return  # tries that were under way when the ban began, or of those that are still heard
        ban = self.bans.strike(
            key,
            reason=reason,
            now=self._wall(),
            bans_s=limits.bans_s,
            covers=covers,
            notice=ban_notice(reason, key, local=local, tried=tried, agent=agent),
            local=local,
            failures=count,
            extensions=tried[:10],
            account=self._only(key, tried),
            user_agent=agent,
        )
        self.struck += 1
        self._tell(ban)

    def _only(self, key: str, tried: tuple[str, ...]) -> str:
        """The account that this is all about, if it may be that account's own phone."""
        tries = self.failures.pair(key, tried[0], self._now()) if len(tried) == 1 else None
        return tried[0] if tries is not None and not tries.strange else ""

    def _tell(self, ban: Ban) -> None:
        log.warning("address banned", extra={"address": ban.address, "until": ban.until, "why": ban.reason})
        self._ports.shut(ban)
        self._ports.changed()
        self._ports.bus.publish(TOPIC, Banned(ban=ban))

    def _has_innocents(self, key: str) -> bool:
        """Whether a ban of this address would hit an extension that is at home there and has done nothing."""
        now = self._wall()
        return any(
            self.homes.has_phone(each, key, now) or self.failures.pair(key, each, self._now()) is None
            for each in self.homes.at(key, now)
        )

    def _is_heard(self, account: str, key: str, hop: Hop) -> bool:
        """Whether this is a phone at home, at an address where strangers are not heard."""
        now = self._wall()
        if self.homes.is_the_phone(account, key, hop, now):
            return True
        return self.homes.is_home(account, key, now) and self.failures.pair(key, account, self._now()) is None

    def _refused(self, key: str, account: str, tries: Tries) -> RefusedSignIn:
        host = key.partition("/")[0]
        local, known = self._ports.is_local(host), self._ports.exists(account)
        wait_s = self.failures.pair_wait_s(key, account, self._now(), self._limits(host))
        return RefusedSignIn(
            address=key,
            extension=account,
            failures=tries.failures,
            last_at=datetime.fromtimestamp(tries.last_at, UTC),
            local=local,
            known=known,
            user_agent=tries.user_agent,
            wait_s=ceil(wait_s),
            banned=self.bans.of(key, host) is not None,
            notice=refused_notice(key, account, known=known, local=local, agent=tries.user_agent),
        )

    def _limits(self, host: str) -> Limits:
        return LOCAL if self._ports.is_local(host) else REMOTE

    def _is_exempt(self, host: str) -> bool:
        return self._key(host) in NEVER or self._is_allowed(host) or self._ports.is_friend(host)

    def _is_allowed(self, host: str) -> bool:
        if not self._never:
            return False
        address = _address(host)
        return address is not None and any(address in network for network in self._never)

    def _make_key(self, host: str) -> str:
        """What an address is counted as: an IPv6 host outside has a whole network to choose addresses from."""
        if ":" not in host:
            return host
        address = _address(host)
        if address is None:
            return host
        if address.version == 4 or self._ports.is_local(host):
            return str(address)
        return str(ipaddress.IPv6Network((int(address), 64), strict=False))

    def _now(self) -> float:
        return self._ports.clock.monotonic()

    def _wall(self) -> float:
        return self._ports.clock.now().timestamp()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as it is on the wire: IPv4 that came in over an IPv6 socket is IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _first(network: _Network) -> str:
    return str(network.network_address)


def _claimed(request: Request) -> str:
    """Who the sender says it is: by its credentials, else by the address it registers or calls from."""
    for value in request.headers.all("Authorization"):
        user = claimed_user(value)
        if user is not None:
            return owner_of(user)
    try:
        address = request.to if request.method == "REGISTER" else request.from_
        return SipUri.parse(address.uri).user or ""
    except ParseError:
        return ""


def _asked_for(request: Request, claimed: str) -> str:
    """What a probe is after: the extension it would be, or the number it would call."""
    if request.method == "REGISTER":
        return claimed
    try:
        return f"{claimed}>{SipUri.parse(request.uri).user or ''}"
    except ParseError:
        return claimed
