"""Who is asking? A request's digest credentials (RFC 3261 22, RFC 8760) against the directory.

Whoever proves to know an extension's password is that extension; it need not be registered to call. Unknown and known
extensions get the same challenge, and the same 403 when the proof is wrong. Only wrong credentials count against a
source, not a phone that answers an old nonce.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pbx.core.errors import PeerError
from pbx.feature.browser_login import BrowserLogins, owner_of
from pbx.feature.directory import Directory
from pbx.model.extension import Extension
from pbx.model.party import Credentials
from pbx.sip.digest import Challenger, Verdict, VerdictKind
from pbx.sip.hop import Hop
from pbx.sip.message import Request


class SignIns(Protocol):
    """Who is told how sign-ins go, and may put them off."""

    def challenged(self, request: Request, hop: Hop) -> None:
        """A request showed no credentials for us."""
        ...

    def hold_back(self, hop: Hop, account: str) -> None:
        """Credentials with a good nonce are about to be judged. Raises `PeerError` to put it off."""
        ...

    def failed(self, request: Request, hop: Hop, account: str) -> None:
        """They were wrong, or of nobody."""
        ...

    def proved(self, hop: Hop, account: str) -> None:
        """They were right."""
        ...


class Identify:
    """Turns a request into the extension that sent it, or into the `PeerError` to answer with."""

    def __init__(
        self,
        challenger: Challenger,
        directory: Directory,
        *,
        monotonic: Callable[[], float],
        door: SignIns,
        pages: BrowserLogins | None = None,
    ) -> None:
        self._challenger = challenger
        self._directory = directory
        self._monotonic = monotonic
        self._door = door
        self._pages = pages

    def extension(self, request: Request, hop: Hop) -> Extension:
        """The authenticated extension. Raises `PeerError` 401 with challenges, 403, or 503 to come back later."""
        verdict = self._verify(request, hop, self._password)
        if verdict.kind is VerdictKind.OK and verdict.username is not None:
            number = owner_of(verdict.username)
            entry = self._directory.find(number)
            if entry is not None:
                if number != verdict.username and not self._counts(verdict.username, hop):
                    raise PeerError(403, "Log-In Ended")  # it was right once, so nobody guesses here
                self._door.proved(hop, number)
                return entry.extension
        raise self._refusal(verdict, request, hop, is_ours=True)

    def challenged(self, request: Request, hop: Hop) -> tuple[tuple[str, str], ...]:
        """The headers of a 401 for a request that shows no credentials."""
        self._door.challenged(request, hop)
        return tuple([("WWW-Authenticate", value) for value in self.challenges(hop)])

    def challenges(self, hop: Hop) -> list[str]:
        """WWW-Authenticate values for a phone that is known."""
        return self._challenger.challenge(self._monotonic(), source_host=hop.remote_host)

    def proves(self, proof: str, method: str, hop: Hop, number: str) -> bool:
        """Whether these credentials are right, and of this extension. Nobody is told; what is wrong may be judged
        again."""
        verdict = self._challenger.verify(
            (proof,), method, self._monotonic(), hop.remote_host, self._directory.password
        )
        return verdict.kind is VerdictKind.OK and verdict.username == number

    def _password(self, user: str) -> str | None:
        """Of a phone, or of a page that has one for hours; None for nobody, and for who is disabled."""
        number = owner_of(user)
        password = self._directory.password(number)
        if number == user or password is None or self._pages is None:
            return password if number == user else None
        return self._pages.password(user)

    def _counts(self, user: str, hop: Hop) -> bool:
        return self._pages is not None and self._pages.counts(user, hop.connection)

    def account(self, request: Request, hop: Hop, known: Credentials) -> None:
        """Let another office prove who it is. Raises `PeerError` 401 with challenges, or 403."""
        verdict = self._verify(request, hop, lambda name: known.password if name == known.username else None)
        if verdict.kind is not VerdictKind.OK:
            raise self._refusal(verdict, request, hop, is_ours=False)
        self._door.proved(hop, known.username)

    def _verify(self, request: Request, hop: Hop, password: Callable[[str], str | None]) -> Verdict:
        def lookup(user: str) -> str | None:
            """Asked for once the nonce has turned out to be ours, and before the answer to it is looked at."""
            self._door.hold_back(hop, owner_of(user))
            return password(user)

        values = request.headers.all("Authorization")
        return self._challenger.verify(values, request.method, self._monotonic(), hop.remote_host, lookup)

    def _refusal(self, verdict: Verdict, request: Request, hop: Hop, *, is_ours: bool) -> PeerError:
        """`is_ours`: the request claims to be of an extension, so a name that nobody has is a probe."""
        if verdict.kind in (VerdictKind.NONE, VerdictKind.STALE):
            stale = verdict.kind is VerdictKind.STALE
            if not stale and is_ours:
                self._door.challenged(request, hop)
            challenges = self._challenger.challenge(
                self._monotonic(), stale=stale, source_host=hop.remote_host
            )
            return PeerError(
                401, "Unauthorized", headers=tuple(("WWW-Authenticate", value) for value in challenges)
            )
        self._door.failed(request, hop, owner_of(verdict.username or ""))
        return PeerError(403, "Forbidden")
