"""The kinds of records of an office, in the order of its document."""

from __future__ import annotations

from pbx.model.caller_rule import CallerRule
from pbx.model.conference import Conference, ConferenceWrite
from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.feature_code import DEFAULT_CODES, FeatureCode
from pbx.model.flow import Flow
from pbx.model.inbound_number import InboundNumber
from pbx.model.kind import Kind
from pbx.model.limit import Limit
from pbx.model.mailbox import Mailbox, MailboxWrite
from pbx.model.notice import NoticeTarget, NoticeTargetWrite
from pbx.model.office_flag import NIGHT, OfficeFlag
from pbx.model.outbound_route import OutboundRoute
from pbx.model.paging_group import PagingGroup
from pbx.model.prompt import Prompt
from pbx.model.queue import Queue
from pbx.model.ring_group import RingGroup
from pbx.model.schedule import Schedule
from pbx.model.speed_dial import SpeedDial
from pbx.model.trunk import Trunk, TrunkWrite
from pbx.model.webhook import Webhook, WebhookWrite

__all__ = [
    "CALLER_RULE",
    "CONFERENCE",
    "EXTENSION",
    "FEATURE_CODE",
    "FLOW",
    "INBOUND_NUMBER",
    "KINDS",
    "LIMIT",
    "MAILBOX",
    "NOTICE_TARGET",
    "OFFICE_FLAG",
    "OUTBOUND_ROUTE",
    "PAGING_GROUP",
    "PROMPT",
    "QUEUE",
    "RING_GROUP",
    "SCHEDULE",
    "SPEED_DIAL",
    "TRUNK",
    "WEBHOOK",
    "kind_named",
]

EXTENSION = Kind(
    name="extension",
    plural="extensions",
    title="Extensions",
    record=Extension,
    write=ExtensionWrite,
    key="number",
    secret="sip_password",  # noqa: S106  the field's name
    secret_needed=True,
    numbered=True,
)
PROMPT = Kind(name="prompt", plural="prompts", title="Prompts", record=Prompt, write=Prompt)
SCHEDULE = Kind(name="schedule", plural="schedules", title="Schedules", record=Schedule, write=Schedule)
RING_GROUP = Kind(
    name="ring_group",
    plural="ring_groups",
    title="Ring groups",
    record=RingGroup,
    write=RingGroup,
    key="number",
    numbered=True,
)
PAGING_GROUP = Kind(
    name="paging_group",
    plural="paging_groups",
    title="Paging groups",
    record=PagingGroup,
    write=PagingGroup,
    key="number",
    numbered=True,
)
QUEUE = Kind(
    name="queue",
    plural="queues",
    title="Queues",
    record=Queue,
    write=Queue,
    key="number",
    numbered=True,
)
CONFERENCE = Kind(
    name="conference",
    plural="conferences",
    title="Conferences",
    record=Conference,
    write=ConferenceWrite,
    key="number",
    secret="pin",  # noqa: S106  the field's name
    more_secrets=("moderator_pin",),
    numbered=True,
)
TRUNK = Kind(
    name="trunk",
    plural="trunks",
    title="Trunks",
    record=Trunk,
    write=TrunkWrite,
    secret="password",  # noqa: S106  the field's name
)
FLOW = Kind(
    name="flow",
    plural="flows",
    title="Call flows",
    record=Flow,
    write=Flow,
    key="number",
    numbered=True,
)
INBOUND_NUMBER = Kind(
    name="inbound_number",
    plural="inbound_numbers",
    title="Inbound numbers",
    record=InboundNumber,
    write=InboundNumber,
    key="number",
)
OUTBOUND_ROUTE = Kind(
    name="outbound_route",
    plural="outbound_routes",
    title="Outbound routes",
    record=OutboundRoute,
    write=OutboundRoute,
)
FEATURE_CODE = Kind(
    name="feature_code",
    plural="feature_codes",
    title="Feature codes",
    record=FeatureCode,
    write=FeatureCode,
    key="code",
    defaults=DEFAULT_CODES,
)
SPEED_DIAL = Kind(
    name="speed_dial",
    plural="speed_dials",
    title="Speed dials",
    record=SpeedDial,
    write=SpeedDial,
)
OFFICE_FLAG = Kind(
    name="office_flag",
    plural="office_flags",
    title="Switches",
    record=OfficeFlag,
    write=OfficeFlag,
    defaults=(NIGHT,),
)

LIMIT = Kind(
    name="limit", plural="limits", title="Limits of calls to outside numbers", record=Limit, write=Limit
)
CALLER_RULE = Kind(
    name="caller_rule",
    plural="caller_rules",
    title="Rules for callers from outside",
    record=CallerRule,
    write=CallerRule,
)
NOTICE_TARGET = Kind(
    name="notice_target",
    plural="notice_targets",
    title="Where notices are sent",
    record=NoticeTarget,
    write=NoticeTargetWrite,
    secret="signing_key",  # noqa: S106  the field's name
)
WEBHOOK = Kind(
    name="webhook",
    plural="webhooks",
    title="Webhooks",
    record=Webhook,
    write=WebhookWrite,
    secret="signing_key",  # noqa: S106  the field's name
)
MAILBOX = Kind(
    name="mailbox",
    plural="mailboxes",
    title="Mailboxes",
    record=Mailbox,
    write=MailboxWrite,
    key="number",
    secret="pin",  # noqa: S106  the field's name
)

KINDS: tuple[Kind, ...] = (
    EXTENSION,
    PROMPT,
    SCHEDULE,
    MAILBOX,
    RING_GROUP,
    PAGING_GROUP,
    QUEUE,
    CONFERENCE,
    TRUNK,
    FLOW,
    INBOUND_NUMBER,
    OUTBOUND_ROUTE,
    FEATURE_CODE,
    SPEED_DIAL,
    OFFICE_FLAG,
    LIMIT,
    CALLER_RULE,
    NOTICE_TARGET,
    WEBHOOK,
)


def kind_named(name: str) -> Kind:
    """Raises `KeyError`."""
    for each in KINDS:
        if each.name == name:
            return each
    raise KeyError(name)
