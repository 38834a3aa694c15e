"""Signing in and out, and the one-time set-up of the first owner."""

from __future__ import annotations

from pbx.api.auditing import note
from pbx.api.auth import CHALLENGE, unauthorized
from pbx.api.backoff import Backoff
from pbx.api.exchange import Answer, Exchange
from pbx.api.problem import ApiError
from pbx.api.route import Route
from pbx.api.scopes import APP_SCOPES, Scope, scopes_of
from pbx.api.views import PasswordChange, SessionView, SetupRequest, SetupState
from pbx.core.errors import UserError
from pbx.feature.office_time import zone_name
from pbx.model.grant import Grant, GrantKind
from pbx.model.user import Login, Session, User
from pbx.store.audit import acting

_SETUP_ACCOUNT = "(set-up)"
_LINK_ACCOUNT = "(link)"


async def get_setup(exchange: Exchange) -> SetupState:
    return SetupState(needed=await exchange.service.deps.users.count() == 0)


async def set_up(exchange: Exchange, *, body: SetupRequest) -> Answer:
    """Redeem the link. A wrong one is counted, so that it cannot be tried for long."""
    _hold_back(exchange, _SETUP_ACCOUNT)
    users = exchange.service.deps.users
    try:
        with acting(body.username, exchange.source):
            user = await users.create_first(body.token, body.username, body.password)
    except UserError:
        exchange.service.failed_logins.inc("setup")
        await _failed(exchange, "", "setup")
        raise
    exchange.service.backoff.succeeded(exchange.source, _SETUP_ACCOUNT)
    await note(exchange, "log_in", "session", user.username, actor=user.username)
    return await _signed_in(exchange, user)


async def log_in(exchange: Exchange, *, body: Login) -> Answer:
    """Check name and password. Both wrong ways get the same answer after the same time."""
    user = await proven(exchange, body)
    answer = await _signed_in(exchange, user)
    await note(exchange, "log_in", "session", user.username, actor=user.username)
    return answer


async def proven(exchange: Exchange, login: Login) -> User:
    """Whose password this is, and code where one is asked for. Raises `ApiError` 401, and 429 for too many tries."""
    service = exchange.service
    _hold_back(exchange, login.username)
    user = await service.deps.users.authenticate(login.username, login.password)
    if user is None:
        service.failed_logins.inc("password")
        await _failed(exchange, login.username, "password")
        raise unauthorized("The user name or the password is wrong.")
    if user.second_factor:
        await _check_code(exchange, user, login.code)
    service.backoff.succeeded(exchange.source, login.username)
    return user


async def _check_code(exchange: Exchange, user: User, code: str | None) -> None:
    """Wrong codes have their own back-off. The try of the password is taken back when there is no code."""
    service = exchange.service
    if not code:
        service.backoff.withdraw(exchange.source, user.username)
        raise _code_needed("The code of the second factor is needed.")
    hold_back_code(exchange, user)
    if not await service.deps.accounts.second_factors.check(user, code):
        service.failed_logins.inc("code")
        await _failed(exchange, user.username, "code")
        raise _code_needed("This code is wrong, or was used already.")
    service.code_backoff.succeeded(exchange.source, user.username)


def hold_back_code(exchange: Exchange, user: User) -> None:
    """Count a try of a code. Raises `ApiError` 429."""
    _hold_back(exchange, user.username, exchange.service.code_backoff)


async def _failed(exchange: Exchange, username: str, what: str) -> None:
    """In the audit log. A name that nobody has may be a password typed into the wrong field: it is not kept."""
    known = await exchange.service.deps.users.named(username) if username else None
    name = "" if known is None else known.username
    await note(exchange, "log_in_failed", "session", name, actor=name, after={"wrong": what})


def _code_needed(detail: str) -> ApiError:
    return ApiError(401, "second-factor", detail, headers={"WWW-Authenticate": CHALLENGE})


async def check_password(exchange: Exchange, user: User, password: str) -> None:
    """Whether somebody who is signed in is who they were. Raises `ApiError` 403, and 429 for too many tries."""
    _hold_back(exchange, user.username)
    if await exchange.service.deps.users.authenticate(user.username, password) is None:
        exchange.service.failed_logins.inc("password")
        await _failed(exchange, user.username, "password")
        raise wrong_password()
    exchange.service.backoff.succeeded(exchange.source, user.username)


def wrong_password() -> ApiError:
    return ApiError(403, "wrong-password", "This is not your password.")


async def change_password(exchange: Exchange, *, body: PasswordChange) -> None:
    user, users = own_user(exchange), exchange.service.deps.users
    _hold_back(exchange, user.username)
    if not await users.change_own_password(user, body.old, body.new, keep=kept(exchange)):
        exchange.service.failed_logins.inc("password")
        await _failed(exchange, user.username, "password")
        raise wrong_password()
    exchange.service.backoff.succeeded(exchange.source, user.username)


def hold_back_link(exchange: Exchange) -> None:
    """Count a try of a link that lets somebody choose a password. Raises `ApiError` 429."""
    _hold_back(exchange, _LINK_ACCOUNT)


async def link_failed(exchange: Exchange) -> None:
    exchange.service.failed_logins.inc("link")
    await _failed(exchange, "", "link")


def link_worked(exchange: Exchange) -> None:
    exchange.service.backoff.succeeded(exchange.source, _LINK_ACCOUNT)


