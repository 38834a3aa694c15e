"""What the API answers with, where it is not simply a record of the office.

Lists are one Struct each, not a generic, so that generated types carry plain names.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from pbx.api.health import HealthLine
from pbx.api.scopes import Scope
from pbx.model.ban import Ban, RefusedSignIn
from pbx.model.base import Record
from pbx.model.cdr import Cdr
from pbx.model.extension_state import ExtensionState
from pbx.model.live_call import LiveCall
from pbx.model.prompt import PromptAudio
from pbx.model.scalars import Password, Username
from pbx.model.sip_trace import SipTraceSummary
from pbx.model.text_message import TextMessage
from pbx.model.trunk import TrunkStatus
from pbx.model.user import User
from pbx.model.voicemail import GreetingName, MailboxState, Voicemail
from pbx.sip.push import without_token

if TYPE_CHECKING:
    from pbx.model.binding import Binding
    from pbx.model.registration import Reach

_SECRET = {"x-widget": "password", "writeOnly": True}
Total = Annotated[int, Meta(ge=0, description="How many there are in all, beyond this page.")]


class RegistrationView(Record, frozen=True, kw_only=True):
    """A phone that is registered: one contact of one extension (RFC 3261 section 10)."""

    id: Annotated[str, Meta(description="Stays the same while the phone refreshes this contact.")]
    extension: str
    contact: Annotated[str, Meta(description="The SIP URI the phone gave.")]
    transport: Annotated[str, Meta(examples=["UDP"])]
    source: Annotated[str, Meta(description="Address and port the REGISTER came from.")]
    user_agent: Annotated[str, Meta(description="What the phone calls itself; empty when it does not say.")]
    registered_at: datetime
    expires_at: datetime
    reachable: Annotated[
        bool | None,
        Meta(description="Whether the phone answers us, so that it can be rung; null before it was asked."),
    ] = None
    round_trip_ms: Annotated[
        float | None, Meta(description="How long its last answer took.", extra_json_schema={"x-unit": "ms"})
    ] = None
    checked_at: datetime | None = None
    notice: Annotated[str, Meta(description="What is wrong on the way to this phone, in plain words.")] = ""


class RegistrationList(Record, frozen=True, kw_only=True):
    """A page of registrations."""

    items: tuple[RegistrationView, ...]
    total: Total


class TextMessageList(Record, frozen=True, kw_only=True):
    """A page of text messages."""

    items: tuple[TextMessage, ...]
    total: Total


class ExtensionStateList(Record, frozen=True, kw_only=True):
    """A page of how the extensions are."""

    items: tuple[ExtensionState, ...]
    total: Total


class TrunkStatusList(Record, frozen=True, kw_only=True):
    """How the trunks are doing."""

    items: tuple[TrunkStatus, ...]
    total: Total


class PromptAudioList(Record, frozen=True, kw_only=True):
    """The sounds that are kept of prompts."""

    items: tuple[PromptAudio, ...]
    total: Total


class BanList(Record, frozen=True, kw_only=True):
    """A page of the addresses that are not listened to."""

    items: tuple[Ban, ...]
    total: Total


class RefusedSignInList(Record, frozen=True, kw_only=True):
    """A page of the phones with wrong passwords."""

    items: tuple[RefusedSignIn, ...]
    total: Total


class SipTraceList(Record, frozen=True, kw_only=True):
    """A page of the calls and registrations whose SIP messages are kept."""

    items: tuple[SipTraceSummary, ...]
    total: Total


class CallList(Record, frozen=True, kw_only=True):
    """A page of the calls that are going on."""

    items: tuple[LiveCall, ...]
    total: Total


class CdrList(Record, frozen=True, kw_only=True):
    """A page of the call history."""

    items: tuple[Cdr, ...]
    total: Total


class SipTransport(Record, frozen=True, kw_only=True):
    """One way to reach the node with SIP."""

    transport: Literal["UDP", "TCP", "TLS", "WS", "WSS"]
    port: Annotated[int, Meta(ge=1, le=65535)]


class SipLogin(Record, frozen=True, kw_only=True):
    """Everything that is typed into a phone to make it this extension."""

    username: str
    password: Annotated[str, Meta(description="The SIP password in plain text. Treat it like one.")]
    display_name: str
    domain: Annotated[str, Meta(description="Address of this node: the phone's domain, registrar and proxy.")]
    transports: tuple[SipTransport, ...]
    uri: Annotated[str, Meta(description="Address of record with port: what calls this extension.")]
    softphone_uri: Annotated[
        str, Meta(description="The whole login as one URI, for the QR code. Holds the password.")
    ]
    qr_svg: Annotated[str | None, Meta(description="The softphone URI as a QR code; only with ?qr=true.")] = (
        None
    )


class StatusCounts(Record, frozen=True, kw_only=True):
    """Figures of the dashboard."""

    extensions: int
    registrations: int
    registered_extensions: int
    calls: int


class NodeStatus(Record, frozen=True, kw_only=True):
    """What the dashboard shows about the node itself."""

    version: str
    started_at: datetime
    now: datetime
    uptime_s: Annotated[int, Meta(extra_json_schema={"x-unit": "s"})]
    address: Annotated[str, Meta(description="Where phones find this node.")]
    sip_port: int
    http_port: int
    rtp_port_min: int
    rtp_port_max: int
    counts: StatusCounts
    health: tuple[HealthLine, ...]


class MailboxStateList(Record, frozen=True, kw_only=True):
    """A page of mailboxes and what is in them."""

    items: tuple[MailboxState, ...]
    total: Annotated[int, Meta(ge=0, description="How many there are in all, beyond this page.")]
    transcripts: Annotated[bool, Meta(description="Whether the node can write messages down.")]


class VoicemailList(Record, frozen=True, kw_only=True):
    """A page of voice messages."""

    items: tuple[Voicemail, ...]
    total: Annotated[int, Meta(ge=0, description="How many there are in all, beyond this page.")]
    transcripts: Annotated[bool, Meta(description="Whether the node can write messages down.")]


class GreetingView(Record, frozen=True, kw_only=True):
    """A recording of a mailbox that is in place now."""

    name: GreetingName
    duration_s: Annotated[float, Meta(extra_json_schema={"x-unit": "s"})]


class SetupRequest(Record, frozen=True, kw_only=True):
    """The first administrator, let in by the one-time set-up link."""

    token: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="The part of the link after #token=.",
            extra_json_schema={"writeOnly": True},
        ),
    ]
    username: Username
    password: Password


class SetupState(Record, frozen=True, kw_only=True):
    """Whether the node still waits for its first administrator."""

    needed: bool


class SessionView(Record, frozen=True, kw_only=True):
    """A signed-in browser.

    `csrf_token` goes into the header X-CSRF-Token of every request that changes something.
    """

    user: User
    csrf_token: Annotated[str, Meta(description="Empty where no cookie is used.")]
    expires_at: datetime
    scopes: Annotated[
        tuple[Scope, ...],
        Meta(description="What they may do. Of the role user it counts for what is theirs alone."),
    ]
    second_factor: Annotated[bool, Meta(description="Whether a code is asked for at log-in.")]
    time_zone: Annotated[
        str,
        Meta(description="Of the office, as the IANA names it; empty where the node does not know its name."),
    ]


class PasswordChange(Record, frozen=True, kw_only=True):
    """One's own new password."""

    old: Annotated[str, Meta(title="Old password", extra_json_schema=_SECRET)]
    new: Password


