"""What a node is made of, for whoever starts, stops and asks it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pbx.app.conferences import ConferenceParts
from pbx.app.desk import Control
from pbx.app.door import Entrance
from pbx.app.edge import EdgeParts
from pbx.app.flows import FlowParts
from pbx.app.guarding import Guarding
from pbx.app.keeping import CallKeeper
from pbx.app.listening import Hearing
from pbx.app.office_settings import CurrentSettings
from pbx.app.queues import QueueParts
from pbx.app.recordings import RecordingParts
from pbx.app.replica import Replica
from pbx.app.sounds import SoundParts
from pbx.app.voicemail import VoicemailParts
from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.core.clock import SystemClock
from pbx.core.events import EventBus
from pbx.feature.browser_login import BrowserLogins
from pbx.feature.call_log import CallLog
from pbx.feature.directory import Directory
from pbx.feature.features import Features
from pbx.feature.going_on import GoingOn
from pbx.feature.lamps import Lamps
from pbx.feature.messages import Messages
from pbx.feature.office import Office
from pbx.feature.reachability import Reachability
from pbx.feature.registrar import Registrar
from pbx.feature.ring_group import Fairness
from pbx.feature.self_call import SelfCall
from pbx.feature.trunk_test import TrunkTests
from pbx.feature.trunks import Trunks
from pbx.feature.wake import Wake
from pbx.media.engine import MediaEngine
from pbx.media.hold_music import HoldMusic
from pbx.sync.service import Sync
from pbx.transport.agent import Agent
from pbx.transport.external import ExternalAddress
from pbx.transport.known_names import KnownNames
from pbx.transport.local_address import LocalAddress

__all__ = ["Parts"]


class Parts(msgspec.Struct, frozen=True):
    """A node's parts, for the one who starts and stops them."""

    agent: Agent
    bus: EventBus
    call_log: CallLog
    call_ports: CallPorts
    clock: SystemClock
    directory: Directory
    edge: EdgeParts
    entrance: Entrance
    fairness: Fairness
    going_on: GoingOn
    keeper: CallKeeper
    guarding: Guarding
    external: ExternalAddress
    features: Features
    hold_music: HoldMusic
    hearing: Hearing
    lamps: Lamps
    local_address: LocalAddress
    media: MediaEngine
    messages: Messages
    names: KnownNames
    office: Office
    pages: BrowserLogins
    reachability: Reachability
    registrar: Registrar
    sip_port: int
    sip_tls_port: int
    started_at: datetime
    switch: Switch
    trunk_tests: TrunkTests
    trunks: Trunks
    control: Control
    self_call: SelfCall
    settings: CurrentSettings
    queues: QueueParts
    flows: FlowParts
    sounds: SoundParts
    recordings: RecordingParts
    conferences: ConferenceParts
    voicemail: VoicemailParts
    sync: Sync
    wake: Wake
    replication: Replica

    def address(self) -> str:
        """This node's address in the office's network, for people to type into phones."""
        return self.local_address.inside()
