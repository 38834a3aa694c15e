"""A running call as plain values, for the journal: what a later process needs to go on with it.

Dialogs and streams say for themselves what they need; here that is bytes. The events are the call's record, so the one
row of its CDR goes on as well.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.call.encryption import KeptEncryption
from pbx.model.call_event import CallEvent
from pbx.model.party import Diversion, Party
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.security import SrtpPolicy

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg

__all__ = ["KeptCall", "KeptLeg", "decode", "encode", "kept"]


class KeptLeg(msgspec.Struct, frozen=True, array_like=True):
    """One answered leg. `dialog` and `stream` are what its signalling and its audio say of themselves."""

    name: str
    label: str
    party: Party
    codecs: tuple[str, ...]
    receives: tuple[Format, ...]
    sends: tuple[Format, ...]
    held: bool
    waits: bool
    keys_by_info: bool
    encryption: KeptEncryption
    host: str
    session_id: int
    version: int
    dialog: bytes
    stream: bytes
    withheld: bool = False
    undisclosed: bool = False


class KeptCall(msgspec.Struct, frozen=True, array_like=True):
    """One call. `talks_with` is the leg that the party hears, "" when that is the node.

    `invite` is that of a caller who has not been answered (then no leg has), `rung` are those of phones that ring.
    """

    id: str
    caller: Party
    dialled: str
    source: str
    source_host: str
    trunk: str | None
    diverted: tuple[Diversion, ...]
    marks: tuple[str, ...]
    hops_left: int
    served: str
    talks_with: str
    legs_made: int
    priority: int
    legs: tuple[KeptLeg, ...]
    codecs: tuple[str, ...]
    srtp: SrtpPolicy | None
    invite: bytes
    rung: tuple[bytes, ...]
    values: dict[str, Any]
    events: tuple[CallEvent, ...]
    withheld: bool = False


encode = msgspec.msgpack.Encoder().encode


def decode(value: bytes) -> KeptCall:
    """Raises `msgspec.MsgspecError`."""
    return _decoder().decode(value)


@cache
def _decoder() -> msgspec.msgpack.Decoder[KeptCall]:
    """Made when a call is first taken over: it knows every event there is."""
    return msgspec.msgpack.Decoder(KeptCall)


def kept(call: Call) -> bytes | None:
    """The call as it is now; None while, or where, there is nothing that a later process could go on with."""
    served, incoming = call.served, call.incoming
    if served is None or call.ending is not None:
        return None
    legs: list[KeptLeg] = []
    rung = [
        ringing
        for leg in call.legs.values()
        if leg is not served and not leg.answered and leg.signal is not None
        if (ringing := leg.signal.kept_invite()) is not None
    ]
    invite: bytes | None = None
    if served.answered:
        # Without the leg that it runs for the call cannot go on; the other phones are then told so.
        legs = [found for leg in call.legs.values() if leg.answered and (found := _leg(leg)) is not None]
    elif rung and served.signal is not None:
        invite = served.signal.kept_invite()
    if not legs and not rung:
        return None  # who calls hears nothing of us yet, or is known to nobody else
    talks_with = ""
    if call.talking is not None:
        talks_with = next(leg.name for leg in call.talking if leg is not served)
    return encode(
        KeptCall(
            id=call.id,
            caller=incoming.caller,
            dialled=call.dialled,
            source=incoming.source,
            source_host=incoming.source_host,
            trunk=call.trunk,
            diverted=tuple(call.diverted),
            marks=call.passed.marks,
            hops_left=call.passed.hops_left,
            served=served.name,
            talks_with=talks_with,
            legs_made=call.legs_made,
            priority=call.priority,
            legs=tuple(legs),
            codecs=incoming.codecs,
            srtp=incoming.srtp,
            invite=invite or b"",
            rung=tuple(rung),
            values=call.values,
            events=tuple(call.events),
            withheld=incoming.withheld,
        )
    )


def _leg(leg: CallLeg) -> KeptLeg | None:
    signal: Any = leg.signal
    dialog = signal.kept() if signal is not None else None
    if dialog is None:
        return None
    return KeptLeg(
        name=leg.name,
        label=leg.label,
        party=leg.party,
        codecs=leg.codecs,
        receives=leg.receives,
        sends=leg.sends,
        held=leg.held,
        waits=leg.waits,
        keys_by_info=leg.keys_by_info,
        encryption=leg.encryption.kept(),
        host=leg.host,
        session_id=leg.session_id,
        version=leg.version,
        dialog=dialog,
        stream=leg.stream.kept(),
        withheld=leg.withheld,
        undisclosed=leg.undisclosed,
    )
