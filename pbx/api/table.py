"""All routes of the API, in one place. What is not in this table is not served."""

from __future__ import annotations

from pbx.api import (
    audit,
    bans,
    call_control,
    conference,
    documents,
    events,
    extension,
    flows,
    guarding,
    jwt,
    listing,
    messages,
    prompts,
    queue,
    recordings,
    records,
    schedules,
    second_factor,
    session,
    settings,
    sip_traces,
    sync,
    system,
    tokens,
    users,
    voicemail,
)
from pbx.api.route import Route

__all__ = ["ROUTES"]

ROUTES: tuple[Route, ...] = (
    *system.ROUTES,
    *session.ROUTES,
    *jwt.ROUTES,
    *second_factor.ROUTES,
    *users.ROUTES,
    *tokens.ROUTES,
    *audit.ROUTES,
    *extension.ROUTES,
    *records.ROUTES,
    *schedules.ROUTES,
    *flows.ROUTES,
    *documents.ROUTES,
    *sync.ROUTES,
    *listing.ROUTES,
    *call_control.ROUTES,
    *recordings.ROUTES,
    *messages.ROUTES,
    *prompts.ROUTES,
    *voicemail.ROUTES,
    *settings.ROUTES,
    *guarding.ROUTES,
    *bans.ROUTES,
    *sip_traces.ROUTES,
    *queue.ROUTES,
    *conference.ROUTES,
    *events.ROUTES,
)
