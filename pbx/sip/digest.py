"""Digest authentication (RFC 3261 22, RFC 7616, RFC 8760), both sides.

A nonce proves by a keyed hash that we made it, for which realm and address and when, so nothing is stored for what
never comes back. Of what comes back with the right password, the highest count is kept: each count works once. The
table is bounded for each user apart. What is pushed out of it makes all older nonces of that user stale, so nothing can
be replayed, and nobody can push out what another has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache

import msgspec

from pbx.sip.errors import ParseError

MAX_NONCES = 65536
MAX_NONCES_EACH = 4096
MAX_KNOWN = 20_000
MAX_CACHED = 1024
"""Longer credentials are parsed each time they are looked at."""
_PARAM = re.compile(r'\s*([A-Za-z0-9\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')
_COUNT = re.compile(r"[0-9A-Fa-f]{1,8}")
_ESCAPED = re.compile(r"\\(.)")
_HASHES: Mapping[str, Callable[[bytes], hashlib._Hash]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}


class VerdictKind(Enum):
    """What credentials turned out to be."""

    OK = "ok"
    NONE = "none"  # none were sent, or none for our realm
    STALE = "stale"  # right, or impossible to judge, but for an old or used nonce: challenge again
    BAD = "bad"  # wrong password, or malformed
    UNKNOWN_USER = "unknown_user"


class Verdict(msgspec.Struct, frozen=True):
    """`username` is what was claimed, whether or not it was proved."""

    kind: VerdictKind
    username: str | None = None


class _Used(msgspec.Struct):
    """The highest count of each nonce of one user. Nonces made up to `floor_ms` that are not in `counts` are spent."""

    counts: OrderedDict[str, int] = msgspec.field(default_factory=OrderedDict)
    floor_ms: int = -1


class Challenger:
    """Our side as a server: makes challenges and judges answers.

    `secret` signs nonces; a new one makes all old nonces stale. `algorithms` are offered in this order (RFC 8760 2.4:
    the client takes the first it knows). `now` is in seconds of any clock that does not go back.
    """

    def __init__(
        self, secret: bytes, realm: str, algorithms: Iterable[str], nonce_lifetime_s: float = 300.0
    ) -> None:
        self.realm = realm
        self.algorithms = tuple(algorithms)
        unknown = [each for each in self.algorithms if each not in _HASHES]
        if unknown or not self.algorithms:
            raise ValueError(f"digest algorithms must be among {', '.join(_HASHES)}, got {unknown}")
        self._key = hashlib.blake2b(secret).digest()  # of the length that BLAKE2 takes, whatever the secret's
        self._lifetime_s = nonce_lifetime_s
        self._used: OrderedDict[str, _Used] = OrderedDict()
        self._nonces = 0
        self._floor_ms = -1
        self._serial = 0
        self._ha1: dict[tuple[str, str], tuple[str, str]] = {}
        self._nobody = {name: _hash(name, f"{secret.hex()}:{realm}") for name in self.algorithms}

    def challenge(self, now: float, *, source_host: str, stale: bool = False) -> list[str]:
        """WWW-Authenticate values, one for each algorithm, best loved first."""
        nonce = self._new_nonce(now, source_host)
        tail = ", stale=true" if stale else ""
        return [
            f'Digest realm="{self.realm}", nonce="{nonce}", algorithm={name}, qop="auth"{tail}'
            for name in self.algorithms
        ]

    def verify(
        self,
        values: Iterable[str],
        method: str,
        now: float,
        source_host: str,
        lookup: Callable[[str], str | None],
    ) -> Verdict:
        """Judge Authorization values. `lookup` gives a user's password, None when there is no such user.

        An unknown user costs the same work and is told the same as a wrong password.
        """
        params = self._ours(values)
        if params is None:
            return Verdict(VerdictKind.NONE)
        user = params.get("username", "")
        nonce = params.get("nonce", "")
        age_s = self._age(nonce, now, source_host)
        if age_s is None or not 0 <= age_s <= self._lifetime_s:
            return Verdict(VerdictKind.STALE, user)
        if params.get("qop", "") != "auth" or not params.get("cnonce") or not params.get("uri"):
            return Verdict(VerdictKind.BAD, user)
        password = lookup(user)
        algorithm = params["algorithm"]
        expected = _response(self._ha1_of(user, algorithm, password), algorithm, method, params)
        said = params.get("response", "").lower().encode("utf-8", "replace")
        right = hmac.compare_digest(expected.encode(), said)
        if password is None:
            return Verdict(VerdictKind.UNKNOWN_USER, user)
        if not right:
            return Verdict(VerdictKind.BAD, user)
        fresh = self._count_rises(user, nonce, params.get("nc", ""), now)
        return Verdict(VerdictKind.OK if fresh else VerdictKind.STALE, user)

    def _ours(self, values: Iterable[str]) -> dict[str, str] | None:
        """The first credentials for our realm with an algorithm we offer."""
        for value in values:
            try:
                params = parse_params(value)
            except ParseError:
                continue
            algorithm = params.setdefault("algorithm", "MD5").upper()
            if params.get("realm") == self.realm and algorithm in self.algorithms:
                params["algorithm"] = algorithm
                return params
        return None

    def _ha1_of(self, user: str, algorithm: str, password: str | None) -> str:
        """Remembered for each user, so that somebody unknown costs what somebody known does."""
        if password is None:
            return self._nobody[algorithm]
        known = self._ha1.get((user, algorithm))
        if known is not None and known[0] == password:
            return known[1]
        ha1 = _hash(algorithm, f"{user}:{self.realm}:{password}")
        if len(self._ha1) >= MAX_KNOWN:
            self._ha1.clear()
        self._ha1[user, algorithm] = (password, ha1)
        return ha1

    # -- nonces: base64(time in ms, serial, keyed hash of both and the source) ----------------------------------------

    def _new_nonce(self, now: float, source_host: str) -> str:
        self._serial += 1
        stamp = struct.pack(">QI", int(now * 1000), self._serial & 0xFFFFFFFF)
        return base64.urlsafe_b64encode(stamp + self._sign(stamp, source_host)).decode()

    def _sign(self, stamp: bytes, source_host: str) -> bytes:
        text = f"{source_host}\0{self.realm}".encode()
        return hashlib.blake2b(stamp + text, key=self._key, digest_size=18).digest()

    def _age(self, nonce: str, now: float, source_host: str) -> float | None:
        """Seconds since we made this nonce for this source; None when we did not."""
        try:
            raw = base64.urlsafe_b64decode(nonce.encode("ascii"))
        except (ValueError, UnicodeEncodeError):
            return None
        stamp, signature = raw[:12], raw[12:]
        if len(raw) != 30 or not hmac.compare_digest(signature, self._sign(stamp, source_host)):
            return None
        return now - float(struct.unpack(">QI", stamp)[0]) / 1000

    def _count_rises(self, user: str, nonce: str, text: str, now: float) -> bool:
        """Whether this nonce count is new (RFC 7616 3.4.5: a replay has an old one)."""
        if not _COUNT.fullmatch(text):
            return False
        count = int(text, 16)
        used = self._used.get(user)
        if used is None:
            used = self._used[user] = _Used(floor_ms=self._floor_ms)
        known = used.counts.get(nonce)
        if known is None:
            if _made_ms(nonce) <= used.floor_ms or not count:
                return False
            self._nonces += 1
        elif count <= known:
            return False
        used.counts[nonce] = count
        used.counts.move_to_end(nonce)
        self._used.move_to_end(user)
        if known is None:
            self._make_room(used, now)
        return True

    def _make_room(self, used: _Used, now: float) -> None:
        """Forget what has expired, then what was longest unused: of this user, of the greediest, of one gone quiet."""
        oldest_ms = (now - self._lifetime_s) * 1000
        while _made_ms(next(iter(used.counts))) < oldest_ms or len(used.counts) > MAX_NONCES_EACH:
            self._forget_one(used)
        while self._nonces > MAX_NONCES:
            alone = len(used.counts) == 1
            self._forget_one(max(self._used.values(), key=lambda each: len(each.counts)) if alone else used)
        if len(self._used) > MAX_KNOWN:
            _, gone = self._used.popitem(last=False)
            self._nonces -= len(gone.counts)
            self._floor_ms = max(self._floor_ms, gone.floor_ms, *map(_made_ms, gone.counts))

    def _forget_one(self, used: _Used) -> None:
        nonce, _ = used.counts.popitem(last=False)
        used.floor_ms = max(used.floor_ms, _made_ms(nonce))
        self._nonces -= 1


def _made_ms(nonce: str) -> int:
    """When one of our nonces was made."""
    return int(struct.unpack_from(">Q", base64.urlsafe_b64decode(nonce))[0])


def authorize(
    challenges: Iterable[str],
    *,
    method: str,
    uri: str,
    username: str,
    password: str,
    cnonce: str,
    count: int = 1,
) -> str | None:
    """The Authorization value for the first challenge we understand (RFC 8760 2.4); None when there is none."""
    best = next((params for value in challenges if (params := _understood(value)) is not None), None)
    if best is None:
        return None
    algorithm = best["algorithm"]
    answer = {"uri": uri, "nonce": best.get("nonce", ""), "cnonce": cnonce, "nc": f"{count:08x}"}
    answer["qop"] = "auth" if "qop" in best else ""
    realm = best.get("realm", "")
    response = _response(_hash(algorithm, f"{username}:{realm}:{password}"), algorithm, method, answer)
    parts = [
        f'username="{_escape(username)}"',
        f'realm="{_escape(realm)}"',
        f'nonce="{_escape(answer["nonce"])}"',
        f'uri="{uri}"',
        f'response="{response}"',
        f"algorithm={algorithm}",
    ]
    if answer["qop"]:
        parts += ["qop=auth", f"nc={answer['nc']}", f'cnonce="{cnonce}"']
    if "opaque" in best:
        parts.append(f'opaque="{_escape(best["opaque"])}"')
    return "Digest " + ", ".join(parts)


def _understood(challenge: str) -> dict[str, str] | None:
    """The parameters of a challenge that can be answered: Digest, an algorithm and a qop we know."""
    try:
        params = parse_params(challenge)
    except ParseError:
        return None
    params["algorithm"] = params.get("algorithm", "MD5").upper()
    offered = [each.strip() for each in params.get("qop", "auth").split(",")]
    return params if params["algorithm"] in _HASHES and "auth" in offered else None


def claimed_user(value: str) -> str | None:
    """Who credentials say they are of, unproved; None when they cannot be read."""
    try:
        return parse_params(value).get("username")
    except ParseError:
        return None


def is_stale(challenges: Iterable[str]) -> bool:
    """Whether the credentials were right, and only the nonce was too old (RFC 7616 3.3)."""
    for each in challenges:
        try:
            if parse_params(each).get("stale", "").lower() == "true":
                return True
        except ParseError:
            continue
    return False


def parse_params(value: str) -> dict[str, str]:
    """The parameters of a Digest header value, names in lower case. Raises `ParseError` 400."""
    return dict(_cached(value) if len(value) <= MAX_CACHED else _parse(value))


def _parse(value: str) -> dict[str, str]:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise ParseError(400, "Not Digest Credentials")
    params: dict[str, str] = {}
    at = 0
    while at < len(rest):
        found = _PARAM.match(rest, at)
        if found is None:
            raise ParseError(400, "Bad Digest Credentials")
        name, quoted, token = found.groups()
        name = name.lower()
        if name in params:
            raise ParseError(400, "Bad Digest Credentials")
        if token is None:
            token = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
        params[name] = token
        at = found.end()
    return params


_cached = lru_cache(maxsize=256)(_parse)
"""Credentials are read by the door, by who identifies a phone, and by who counts its failures."""


def claimed_username(values: Iterable[str]) -> str | None:
    """Whose credentials these are said to be; nothing is proved by it. None without any."""
    for value in values:
        try:
            name = parse_params(value).get("username")
        except ParseError:
            continue
        if name:
            return name
    return None


def _response(ha1: str, algorithm: str, method: str, params: Mapping[str, str]) -> str:
    ha2 = _hash(algorithm, f"{method}:{params['uri']}")
    if not params.get("qop"):
        return _hash(algorithm, f"{ha1}:{params['nonce']}:{ha2}")
    middle = f"{params['nonce']}:{params.get('nc', '')}:{params.get('cnonce', '')}:{params['qop']}"
    return _hash(algorithm, f"{ha1}:{middle}:{ha2}")


def _hash(algorithm: str, text: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "replace")).hexdigest()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
