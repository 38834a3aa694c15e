"""What the API needs from the node, as one value that the node builds. `pbx.api` looks nothing up elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.api.edge_door import NoEdge
from pbx.api.ports.calls import CallControl, NoCalls
from pbx.api.ports.conferences import ConferenceControl, NoConferences
from pbx.api.ports.health import HealthCheck
from pbx.api.ports.push import NoPush, PushDesk
from pbx.api.ports.queues import NoQueues, QueueControl
from pbx.api.ports.recordings import NoRecordings, RecordingDesk
from pbx.api.ports.replication import NoReplication, ReplicationDesk
from pbx.api.ports.sync import NoSync, SyncDesk
from pbx.model.usage import UsageReport

if TYPE_CHECKING:
    from pbx.api.edge_door import EdgeDoor
    from pbx.api.views import RegistrationView
    from pbx.core.clock import Clock
    from pbx.core.config import NodeConfig
    from pbx.core.events import EventBus
    from pbx.core.metrics import Counter, Registry
    from pbx.feature.browser_login import BrowserLogins
    from pbx.feature.documents import Documents
    from pbx.feature.door import Door
    from pbx.feature.prompts import Prompts
    from pbx.feature.sip_trace import SipTraces
    from pbx.feature.voicemail.shelf import Shelf
    from pbx.flow.publishing import Publishing
    from pbx.model.extension_state import ExtensionState
    from pbx.model.live_call import LiveCall
    from pbx.model.node_report import DoctorCheck
    from pbx.model.notice import Notice
    from pbx.model.text_message import MessageWrite, TextMessage
    from pbx.model.trunk import TrunkStatus
    from pbx.model.trunk_test import TrunkTestReport
    from pbx.store.accounts import Accounts
    from pbx.store.call_figures import FigureStore
    from pbx.store.cdrs import CdrStore
    from pbx.store.messages import MessageStore
    from pbx.store.records import RecordStore
    from pbx.store.settings import SettingStore
    from pbx.store.tokens import TokenStore
    from pbx.store.users import UserStore
    from pbx.store.webhook_deliveries import DeliveryStore

__all__ = ["ApiDeps"]


async def no_trunk(_name: str, _number: str | None) -> TrunkTestReport | None:
    """For a place that has no trunks."""
    return None


class ApiDeps(msgspec.Struct, frozen=True, kw_only=True):
    """Everything from outside that the API works with.

    `live_calls` and `registrations` are asked whenever a list is wanted or the bus says that something changed; both
    are called on the event loop and return at once. `test_trunk` tests a trunk, and calls a number if one is given;
    None when there is no such trunk. `address` is the host that phones use to reach this node (for SIP
    logins and the status page); `sip_port` is the port that was really bound, 0 for the configured one;
    `sip_tls_port` 0 means no TLS. `site_dir` is the built admin site, None or a missing folder when it is not built.
    `examine` does what `pbx doctor` does, and blocks; `origins` says of each startup setting that was set, by what.
    `sip_traces` None means that no SIP messages are kept, `prompts` None that this place keeps no sounds. `transcribes`
    says whether voice messages are written down. `edge_document` is the OpenAPI document of the edge, None where none
    is to be had. `call_of` gives the call that a SIP Call-ID belongs to. `requests` counts those that were
    answered; None where nobody has answered any before.
    """

    config: NodeConfig
    clock: Clock
    bus: EventBus
    metrics: Registry
    records: RecordStore
    cdrs: CdrStore
    accounts: Accounts
    figures: FigureStore
    live_calls: Callable[[], Sequence[LiveCall]]
    registrations: Callable[[], Sequence[RegistrationView]]
    trunks: Callable[[], Sequence[TrunkStatus]]
    extension_states: Callable[[], Sequence[ExtensionState]]
    settings: SettingStore
    messages: MessageStore
    deliveries: DeliveryStore
    flows: Publishing
    door: Door
    documents: Documents | None = None
    sync: SyncDesk = msgspec.field(default_factory=NoSync)
    send_message: Callable[[MessageWrite], Awaitable[TextMessage]]
    test_trunk: Callable[[str, str | None], Awaitable[TrunkTestReport | None]] = no_trunk
    mail_password: Callable[[str], Awaitable[None]] | None = None
    edge_key: Callable[[str], Awaitable[None]] | None = None
    examine: Callable[[], Sequence[DoctorCheck]] = tuple
    origins: Mapping[str, str] = msgspec.field(default_factory=dict)
    started_at: datetime
    address: Callable[[], str]
    version: str
    usage: Callable[[], UsageReport] = lambda: UsageReport(items=(), limits=())
    notices: Callable[[], Sequence[Notice]] = tuple
    post_notice: Callable[..., Notice] | None = None
    sip_port: int = 0
    sip_tls_port: int = 0
    site_dir: Path | None = None
    control: CallControl = msgspec.field(default_factory=NoCalls)
    sip_traces: SipTraces | None = None
    prompts: Prompts | None = None
    queues: QueueControl = msgspec.field(default_factory=NoQueues)
    recordings: RecordingDesk = msgspec.field(default_factory=NoRecordings)
    conferences: ConferenceControl = msgspec.field(default_factory=NoConferences)
    voicemail: Shelf | None = None
    edge: EdgeDoor = msgspec.field(default_factory=NoEdge)
    edge_document: Callable[[], Mapping[str, Any] | None] = lambda: None
    push: PushDesk = msgspec.field(default_factory=NoPush)
    pages: BrowserLogins | None = None
    transcribes: Callable[[], bool] = lambda: False
    call_of: Callable[[str], str | None] = lambda _: None
    replication: ReplicationDesk = msgspec.field(default_factory=NoReplication)
    health_checks: Sequence[HealthCheck] = msgspec.field(default=())
    requests: Counter | None = None

    @property
    def users(self) -> UserStore:
        return self.accounts.users

    @property
    def tokens(self) -> TokenStore:
        return self.accounts.tokens
