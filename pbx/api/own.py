"""What belongs to somebody who may see only their own things: one rule for each route that lets them in.

A rule looks at what the handler would be called with, narrows it to the extension, or answers as if the thing were not
there. Rules are named in the `own` of a route; a route without one refuses such people altogether.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pbx.api.exchange import Exchange
from pbx.api.problem import ApiError, plain_error
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension
from pbx.model.kinds import EXTENSION

__all__ = [
    "own_agent",
    "own_call",
    "own_caller",
    "own_extension",
    "own_extension_query",
    "own_greeting",
    "own_mailbox",
    "own_message",
    "own_recording",
    "own_recordings",
    "own_voicemail",
    "own_voicemails",
    "took_part",
]

Arguments = dict[str, Any]


async def own_extension(exchange: Exchange, arguments: Arguments) -> None:
    """`number` in the path."""
    if arguments["number"] != exchange.own:
        raise _not_yours()


async def own_agent(exchange: Exchange, arguments: Arguments) -> None:
    """`extension` in the path."""
    if arguments["extension"] != exchange.own:
        raise _not_yours()


async def own_caller(exchange: Exchange, arguments: Arguments) -> None:
    """A call from one's own phone."""
    if arguments["body"].from_extension != exchange.own:
        raise _not_yours()


async def own_extension_query(exchange: Exchange, arguments: Arguments) -> None:
    """`?extension=` is theirs, asked for or not."""
    _narrow(arguments, "extension", exchange.own or "")


async def own_call(exchange: Exchange, arguments: Arguments) -> None:
    """A call of the history, or one that is going on, in which their extension has a part."""
    found = await exchange.service.deps.cdrs.get(arguments["id"])
    if found is None or not took_part(found, exchange.own or ""):
        raise plain_error(404, f"There is no call {arguments['id']} of yours.")


def took_part(cdr: Cdr, extension: str) -> bool:
    """What the phones were, not what they showed: a stranger may show any number."""
    those = {cdr.from_extension, cdr.to_extension, cdr.answered_by, *(leg.extension for leg in cdr.legs)}
    return bool(extension) and extension in those


async def own_mailbox(exchange: Exchange) -> str:
    """The box of the extension. Raises `ApiError` 404 when it has none."""
    found = await exchange.service.deps.records.get(EXTENSION, exchange.own or "")
    box = found.record.mailbox if found is not None and isinstance(found.record, Extension) else None
    if box is None:
        raise plain_error(404, "Your extension has no mailbox.")
    return str(box)


async def own_voicemails(exchange: Exchange, arguments: Arguments) -> None:
    """`?mailbox=` is theirs, asked for or not."""
    _narrow(arguments, "mailbox", await own_mailbox(exchange))


async def own_voicemail(exchange: Exchange, arguments: Arguments) -> None:
    shelf = exchange.service.deps.voicemail
    found = await shelf.get(arguments["id"]) if shelf is not None else None
    if found is None or found.mailbox != await own_mailbox(exchange):
        raise plain_error(404, f"There is no voice message {arguments['id']} of yours.")


async def own_greeting(exchange: Exchange, arguments: Arguments) -> None:
    if arguments["number"] != await own_mailbox(exchange):
        raise _not_yours()


async def own_recordings(exchange: Exchange, arguments: Arguments) -> None:
    """`?extension=` is theirs, where the office lets people hear their recordings."""
    await _may_hear(exchange)
    _narrow(arguments, "extension", exchange.own or "")


async def own_recording(exchange: Exchange, arguments: Arguments) -> None:
    await _may_hear(exchange)
    found = await exchange.service.deps.recordings.get(arguments["id"])
    if found is None or exchange.own not in (found.left_extension, found.right_extension):
        raise plain_error(404, f"There is no recording {arguments['id']} of yours.")


async def own_message(exchange: Exchange, arguments: Arguments) -> None:
    """A text message in one's own name."""
    body = arguments["body"]
    if body.from_extension not in (None, exchange.own):
        raise _not_yours()
    arguments["body"] = msgspec.structs.replace(body, from_extension=exchange.own)


async def _may_hear(exchange: Exchange) -> None:
    if not (await exchange.service.deps.settings.get()).users_hear_recordings:
        raise ApiError(
            403, "recordings", "In this office only supervisors and administrators hear recordings."
        )


def _narrow(arguments: Arguments, name: str, value: str) -> None:
    query = arguments["query"]
    if getattr(query, name) not in ("", value):
        raise _not_yours()
    arguments["query"] = msgspec.structs.replace(query, **{name: value})


def _not_yours() -> ApiError:
    return ApiError(403, "not-yours", "This is somebody else's.")
