"""What guards an office against fraud and unwanted callers, and tells its administrator: limits, rules, notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pbx.core.ids import new_id
from pbx.feature.alarms import Alarms
from pbx.feature.callers import BlockLists, CallerRules
from pbx.feature.limited_calls import LimitedCalls, keep_alive, recover
from pbx.feature.limits import Limits
from pbx.media.tones import time_is_up
from pbx.model.kinds import CALLER_RULE, LIMIT, NOTICE_TARGET
from pbx.notify.channels import Channels
from pbx.notify.mail import Mailer, SmtpServer
from pbx.notify.notices import Notices
from pbx.notify.webhook import Webhooks
from pbx.store.cdrs import CdrFilter

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.call.call import Call
    from pbx.call.switch import Switch
    from pbx.core.clock import Clock
    from pbx.core.config import NodeConfig
    from pbx.core.names import Lookup
    from pbx.core.tasks import Supervisor
    from pbx.feature.call_log import CallLog
    from pbx.feature.office import Office
    from pbx.model.call_event import CallEvent
    from pbx.model.caller_rule import CallerRule
    from pbx.store.cdrs import CdrStore
    from pbx.store.state import StateStore

CALLS_SEARCHED = 50
"""How far back the last caller from outside is looked for."""


class Guarding(msgspec.Struct, frozen=True):
    """The parts."""

    limits: Limits
    callers: CallerRules
    block_lists: BlockLists
    mailer: Mailer
    webhooks: Webhooks
    notices: Notices
    clock: Clock

    async def prepare(
        self, cdrs: CdrStore, state: StateStore, going_on: Mapping[str, Sequence[CallEvent]]
    ) -> None:
        """Before the first call: what was used before the restart, and by the calls that outlived it."""
        await recover(self.limits.usage, cdrs, state, self.clock.now(), going_on)

    def start(self, supervisor: Supervisor, switch: Switch, state: StateStore) -> None:
        supervisor.spawn("notices", self.notices.run(state))
        supervisor.spawn("limits", self.limits.run(LimitedCalls(switch.call, time_is_up)))
        supervisor.spawn("outside calls", keep_alive(self.limits.usage, state, self.clock))


def build_guarding(
    ground: Ground,
    office: Office,
    *,
    call_log: CallLog,
    colleague: Callable[[Call], bool],
    lookup: Lookup,
) -> Guarding:
    """Make them. Nothing runs yet. `colleague` tells calls of another office."""
    config, clock, records = ground.config, ground.clock, ground.stores.records
    mailer, webhooks = Mailer(smtp_server(config), lookup), Webhooks(lookup)
    channels = Channels(mailer, webhooks, clock=clock, signing_key=partial(records.secret, NOTICE_TARGET))
    notices = Notices(
        targets=partial(office.all, NOTICE_TARGET),
        deliver=channels.deliver,
        bus=ground.bus,
        clock=clock,
        new_id=new_id,
        language=config.language,
    )
    limits = Limits(partial(office.all, LIMIT), country=config.country, clock=clock)
    office.on_change(limits.changed)
    call_log.tell(limits.take)
    call_log.tell(Alarms(notices.post).take, *Alarms.KINDS)
    rules = partial(office.all, CALLER_RULE)

    def save(rule: CallerRule) -> Awaitable[None]:
        return records.apply([(CALLER_RULE, rule)])

    return Guarding(
        limits=limits,
        callers=CallerRules(rules, country=config.country, colleague=colleague),
        block_lists=BlockLists(rules, last_caller=partial(last_caller, ground.stores.cdrs), save=save),
        mailer=mailer,
        webhooks=webhooks,
        notices=notices,
        clock=clock,
    )


def smtp_server(config: NodeConfig) -> SmtpServer | None:
    """None when none is set."""
    if not config.smtp_host:
        return None
    return SmtpServer(
        config.smtp_host,
        config.smtp_port,
        config.smtp_security,
        config.smtp_username,
        config.smtp_password,
        config.smtp_from,
        config.tls_trust,
    )


async def last_caller(cdrs: CdrStore, extension: str) -> str | None:
    """The number of whoever called this extension last from outside, and showed it."""
    found, _ = await cdrs.list(CALLS_SEARCHED, 0, CdrFilter(extension=extension))
    return next(
        (
            cdr.from_number
            for cdr in found
            if cdr.to_extension == extension and cdr.source.startswith("trunk:") and cdr.from_number
        ),
        None,
    )
