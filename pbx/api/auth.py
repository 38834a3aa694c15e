"""Who asks: bearer tokens, session cookies, CSRF tokens and origins.

A bearer token (a program's, or the JWT of a site elsewhere or an app) beats a cookie, and a wrong one is refused even
where the cookie would do. With a cookie, whatever changes something needs the session's token in `X-CSRF-Token`, and a
WebSocket needs an Origin that is this node: browsers let any page open one.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection
from datetime import datetime

from aiohttp import web

from pbx.api import access
from pbx.api.exchange import Principal
from pbx.api.problem import ApiError
from pbx.api.scopes import APP_SCOPES, named_scopes, scopes_of
from pbx.core.names import host_of
from pbx.core.secret import fingerprint
from pbx.model.user import User
from pbx.store.accounts import Accounts

__all__ = [
    "CHALLENGE",
    "COOKIE",
    "CSRF_HEADER",
    "again",
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


async def authenticate(request: web.Request, accounts: Accounts, now: datetime) -> Principal | None:
    """Who sent this, None when there is no credential. Raises `ApiError` 401 for one that is worth nothing."""
    if header := request.headers.get("Authorization"):
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        known = scheme.lower() == "bearer" and secret.isascii()
        found = await _bearer(secret, accounts, now) if known else None
        if found is None:
            raise unauthorized("This bearer token is not valid.", error="invalid_token")
        return found
    cookie = request.cookies.get(COOKIE, "")
    return await _session(cookie, accounts) if cookie and cookie.isascii() else None


async def again(principal: Principal, accounts: Accounts) -> Principal | None:
    """The same credential looked at anew: what it may do now, None when it has ended."""
    if principal.cookie:
        return await _session(principal.cookie, accounts)
    if principal.grant is not None:
        return await _granted(principal.grant.id, accounts)
    return await _token(principal.token, accounts)


async def _bearer(secret: str, accounts: Accounts, now: datetime) -> Principal | None:
    """A token of a program, or an access token (a JWT, whose parts are joined by full stops)."""
    if "." not in secret:
        return await _token(secret, accounts)
    grant = access.read(accounts.key, secret, now)
    return None if grant is None else await _granted(grant, accounts)


async def _granted(grant: str, accounts: Accounts) -> Principal | None:
    found = await accounts.grants.get(grant)
    if found is None:
        return None
    user, scopes = found.user, scopes_of(found.user.role)
    is_app = found.grant.kind == "app"
    return Principal(
        name=user.username,
        scopes=scopes & APP_SCOPES if is_app else scopes,
        credential=f"grant:{grant}",
        user=user,
        own=(user.extension or "") if is_app else _own(user),
        grant=found.grant,
    )


async def _session(cookie: str, accounts: Accounts) -> Principal | None:
    session = await accounts.users.session(cookie)
    if session is None:
        return None
    user = session.user
    return Principal(
        name=user.username,
        scopes=scopes_of(user.role),
        credential=f"session:{fingerprint(cookie).hex()}",
        user=user,
        own=_own(user),
        session=session,
        cookie=cookie,
    )


async def _token(secret: str, accounts: Accounts) -> Principal | None:
    found = await accounts.tokens.authenticate(secret)
    if found is None:
        return None
    token, user = found
    scopes = named_scopes(token.scopes)
    return Principal(
        name=token.name if user is None else f"{user.username}: {token.name}",
        scopes=scopes if user is None else scopes & scopes_of(user.role),
        credential=f"token:{token.id}",
        user=user,
        own=None if user is None else _own(user),
        until=token.expires_at,
        token=secret,
    )


def _own(user: User) -> str | None:
    return (user.extension or "") if user.role == "user" else None


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


def check_origin(request: web.Request, *, required: bool = False, also: Collection[str] = ()) -> None:
    """Raises `ApiError` 403 when a browser says that another site sent this (or, if `required`, does not say).

    Sites that are named in `also` may.
    """
    origin = request.headers.get("Origin")
    if origin is None and not required:
        return
    if origin in also:
        return
    if origin is None or host_of(origin) != request.host.lower():
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
