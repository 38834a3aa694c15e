"""`GET /api/v1/cdrs/{id}/quality`: how a call sounded, leg by leg, with the cause in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.api.exchange import Exchange
from pbx.api.listing import CallId, get_cdr
from pbx.api.own import own_call
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.audio_event import AudioOneWay, LegQuality, Sound
from pbx.model.call_quality import CallQuality, LegReport
from pbx.model.cdr import Cdr

__all__ = ["ROUTES", "quality_report"]

CAUSES = {
    "loss": "packets are lost on the way ({loss:.1%})",
    "jitter": "packets come unevenly ({jitter_ms:.0f} ms)",
    "delay": "it takes long (delay)",
}


async def get_quality(exchange: Exchange, *, id: str) -> CallQuality:
    return quality_report(await get_cdr(exchange, id=id))


def quality_report(cdr: Cdr) -> CallQuality:
    parties = {each.leg: each.extension or each.party for each in cdr.legs}
    silent = [each.leg for each in cdr.events if isinstance(each, AudioOneWay)]
    latest = {each.leg: each for each in cdr.events if isinstance(each, LegQuality)}
    return CallQuality(
        call=cdr.id,
        legs=tuple(
            LegReport(
                leg=leg,
                party=parties.get(leg, ""),
                figures=figures,
                one_way=silent.count(leg),
                words=tuple(_words(parties.get(leg, "") or leg, figures, silent.count(leg))),
            )
            for leg, figures in latest.items()
        ),
    )


def _words(who: str, figures: LegQuality, one_way: int) -> Iterator[str]:
    if figures.packets_in == 0:
        yield f"Nothing at all came from {who}: a firewall or NAT on the way, or a phone that sends nothing."
    elif one_way:
        yield f"For a while nothing came from {who}: its network, or it was muted and sends nothing then."
    if figures.packets_out == 0:
        yield f"Nothing was sent to {who}: it had not said where to, or the other side was silent all the time."
    if figures.heard is not None:
        yield _verdict(f"What {who} said sounds", figures.heard, f"Look at {who}'s network, upwards.")
    if figures.told is not None:
        yield _verdict(f"What {who} heard was", figures.told, f"Look at {who}'s network, downwards.")
    if figures.packets_in and figures.told is None:
        yield f"{who}'s phone sends no RTCP reports, so what it heard is not known."
    if (
        figures.heard_mos
        and min((each for each in figures.heard_mos if each), default=5.0) < 3.6 <= figures.heard_mos[-1]
    ):
        yield "It was bad for a while and then well again."


def _verdict(what: str, sound: Sound, look: str) -> str:
    if sound.grade == "good":
        return f"{what} good (MOS {sound.mos:.1f})."
    cause = CAUSES.get(sound.cause, "").format(loss=sound.loss, jitter_ms=sound.jitter_ms)
    why = f": {cause}" if cause else ""
    return f"{what} {sound.grade} (MOS {sound.mos:.1f}){why}. {look}"


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/cdrs/{id}/quality",
        scope=Scope.CDRS_READ,
        name="getCallQuality",
        tag="Calls",
        summary="Read how a call sounded",
        description="For each leg: codec, path, loss, jitter, MOS over time, and the cause in plain words.",
        path_types=(("id", CallId),),
        response=CallQuality,
        own=own_call,
        handler=get_quality,
    ),
)
