"""Who is asking? A request's digest credentials (RFC 3261 22, RFC 8760) against the directory.

Whoever proves to know an extension's password is that extension; it need not be registered to call. Unknown and known
extensions get the same challenge, and the same 403 when the proof is wrong. Only wrong credentials count against a
source, not a phone that answers an old nonce.
"""

from __future__ import annotations

from collections.abc import Callable

from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.model.extension import Extension
from pbx.model.party import Credentials
from pbx.sip.digest import Challenger, Verdict, VerdictKind
from pbx.sip.hop import Hop
from pbx.sip.message import Request

WrongCredentials = Callable[[str, str], None]
"""Called with the source host and the user name that were refused."""


class Identify:
    """Turns a request into the extension that sent it, or into the `PeerError` to answer with."""

    def __init__(
        self,
        challenger: Challenger,
        directory: Directory,
        *,
        monotonic: Callable[[], float],
        wrong_credentials: WrongCredentials,
    ) -> None:
        self._challenger = challenger
        self._directory = directory
        self._monotonic = monotonic
        self._wrong_credentials = wrong_credentials

    def extension(self, request: Request, hop: Hop) -> Extension:
        """The authenticated extension. Raises `PeerError` 401 with challenges, or 403."""
        verdict = self._verify(request, hop, self._directory.password)
        if verdict.kind is VerdictKind.OK and verdict.username is not None:
            entry = self._directory.find(verdict.username)
            if entry is not None:
                return entry.extension
        raise self._refusal(verdict, hop)

    def account(self, request: Request, hop: Hop, known: Credentials) -> None:
        """Let another office prove who it is. Raises `PeerError` 401 with challenges, or 403."""
        verdict = self._verify(request, hop, lambda name: known.password if name == known.username else None)
        if verdict.kind is not VerdictKind.OK:
            raise self._refusal(verdict, hop)

    def _verify(self, request: Request, hop: Hop, password: Callable[[str], str | None]) -> Verdict:
        values = request.headers.all("Authorization")
        return self._challenger.verify(values, request.method, self._monotonic(), hop.remote_host, password)

    def _refusal(self, verdict: Verdict, hop: Hop) -> PeerError:
        if verdict.kind in (VerdictKind.NONE, VerdictKind.STALE):
            stale = verdict.kind is VerdictKind.STALE
            challenges = self._challenger.challenge(
                self._monotonic(), stale=stale, source_host=hop.remote_host
            )
            return PeerError(
                401, "Unauthorized", headers=tuple(("WWW-Authenticate", value) for value in challenges)
            )
        self._wrong_credentials(hop.remote_host, verdict.username or "")
        return PeerError(403, "Forbidden")