def _hold_back(exchange: Exchange, account: str, backoff: Backoff | None = None) -> None:
    """Count this try; refuse it while the wait of earlier failures lasts. Raises `ApiError` 429."""
    backoff, now_s = backoff or exchange.service.backoff, exchange.service.deps.clock.monotonic()
    if wait_s := backoff.wait_s(exchange.source, account, now_s):
        exchange.service.failed_logins.inc("wait")
        raise ApiError(
            429,
            "too-many-attempts",
            f"Too many failed attempts. Try again in {wait_s} s.",
            headers={"Retry-After": str(wait_s)},
        )
    backoff.failed(exchange.source, account, now_s)


async def _signed_in(exchange: Exchange, user: User) -> Answer:
    deps = exchange.service.deps
    browser = exchange.request.headers.get("User-Agent", "")
    secret, session = await deps.users.open_session(user, source=exchange.source, browser=browser)
    age_s = int((session.expires_at - deps.clock.now()).total_seconds())
    return Answer(body=await session_view(exchange, session), cookie=secret, cookie_age_s=age_s)


async def get_session(exchange: Exchange) -> SessionView:
    who = exchange.who
    if who.grant is not None and who.user is not None:
        return await grant_view(exchange, who.user, who.grant)
    return await session_view(exchange, own_session(exchange))


async def log_out(exchange: Exchange) -> Answer:
    own_session(exchange)
    principal = exchange.principal
    if principal is not None:
        await exchange.service.deps.users.close_session(principal.cookie)
        await note(exchange, "log_out", "session", principal.name)
        exchange.service.hub.sign_out(principal.credential)
    return Answer(cookie="")


def own_session(exchange: Exchange) -> Session:
    """The browser session behind this request. Raises `ApiError` 403 for a bearer token, which has none."""
    if exchange.principal is None or exchange.principal.session is None:
        raise ApiError(403, "no-session", "A bearer token has no session.")
    return exchange.principal.session


def own_user(exchange: Exchange) -> User:
    """Who is signed in, with a cookie or without. Raises `ApiError` 403 for a program or an app."""
    who = exchange.who
    from_site = who.session is not None or (who.grant is not None and who.grant.kind == "site")
    if who.user is None or not from_site:
        raise ApiError(403, "no-session", "A bearer token has no session.")
    return who.user


def kept(exchange: Exchange) -> str:
    """What stays when the other sessions of this user end."""
    who = exchange.who
    return who.cookie if who.grant is None else who.grant.id


async def grant_view(exchange: Exchange, user: User, grant: Grant) -> SessionView:
    """The same for who is signed in without a cookie."""
    return await session_view(
        exchange, Session(user=user, csrf_token="", expires_at=grant.expires_at), grant.kind
    )


async def session_view(exchange: Exchange, session: Session, kind: GrantKind = "site") -> SessionView:
    """What a client is told of who it is."""
    scopes = scopes_of(session.user.role) - {Scope.OPEN, Scope.SESSION}
    scopes = scopes & APP_SCOPES if kind == "app" else scopes
    return SessionView(
        user=session.user,
        csrf_token=session.csrf_token,
        expires_at=session.expires_at,
        scopes=tuple(sorted(scopes, key=lambda each: each.value)),
        second_factor=session.user.second_factor,
        time_zone=zone_name((await exchange.service.deps.settings.get()).time_zone),
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/setup",
        scope=Scope.OPEN,
        name="getSetup",
        tag="Session",
        summary="Whether the node waits for its first administrator",
        response=SetupState,
        handler=get_setup,
    ),
    Route(
        method="POST",
        path="/api/v1/setup",
        scope=Scope.OPEN,
        name="setUp",
        tag="Session",
        summary="Make the first administrator, with the one-time link",
        description="Signs in too: sets the session cookie. 403 when the link is spent, or an administrator exists.",
        request=SetupRequest,
        response=SessionView,
        status=201,
        errors=(403, 429),
        handler=set_up,
    ),
    Route(
        method="POST",
        path="/api/v1/session",
        scope=Scope.OPEN,
        name="logIn",
        tag="Session",
        summary="Sign in",
        description="Sets the session cookie. After several failures the next try must wait (429, Retry-After). "
        "Who has a second factor gets 401 with the type urn:bellwire:problem:second-factor until `code` is right.",
        request=Login,
        response=SessionView,
        status=201,
        errors=(401, 403, 429),
        handler=log_in,
    ),
    Route(
        method="GET",
        path="/api/v1/session",
        scope=Scope.SESSION,
        name="getSession",
        tag="Session",
        summary="Who is signed in",
        response=SessionView,
        handler=get_session,
    ),
    Route(
        method="PUT",
        path="/api/v1/session/password",
        scope=Scope.SESSION,
        name="changePassword",
        tag="Session",
        summary="Change one's own password",
        description="The other sessions of the user end. A wrong old password is 403.",
        request=PasswordChange,
        status=204,
        errors=(429,),
        handler=change_password,
    ),
    Route(
        method="DELETE",
        path="/api/v1/session",
        scope=Scope.SESSION,
        name="logOut",
        tag="Session",
        summary="Sign out",
        description="The cookie is worth nothing from then on, and its live connections are closed.",
        status=204,
        handler=log_out,
    ),
)
