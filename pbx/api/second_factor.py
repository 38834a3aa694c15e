"""The second factor of whoever is signed in: set up, confirmed, taken away."""

from __future__ import annotations

from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.session import check_password, hold_back_code, kept, own_user
from pbx.api.sip_login import qr_svg
from pbx.api.views import PasswordProof, RecoveryCodes, SecondFactorCode, SecondFactorSetup
from pbx.core import totp

__all__ = ["ROUTES"]

_PATH = "/api/v1/session/second-factor"


async def begin(exchange: Exchange) -> SecondFactorSetup:
    user, deps = own_user(exchange), exchange.service.deps
    secret = await deps.accounts.second_factors.begin(user)
    office = (await deps.settings.get()).office_name
    uri = totp.uri(secret, user.username, f"Bellwire {office}".strip())
    return SecondFactorSetup(secret=secret, uri=uri, qr_svg=qr_svg(uri))


async def confirm(exchange: Exchange, *, body: SecondFactorCode) -> RecoveryCodes:
    user, service = own_user(exchange), exchange.service
    hold_back_code(exchange, user)
    codes = await service.deps.accounts.second_factors.confirm(user, body.code, keep=kept(exchange))
    if codes is None:
        raise ApiError(403, "wrong-code", "This code is wrong. Is the telephone's clock right?")
    service.code_backoff.succeeded(exchange.source, user.username)
    return RecoveryCodes(recovery_codes=codes)


async def remove(exchange: Exchange, *, body: PasswordProof) -> None:
    user = own_user(exchange)
    await check_password(exchange, user, body.password)
    await exchange.service.deps.accounts.second_factors.remove(user)


ROUTES = (
    Route(
        method="POST",
        path=_PATH,
        scope=Scope.SESSION,
        name="beginSecondFactor",
        tag="Session",
        summary="Begin to set a second factor up",
        description="For an authenticator app (RFC 6238). Nothing is asked for until a code has been confirmed.",
        response=SecondFactorSetup,
        errors=(409,),
        handler=begin,
    ),
    Route(
        method="PUT",
        path=_PATH,
        scope=Scope.SESSION,
        name="confirmSecondFactor",
        tag="Session",
        summary="Confirm the second factor with a code",
        description="The answer holds recovery codes, each good once, shown once. The user's other sessions end.",
        request=SecondFactorCode,
        response=RecoveryCodes,
        errors=(409, 429),
        handler=confirm,
    ),
    Route(
        method="DELETE",
        path=_PATH,
        scope=Scope.SESSION,
        name="removeSecondFactor",
        tag="Session",
        summary="Take one's second factor away",
        request=PasswordProof,
        status=204,
        errors=(429,),
        handler=remove,
    ),
)
