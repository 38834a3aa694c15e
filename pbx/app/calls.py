"""Puts together what every call shares, and the switch that admits them."""

from __future__ import annotations

from functools import partial

import msgspec

from pbx.app.edge import LOOPBACKS
from pbx.app.ground import Ground
from pbx.app.keeping import CallKeeper
from pbx.app.signaling import SignalingParts
from pbx.call.codecs import codecs_of
from pbx.call.incoming import CallPorts
from pbx.call.ports import Conversations, Router, Signaling
from pbx.call.switch import Switch
from pbx.core.ids import bits, new_id
from pbx.feature.call_log import CallLog
from pbx.feature.directory import Directory
from pbx.feature.features import Features
from pbx.feature.self_call import SelfCall
from pbx.feature.wake import Wake
from pbx.media.engine import MediaEngine
from pbx.media.hold_music import HoldMusic
from pbx.media.tones import tone_of
from pbx.sip.sdp.negotiate import spoken

__all__ = ["CallParts", "build_calls"]

SOUNDS = "sounds"
"""The folder of the music, in the data directory."""


class CallParts(msgspec.Struct, frozen=True):
    """`self_call` tries whether calls work."""

    ports: CallPorts
    switch: Switch
    self_call: SelfCall
    hold_music: HoldMusic


def build_calls(
    ground: Ground,
    sip: SignalingParts,
    router: Router,
    *,
    media: MediaEngine,
    signaling: Signaling,
    call_log: CallLog,
    conversations: Conversations,
    waker: Wake,
    keeper: CallKeeper,
    features: Features,
    sip_port: int,
) -> CallParts:
    """No call is admitted before the sockets are read. `signaling` makes the legs, whichever way they go."""
    config = ground.config
    hold_music = HoldMusic(config.data_dir / SOUNDS)
    ports = CallPorts(
        media=media,
        signaling=signaling,
        log=call_log,
        clock=ground.clock,
        rtp_timeout_s=config.rtp_timeout_s,
        new_session_id=partial(bits, 62),
        local_host=sip.local_address,
        candidates=sip.local_address.candidates,
        hold_tone=hold_music,
        ringback=partial(tone_of, "ringback", config.country),
        srtp=config.srtp,
        codecs=codecs_of(spoken(config.codecs), media),
        transcoder=media,
        recorder=media,
        conversations=conversations,
        belongs=sip.entrance.belongs,
        waker=waker,
        name_of=partial(_name_of, sip.directory),
        keeper=keeper,
    )
    switch = Switch(ports, router, supervisor=ground.supervisor, new_id=new_id, limit=config.max_calls)
    loopback = (LOOPBACKS.get(config.host, config.host), sip_port)
    return CallParts(ports, switch, SelfCall(ports, features, lambda: loopback), hold_music)


def _name_of(directory: Directory, extension: str) -> str:
    entry = directory.find(extension)
    return "" if entry is None else entry.extension.name
