"""What the API needs from the node, as one value that the node builds. `pbx.api` looks nothing up elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pbx.api.edge_door import NoEdge
from pbx.core.errors import UserError
from pbx.model.recording import RecordingStorage
from pbx.model.replication import DrillReport, ReplicationState
from pbx.model.sync import SyncState
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
    from pbx.model.conference_status import (
        ConferenceInvitation,
        ConferenceMember,
        ConferenceOrder,
        ConferenceStatus,
        InvitedMember,
        MemberOrder,
    )
    from pbx.model.extension_state import ExtensionState
    from pbx.model.live_call import LiveCall, ParkedCall
    from pbx.model.node_report import DoctorCheck
    from pbx.model.notice import Notice
    from pbx.model.push_phone import PushPhone, WakeTest
    from pbx.model.queue_status import AgentDuty, AgentStatus, QueueStatus
    from pbx.model.recording import Recording, RecordingDo
    from pbx.model.supervision import How, Supervised
    from pbx.model.text_message import MessageWrite, TextMessage
    from pbx.model.trunk import TrunkStatus
    from pbx.model.trunk_test import TrunkTestReport
    from pbx.store.accounts import Accounts
    from pbx.store.call_figures import FigureStore
    from pbx.store.cdrs import CdrStore
    from pbx.store.messages import MessageStore
    from pbx.store.recordings import RecordingFilter
    from pbx.store.records import RecordStore
    from pbx.store.settings import SettingStore
    from pbx.store.tokens import TokenStore
    from pbx.store.users import UserStore
    from pbx.store.webhook_deliveries import DeliveryStore

__all__ = [
    "ApiDeps",
    "CallControl",
    "CheckResult",
    "ConferenceControl",
    "HealthCheck",
    "NoCalls",
    "NoConferences",
    "NoPush",
    "NoQueues",
    "NoRecordings",
    "NoReplication",
    "NoSync",
    "PushDesk",
    "QueueControl",
    "RecordingDesk",
    "ReplicationDesk",
    "SyncDesk",
]


class CheckResult(msgspec.Struct, frozen=True):
    """One line of the health list: what was looked at, whether it is well, and if not, why and what to do.

    What is not `serious` is shown to the administrator, but does not make the node unhealthy. `code` names the cause
    for programs and translations, `facts` are what differs from time to time in it.
    """

    name: str
    ok: bool
    cause: str = ""
    action: str = ""
    serious: bool = True
    code: str = ""
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)


HealthCheck = Callable[[], CheckResult]
"""Looks at one part of the node. Called on the event loop: it must not block or raise."""


class CallControl(Protocol):
    """Does things with calls that are going on. Nothing waits: what comes of it is told by events."""

    def hang_up(self, call_id: str) -> bool:
        """False when there is no such call."""
        ...

    def transfer(self, call_id: str, leg: str, to: str) -> bool:
        """False when that call has no conversation to send on."""
        ...

    def parked(self) -> Sequence[ParkedCall]: ...

    def call(self, extension: str, to: str) -> LiveCall:
        """Raises `UserError` 404, 409, 503."""
        ...

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        """False when nobody of that name talks there."""
        ...

    def park(self, call_id: str, leg: str, slot: str) -> bool:
        """False when that call has no conversation. Raises `UserError` 409 for a slot that is taken."""
        ...

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        """Raises `UserError` 404, 409, 503."""
        ...


class NoCalls:
    """The control of a place that has no calls."""

    def hang_up(self, _call_id: str) -> bool:
        return False

    def transfer(self, _call_id: str, _leg: str, _to: str) -> bool:
        return False

    def parked(self) -> Sequence[ParkedCall]:
        return ()

    def call(self, extension: str, _to: str) -> LiveCall:
        raise UserError(f"there is no extension {extension}", http_status=404)

    def hold(self, _call_id: str, _leg: str, *, on: bool) -> bool:
        return False

    def park(self, _call_id: str, _leg: str, _slot: str) -> bool:
        return False

    def listen(
        self,
        call_id: str,
        _extension: str,
        _how: How,
        *,
        to: str | None = None,
        asked_by: str = "",
    ) -> Supervised:
        raise UserError(f"there is no call {call_id} going on", http_status=404)


async def no_trunk(_name: str, _number: str | None) -> TrunkTestReport | None:
    """For a place that has no trunks."""
    return None


class QueueControl(Protocol):
    """The queues and their agents."""

    def statuses(self) -> Sequence[QueueStatus]: ...

    def set_duty(self, number: str, extension: str, duty: AgentDuty) -> AgentStatus:
        """Raises `UserError` 404 when the extension is no agent there."""
        ...


class RecordingDesk(Protocol):
    """The recordings of calls."""

    async def page(
        self, wanted: RecordingFilter, limit: int, offset: int
    ) -> tuple[Sequence[Recording], int]: ...

    async def get(self, id_: str) -> Recording | None: ...

    def path(self, recording: Recording) -> Path: ...

    async def delete(self, id_: str, by: str) -> None:
        """Raises `UserError` 404, and 409 while it goes on."""
        ...

    def control(self, call_id: str, do: RecordingDo, by: str) -> None:
        """Raises `UserError` 404 without such a call, 409 when that cannot be done with it."""
        ...

    async def storage(self) -> RecordingStorage: ...


class NoRecordings:
    """A place where nothing is recorded."""

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[Sequence[Recording], int]:
        return (), 0

    async def get(self, id_: str) -> Recording | None:
        return None

    def path(self, recording: Recording) -> Path:
        return Path(recording.file)

    async def delete(self, id_: str, _by: str) -> None:
        raise UserError(f"there is no recording {id_}", http_status=404)

    def control(self, call_id: str, _do: RecordingDo, _by: str) -> None:
        raise UserError(f"there is no call {call_id} going on", http_status=404)

    async def storage(self) -> RecordingStorage:
        return RecordingStorage(
            files=0,
            used_bytes=0,
            quota_bytes=0,
            disk_bytes=0,
            disk_free_bytes=0,
            bytes_per_day=0,
            full_in_days=None,
            recording_now=0,
        )


class SyncDesk(Protocol):
    """The configuration bundle that the node follows."""

    async def state(self) -> SyncState: ...

    async def check(self) -> SyncState:
        """Look now. Raises `UserError` 409 when it follows none."""
        ...

    async def roll_back(self) -> SyncState:
        """Raises `UserError` 409 when there is nothing to put back, 422 when the office would not be whole."""
        ...


class NoSync:
    """A place that follows no bundle."""

    async def state(self) -> SyncState:
        return SyncState()

    async def check(self) -> SyncState:
        raise UserError("this node follows no bundle", http_status=409)

    async def roll_back(self) -> SyncState:
        raise UserError("there is no bundle that can be rolled back", http_status=409)


class ReplicationDesk(Protocol):
    """The replica. Implemented by `pbx.app.replication`."""

    def state(self) -> ReplicationState: ...

    async def drill(self) -> DrillReport:
        """Raises `UserError` 409 when it cannot be done now."""
        ...


class NoReplication:
    """A place without a replica."""

    def state(self) -> ReplicationState:
        return ReplicationState()

    async def drill(self) -> DrillReport:
        raise UserError("this node has no replica", http_status=409)


class PushDesk(Protocol):
    """The phones that can be woken. Implemented by `pbx.feature.push_phones`."""

    @property
    def services(self) -> Callable[[], Collection[str]]: ...

    @property
    def vapid_key(self) -> Callable[[], str]: ...

    @property
    def decline(self) -> Callable[[str, str], bool]: ...

    def all(self) -> Sequence[PushPhone]: ...

    async def put(self, phone: PushPhone, token: str, alert_token: str = "") -> None: ...

    async def remove(self, id_: str) -> bool: ...

    async def try_out(self, id_: str) -> WakeTest:
        """Wake it now. Raises `UserError` 404."""
        ...


class NoPush:
    """A place that wakes no phones."""

    services: Callable[[], Collection[str]] = tuple
    vapid_key: Callable[[], str] = str
    decline: Callable[[str, str], bool] = staticmethod(lambda _push, _secret: False)

    def all(self) -> Sequence[PushPhone]:
        return ()

    async def put(self, _phone: PushPhone, _token: str, _alert_token: str = "") -> None:
        raise UserError("this node wakes no phones", http_status=503)

    async def remove(self, _id: str) -> bool:
        return False

    async def try_out(self, id_: str) -> WakeTest:
        raise UserError(f"there is no phone {id_} that can be woken", http_status=404)


class NoQueues:
    """A place without queues."""

    def statuses(self) -> Sequence[QueueStatus]:
        return ()

    def set_duty(self, number: str, extension: str, _duty: AgentDuty) -> AgentStatus:
        raise UserError(f"extension {extension} is no agent of a queue {number}", http_status=404)


class ConferenceControl(Protocol):
    """The conferences and their members. Everything raises `UserError` 404 for one that is not, 409 where somebody must
    be in it and nobody is.
    """

    def statuses(self) -> Sequence[ConferenceStatus]: ...

    def status(self, number: str) -> ConferenceStatus: ...

    async def order(self, number: str, order: ConferenceOrder) -> ConferenceStatus:
        """Raises `UserError` 503 when it cannot be recorded."""
        ...

    def end(self, number: str) -> None: ...

    def invite(self, number: str, invitation: ConferenceInvitation) -> InvitedMember:
        """Raises `UserError` 409 for a number that cannot be called, `PeerError` when no more calls are taken."""
        ...

    def order_member(self, number: str, member: int, order: MemberOrder) -> ConferenceMember: ...

    def remove(self, number: str, member: int) -> None: ...


class NoConferences:
    """A place without conferences."""

    def statuses(self) -> Sequence[ConferenceStatus]:
        return ()

    def status(self, number: str) -> ConferenceStatus:
        raise UserError(f"there is no conference {number}", http_status=404)

    async def order(self, number: str, _order: ConferenceOrder) -> ConferenceStatus:
        return self.status(number)

    def end(self, number: str) -> None:
        self.status(number)

    def invite(self, number: str, _invitation: ConferenceInvitation) -> InvitedMember:
        raise UserError(f"there is no conference {number}", http_status=404)

    def order_member(self, number: str, _member: int, _order: MemberOrder) -> ConferenceMember:
        raise UserError(f"there is no conference {number}", http_status=404)

    def remove(self, number: str, _member: int) -> None:
        self.status(number)


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
