"""Asking the edge as Twilio does: a form, signed over the public address, repeated when the test wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from yarl import URL

__all__ = ["Asked", "WebhookClient", "signature"]


def signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature, written from Twilio's documentation and not with its library, so that both can be wrong."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One webhook and its answer; status 0: no answer."""

    url: str
    form: Mapping[str, str]
    status: int
    body: str


@dataclass(slots=True)
class WebhookClient:
    """`places` maps public addresses to where their server really listens."""

    auth_token: str
    patience_s: float = 5.0
    asked: list[Asked] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None

    def place(self, url: str) -> str:
        """The real address of a public one."""
        for public, real in sorted(self.places.items(), key=lambda one: -len(one[0])):
            for scheme in ("http", "ws"):
                asked = scheme + public.removeprefix("http")
                if url.startswith(asked):
                    return scheme + real.removeprefix("http") + url.removeprefix(asked)
        return url

    async def post(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        token: str | None = None,
        signed: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Asked:
        """One signed POST. The same `token` marks a repetition."""
        sent = {"I-Twilio-Idempotency-Token": token or secrets.token_hex(16), "User-Agent": "TwilioProxy/1.1"}
        if signed:
            sent["X-Twilio-Signature"] = signature(self.auth_token, url, form)
        try:
            async with self.session.post(
                URL(self.place(url), encoded=True),
                data=dict(form),
                headers={**sent, **(headers or {})},
                timeout=aiohttp.ClientTimeout(total=self.patience_s),
                allow_redirects=False,
            ) as response:
                asked = Asked(url, dict(form), response.status, await response.text())
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            asked = Asked(url, dict(form), 0, f"{type(error).__name__}: {error}")
        self.asked.append(asked)
        return asked

    async def ask(self, url: str, fallback: str, form: Mapping[str, str]) -> Asked:
        """A question with its fallback: asked when the first place does not answer, or answers badly."""
        first = await self.post(url, form)
        if (first.status == 200 and first.body) or not fallback or fallback == url:
            return first
        code = "11200" if first.status else "11205"
        return await self.post(fallback, {**form, "ErrorCode": code, "ErrorUrl": url})

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def at_host(url: str, base: str) -> str:
    """The same path at another host."""
    there, asked = urlsplit(base), urlsplit(url)
    return urlunsplit((there.scheme, there.netloc, asked.path, asked.query, ""))


def joined(base: str, target: str) -> str:
    """Where a TwiML address leads: it may be relative to the document it stands in."""
    from urllib.parse import urljoin

    return urljoin(base, target) if target else base
