"""What goes over the live-events WebSocket. Each text frame is one JSON object; `type` says which of these it is."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pbx.api.health import HealthLine
from pbx.api.views import RegistrationView
from pbx.model.conference_status import ConferenceStatus
from pbx.model.extension import Extension
from pbx.model.extension_state import ExtensionState
from pbx.model.flow_revision import FlowState
from pbx.model.live_call import LiveCall
from pbx.model.queue_status import QueueStatus
from pbx.model.recording import Recording
from pbx.model.replication import DrillReport
from pbx.model.settings import OfficeSettings
from pbx.model.trunk import TrunkStatus
from pbx.model.voicemail import MailboxState

__all__ = [
    "CallChange",
    "CampaignChange",
    "ConferenceChange",
    "ConversationChange",
    "DrillChange",
    "EdgeChange",
    "ExtensionChange",
    "ExtensionStateChange",
    "FlowChange",
    "HealthChange",
    "LiveHeartbeat",
    "LiveMessage",
    "LiveResumed",
    "LiveSnapshot",
    "MailboxChange",
    "NumberChange",
    "QueueChange",
    "RecordingChange",
    "RegistrationChange",
    "SettingsChange",
    "TrunkChange",
]

Seq = Annotated[
    int,
    Meta(ge=0, description="Rises with every change; give the last one seen as ?since= to go on from there."),
]


EdgeDocument = Annotated[
    msgspec.Raw, Meta(description="A JSON object of the edge, as its own document describes it; or null.")
]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    seq: Seq


class LiveSnapshot(_Message, tag="snapshot", frozen=True, kw_only=True):
    """Everything as it is now. First message, unless the client could resume. A topic not asked for is null.

    Of what the edge keeps (conversations, campaigns, numbers) only changes are told: ask for it over HTTP.
    """

    calls: tuple[LiveCall, ...] | None = None
    registrations: tuple[RegistrationView, ...] | None = None
    extensions: tuple[Extension, ...] | None = None
    extension_states: tuple[ExtensionState, ...] | None = None
    conferences: tuple[ConferenceStatus, ...] | None = None
    mailboxes: tuple[MailboxState, ...] | None = None
    queues: tuple[QueueStatus, ...] | None = None
    trunks: tuple[TrunkStatus, ...] | None = None
    recordings: tuple[Recording, ...] | None = None
    flows: tuple[FlowState, ...] | None = None
    health: tuple[HealthLine, ...] | None = None
    drills: tuple[DrillReport, ...] | None = None
    settings: tuple[OfficeSettings, ...] | None = None


class LiveResumed(_Message, tag="resumed", frozen=True, kw_only=True):
    """First message when `?since=` could be honoured: all changes after that seq follow."""


class CallChange(_Message, tag="call", frozen=True, kw_only=True):
    """A call is new or different; `item` is null when it is over."""

    id: str
    item: LiveCall | None


class RegistrationChange(_Message, tag="registration", frozen=True, kw_only=True):
    """A registration is new or different; `item` is null when it is gone."""

    id: str
    item: RegistrationView | None


class ExtensionChange(_Message, tag="extension", frozen=True, kw_only=True):
    """An extension is new or different; `item` is null when it was deleted. `id` is its number."""

    id: str
    item: Extension | None


class ExtensionStateChange(_Message, tag="extension_state", frozen=True, kw_only=True):
    """An extension rings, talks, is free again, comes or goes; `item` is null when it was deleted."""

    id: str
    item: ExtensionState | None


class ConferenceChange(_Message, tag="conference", frozen=True, kw_only=True):
    """Somebody joins a conference, talks, is muted, leaves; `item` is null when the record was deleted."""

    id: str
    item: ConferenceStatus | None


class MailboxChange(_Message, tag="mailbox", frozen=True, kw_only=True):
    """Messages of a mailbox came, were heard or deleted; `item` is null when the box is gone. `id` is its number."""

    id: str
    item: MailboxState | None


class QueueChange(_Message, tag="queue", frozen=True, kw_only=True):
    """Somebody waits in a queue, is answered, an agent comes or goes; `item` is null when it was deleted."""

    id: str
    item: QueueStatus | None


class TrunkChange(_Message, tag="trunk", frozen=True, kw_only=True):
    """A trunk is up, in trouble, or otherwise different; `item` is null when it was deleted."""

    id: str
    item: TrunkStatus | None


class RecordingChange(_Message, tag="recording", frozen=True, kw_only=True):
    """A recording was begun, paused, completed or deleted; `item` is null when it is none of the newest 100 now."""

    id: str
    item: Recording | None


class FlowChange(_Message, tag="flow", frozen=True, kw_only=True):
    """The draft of a flow was changed, or it was published; `item` is null when it was deleted. `id` is its number."""

    id: str
    item: FlowState | None


class HealthChange(_Message, tag="health", frozen=True, kw_only=True):
    """A part of the node is well again, or is not; looked at every 15 s. `id` is the name of the check."""

    id: str
    item: HealthLine | None


class DrillChange(_Message, tag="drill", frozen=True, kw_only=True):
    """A restore drill has ended: `ok` says whether the replica can be trusted. `id` is always "replica"."""

    id: str
    item: DrillReport | None


class SettingsChange(_Message, tag="settings", frozen=True, kw_only=True):
    """The settings of the office were changed. `id` is always "office"."""

    id: str
    item: OfficeSettings | None


class ConversationChange(_Message, tag="conversation", frozen=True, kw_only=True):
    """A conversation by text is new or different; `item` is what the edge says of it, null when it is gone."""

    id: str
    item: EdgeDocument


class CampaignChange(_Message, tag="campaign", frozen=True, kw_only=True):
    """A campaign was made, goes on, has ended; `item` is what the edge says of it, null when it is gone."""

    id: str
    item: EdgeDocument


class NumberChange(_Message, tag="number", frozen=True, kw_only=True):
    """A number of the Twilio account is different; `item` is what the edge says of it, null when it is gone."""

    id: str
    item: EdgeDocument


class EdgeChange(_Message, tag="edge", frozen=True, kw_only=True):
    """The edge itself is different: there, gone, in trouble."""

    id: str
    item: EdgeDocument


class LiveHeartbeat(_Message, tag="heartbeat", frozen=True, kw_only=True):
    """Sent when nothing else was for a while: the connection lives."""


LiveMessage = (
    LiveSnapshot
    | LiveResumed
    | CallChange
    | RegistrationChange
    | ExtensionChange
    | ExtensionStateChange
    | ConferenceChange
    | MailboxChange
    | QueueChange
    | TrunkChange
    | RecordingChange
    | FlowChange
    | HealthChange
    | DrillChange
    | SettingsChange
    | ConversationChange
    | CampaignChange
    | NumberChange
    | EdgeChange
    | LiveHeartbeat
)
