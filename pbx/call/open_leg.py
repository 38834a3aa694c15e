"""The legs of a call as they are made, each with its own ports: that of the caller, and those of phones to be rung."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.called_back import CalledBack
from pbx.call.encryption import BROWSER_TRANSPORTS, SECURE_TRANSPORTS
from pbx.call.leg import CallLeg
from pbx.model.party import Party

if TYPE_CHECKING:
    from pbx.call.incoming import CallPorts, Incoming
    from pbx.model.party import DialTarget
    from pbx.sip.sdp.security import Way

__all__ = ["called_leg", "caller_leg"]


def caller_leg(call_id: str, incoming: Incoming, ports: CallPorts) -> CallLeg:
    """Leg "a". Raises `PeerError` 503 without ports."""
    leg = CallLeg(
        "a",
        stream=ports.media.open_stream(label=f"{call_id}/a"),
        host=ports.local_host(incoming.source_host),
        session_id=ports.new_session_id(),
        party=incoming.caller,
        srtp=incoming.srtp or ports.srtp,
        codecs=incoming.codecs,
        browser=incoming.browser,
        candidates=ports.candidates(incoming.source_host),
    )
    leg.signal, leg.withheld = incoming.leg, incoming.withheld
    if isinstance(incoming.leg, CalledBack):
        incoming.leg.browser_offer = leg.offer_to_browser
    return leg


def called_leg(
    call_id: str,
    name: str,
    target: DialTarget,
    label: str,
    ports: CallPorts,
    *,
    secure: bool,
    insist: Way | None,
) -> CallLeg:
    """A leg for `target`, not yet dialled. Raises `PeerError` 503 without ports.

    `secure`: whom it is rung for is encrypted. `insist`: how its audio is to be, whatever the policy would offer first.
    """
    transport = target.transport.upper()
    leg = CallLeg(
        name,
        stream=ports.media.open_stream(label=f"{call_id}/{name}"),
        host=ports.local_host(target.host),
        session_id=ports.new_session_id(),
        party=Party(label, extension=target.extension),
        srtp="off" if target.inside else ports.srtp,
        secure=secure or transport in SECURE_TRANSPORTS,
        insist=insist,
        codecs=target.codecs,
        browser=transport in BROWSER_TRANSPORTS,
        candidates=ports.candidates(target.host),
    )
    # A number outside may be the mobile phone of somebody who has sent the call there.
    leg.undisclosed = target.extension is None
    return leg
