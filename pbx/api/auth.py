"""Who asks: bearer tokens, session cookies, CSRF tokens and origins.

A bearer token beats a cookie, and a wrong one is refused even where the cookie would do. With a cookie, whatever
changes something needs the session's token in `X-CSRF-Token`, and a WebSocket needs an Origin that is this node:
browsers let any page open one.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from pbx.api.exchange import Principal
from pbx.api.problem import ApiError
from pbx.api.scopes import ALL_SCOPES
from pbx.store.tokens import TokenStore
from pbx.store.users import UserStore

__all__ = [
    "COOKIE",
    "CSRF_HEADER",
    "authenticate",
    "check_csrf",
    "check_origin",
    "is_secure",
    "on_this_machine",
    "source_of",
    "unauthorized",
]

COOKIE = "pbx_session"
CSRF_HEADER = "X-CSRF-Token"
CHALLENGE = 'Bearer realm="bellwire"'


async def authenticate(request: web.Request, users: UserStore, tokens: TokenStore) -> Principal | None:
    """Who sent this, None when there is no credential. Raises `ApiError` 401 for one that is worth nothing."""
    if header := request.headers.get("Authorization"):
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        token = await tokens.authenticate(secret) if scheme.lower() == "bearer" and secret.isascii() else None
        if token is None:
            raise unauthorized("This bearer token is not valid.", error="invalid_token")
        return Principal(name=token.name, scopes=ALL_SCOPES, token=secret)
    cookie = request.cookies.get(COOKIE, "")
    session = await users.session(cookie) if cookie and cookie.isascii() else None
    if session is None:
        return None
    return Principal(name=session.user.username, scopes=ALL_SCOPES, session=session, cookie=cookie)


def unauthorized(detail: str, *, error: str = "") -> ApiError:
    """401 with the challenge RFC 9110 asks for; never Basic, which would open the browser's own dialog."""
    challenge = CHALLENGE + (f', error="{error}"' if error else "")
    return ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": challenge})


def check_csrf(request: web.Request, principal: Principal) -> None:
    """Raises `ApiError` 403 when a cookie came without its CSRF token. Bearer tokens need none."""
    if principal.session is None:
        return
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), principal.session.csrf_token.encode()
    ):
        raise ApiError(403, "csrf", f"The header {CSRF_HEADER} must carry the csrf_token of the session.")


def check_origin(request: web.Request, *, required: bool = False) -> None:
    """Raises `ApiError` 403 when a browser says that another site sent this (or, if `required`, does not say)."""
    origin = request.headers.get("Origin")
    if origin is None and not required:
        return
    if origin is None or urlsplit(origin).netloc.lower() != request.host.lower():
        raise ApiError(403, "origin", "This request must come from the node's own pages.")


def source_of(request: web.Request) -> str:
    """The address this came from; behind a proxy on this machine, the one that the proxy names."""
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and _is_loopback(peer):
        return forwarded.rsplit(",", 1)[-1].strip()
    return peer


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks HTTPS: to us, or to a proxy on this machine that says so."""
    told = request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
    return request.secure or (told and _is_loopback(request.remote or ""))


def on_this_machine(request: web.Request) -> bool:
    """Whether a program on this machine asks, and not for somebody else."""
    proxied = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))
    return _is_loopback(request.remote or "") and not proxied


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
