"""Puts together the lamps of phones: subscriptions, what may be watched, and how extensions are."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.app.ground import Ground
from pbx.app.signaling import SignalingParts, new_tag
from pbx.call.switch import Switch
from pbx.core.metrics import Registry
from pbx.feature.event_packages import (
    DialogPackage,
    Mailboxes,
    PresencePackage,
    SummaryPackage,
)
from pbx.feature.extension_fold import ExtensionFold
from pbx.feature.features import Features
from pbx.feature.lamps import Lamps, LampsPorts
from pbx.feature.message_notice import MessageNotice
from pbx.feature.named_lamps import CodeLamps, LampSource, NamedLamps
from pbx.feature.office import Office
from pbx.feature.registrar import Registrar
from pbx.sip.hop import Hop
from pbx.transport.notifier import Notifier

__all__ = ["build_lamps"]


def build_lamps(
    ground: Ground,
    office: Office,
    sip: SignalingParts,
    *,
    features: Features,
    switch: Switch,
    mailboxes: Mailboxes,
    sources: Sequence[LampSource],
) -> Lamps:
    """Make them, and let the agent hand them what belongs to subscriptions."""
    agent, directory, registrar = sip.agent, sip.directory, sip.registrar
    fold = ExtensionFold()

    def reachable(number: str) -> bool:
        return any(registrar.can_be_rung(each) for each in registrar.bindings(number))

    named = NamedLamps([CodeLamps(features, office, directory, fold), *sources])
    notifier = Notifier(
        agent,
        (
            DialogPackage(directory, fold, named, switch.dialog_name),
            PresencePackage(directory, fold, reachable),
            SummaryPackage(mailboxes),
        ),
        new_tag=new_tag,
        locate=lambda number, uri: _registered_at(registrar, number, uri),
        wall=lambda: ground.clock.now().timestamp(),
    )
    lamps = Lamps(
        LampsPorts(
            identify=sip.identify,
            directory=directory,
            fold=fold,
            notifier=notifier,
            notice=MessageNotice(registrar.bindings, ask=agent.request, address=sip.local_address),
            mailboxes=mailboxes,
            reachable=reachable,
            calls=lambda: switch,
            bus=ground.bus,
            state=ground.stores.state,
        )
    )
    agent.on_refresh = notifier.refreshed
    directory.on_change(lamps.records_changed)
    _measure(ground.metrics, notifier)
    return lamps


def _registered_at(registrar: Registrar, number: str, uri: str) -> Hop | None:
    """Where a contact was last heard from, newest first."""
    found = [each for each in registrar.bindings(number) if each.contact_uri == uri and not each.path]
    if not found:
        return None
    newest = max(found, key=lambda each: each.expires_at)
    return Hop(newest.transport, newest.source_host, newest.source_port, connection=newest.connection)


def _measure(metrics: Registry, notifier: Notifier) -> None:
    metrics.gauge(
        "pbx_subscriptions",
        "Lamps, presence and message lamps that phones have subscribed to.",
        labels=("event",),
        read=lambda: {(event,): count for event, count in notifier.watches.by_event().items()},
    )
    metrics.counter(
        "pbx_notifies_total",
        "What phones were told about what they watch, and what came of it.",
        labels=("event", "outcome"),
        read=lambda: {labels: count for labels, count in notifier.counts.items()},  # noqa: C416
    )