class PasswordProof(Record, frozen=True, kw_only=True):
    """One's password, for what a browser that was left open must not do."""

    password: Annotated[str, Meta(title="Password", extra_json_schema=_SECRET)]


class SecondFactorSetup(Record, frozen=True, kw_only=True):
    """What an authenticator app needs to know. It is shown once."""

    secret: Annotated[str, Meta(description="In base 32, to type in where no camera is.")]
    uri: Annotated[str, Meta(description="The same as otpauth URI.")]
    qr_svg: Annotated[str, Meta(description="The URI as a QR code.")]


class SecondFactorCode(Record, frozen=True, kw_only=True):
    """A code that the app shows."""

    code: Annotated[str, Meta(min_length=6, max_length=10, pattern=r"^[0-9 ]*$(?!\n)", title="Code")]


class RecoveryCodes(Record, frozen=True, kw_only=True):
    """What lets in without the app, each once. They are shown once."""

    recovery_codes: tuple[str, ...]


def registration_view(binding: Binding, reach: Reach) -> RegistrationView:
    """What the API shows of a binding, and of whether it can be rung."""
    name = f"{binding.extension}\n{binding.contact_uri}".encode()
    host = f"[{binding.source_host}]" if ":" in binding.source_host else binding.source_host
    return RegistrationView(
        id=hashlib.blake2s(name, digest_size=10).hexdigest(),
        extension=binding.extension,
        contact=without_token(binding.contact_uri),
        transport=binding.transport,
        source=f"{host}:{binding.source_port}",
        user_agent=binding.user_agent,
        registered_at=datetime.fromtimestamp(binding.registered_at, UTC),
        expires_at=datetime.fromtimestamp(binding.expires_at, UTC),
        reachable=reach.reachable,
        round_trip_ms=reach.round_trip_ms,
        checked_at=datetime.fromtimestamp(reach.checked_at, UTC) if reach.checked_at is not None else None,
        notice=_notice(binding, reach),
    )


def _notice(binding: Binding, reach: Reach) -> str:
    if binding.rewritten:
        return (
            f"The router at {binding.source_host} rewrites SIP messages (SIP ALG). Calls fail or stay silent because "
            "of it: switch SIP ALG off in the router, or let the phone use TLS."
        )
    if reach.reachable is False:
        return "The phone is registered, but does not answer: calls do not reach it."
    return ""
