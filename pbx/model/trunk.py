"""A trunk: the line to a provider, or to another office."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import E164, Destination, HostName, Label, Slug

NumberFormat = Literal["e164_plus", "e164", "national", "as_dialled"]
CallerIdHeader = Literal["pai", "ppi", "rpid", "from"]
CodecName = Literal["opus", "G722", "PCMU", "PCMA"]

_User = Annotated[str, Meta(max_length=128, pattern=r"^[^\x00-\x20\x7f\"<>]*$(?!\n)")]

TrunkPassword = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[\x20-\x7e]*$(?!\n)",
        title="Password",
        description="What the provider gave you.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]


class Trunk(Record, frozen=True, kw_only=True):
    """A trunk as it is read; its password is never part of it."""

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    kind: Annotated[
        Literal["provider", "office", "edge"],
        Meta(
            title="Leads to",
            description="A provider; another office of yours: its calls show extensions, and reach extensions; or the "
            "edge, whose calls Twilio places over its API: of such a trunk only names, numbers and channels count.",
        ),
    ] = "provider"
    host: HostName
    port: Annotated[
        int, Meta(ge=0, le=65535, title="Port", description="0: what the server's DNS entry says.")
    ] = 0
    transport: Annotated[Literal["udp", "tcp", "tls"], Meta(title="Transport")] = "udp"
    proxy: Annotated[
        HostName | None, Meta(title="Outbound proxy", description="Where requests go instead of the server.")
    ] = None
    register: Annotated[
        bool, Meta(title="Register", description="Off: the provider knows us by our address.")
    ] = True
    username: Annotated[_User, Meta(title="User name")] = ""
    auth_username: Annotated[
        _User, Meta(title="Authentication name", description="Where it differs from the user name.")
    ] = ""
    from_domain: Annotated[
        HostName | None, Meta(title="Domain in From", description="Where it differs from the server.")
    ] = None
    expires_s: Annotated[
        int, Meta(ge=60, le=7200, title="Registration lasts", extra_json_schema={"x-unit": "s"})
    ] = 600
    accept_from: Annotated[
        tuple[Annotated[str, Meta(max_length=253)], ...],
        Meta(
            title="Calls come from",
            description="Addresses, networks (CIDR) and host names besides the server itself.",
            max_length=64,
        ),
    ] = ()
    max_channels: Annotated[
        int,
        Meta(ge=1, le=10_000, title="Most calls at once", description="More get the next trunk, or busy."),
    ] = 100
    number_format: Annotated[
        NumberFormat, Meta(title="Number format", description="How the provider wants to see numbers.")
    ] = "e164_plus"
    strip_digits: Annotated[int, Meta(ge=0, le=20, title="Take away", description="Leading digits.")] = 0
    prefix: Annotated[
        str, Meta(max_length=20, pattern=r"^[0-9*#+]*$(?!\n)", title="Put before", description="Digits.")
    ] = ""
    caller_id: Annotated[
        CallerIdHeader,
        Meta(
            title="Caller ID in",
            description="P-Asserted-Identity; P-Preferred-Identity; Remote-Party-ID for old providers; or From alone.",
        ),
    ] = "pai"
    from_shows: Annotated[
        Literal["number", "account"],
        Meta(title="From shows", description="The caller's number, or always the user name of the trunk."),
    ] = "number"
    show_names: Annotated[
        bool, Meta(title="Show names", description="Off: only numbers are told, no names of people.")
    ] = True
    forwarded_caller: Annotated[
        Literal["own", "caller"],
        Meta(
            title="Forwarded calls show",
            description="A number of ours; or that of the outside caller, where the provider allows it.",
        ),
    ] = "own"
    outside_number: Annotated[
        E164 | None, Meta(title="Outside number", description="Shown when an extension has none of its own.")
    ] = None
    called_strip_digits: Annotated[
        int,
        Meta(ge=0, le=20, title="Take away from called numbers", description="Leading digits, of calls in."),
    ] = 0
    called_prefix: Annotated[
        str,
        Meta(
            max_length=20,
            pattern=r"^[0-9*#+]*$(?!\n)",
            title="Put before called numbers",
            description="Digits, of calls in: where the provider sends only the last digits of a number.",
        ),
    ] = ""
    callback_prefix: Annotated[
        str,
        Meta(
            max_length=10,
            pattern=r"^[0-9*#+]*$(?!\n)",
            title="Put before callers' numbers",
            description="Digits that phones dial before a number that called, to call it back.",
            examples=["0", "8"],
        ),
    ] = ""
    codecs: Annotated[
        tuple[CodecName, ...],
        Meta(
            title="Codecs",
            description="Only these, in this order; empty: all that the node speaks.",
            max_length=8,
        ),
    ] = ()
    destination: Annotated[
        Destination | None,
        Meta(
            title="Calls to other numbers", description="Where a call goes whose number is not in the list."
        ),
    ] = None
    check_every_s: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            title="Check every",
            description="By OPTIONS; 0: never.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 60
    record: RecordWhen = "default"
    record_keep_days: KeepDays = None


class TrunkWrite(Trunk, frozen=True, kw_only=True):
    """A trunk as it is written. Without `password` an existing trunk keeps the one it has."""

    password: TrunkPassword | None = None


class TrunkStatus(Record, frozen=True, kw_only=True):
    """How a trunk is doing, in words for people."""

    trunk: str
    state: Annotated[
        Literal["up", "trying", "down", "off"], Meta(description="Whether calls can go out and come in.")
    ]
    error: Annotated[str, Meta(description="What is wrong and what to do; empty when it is up.")] = ""
    sip_status: int = 0
    registered_for_s: Annotated[
        int | None, Meta(description="Seconds until the registration is renewed.")
    ] = None
    round_trip_ms: float | None = None
    calls: int = 0
