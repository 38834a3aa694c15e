"""The body of the dialog event package: what makes the lamp of a phone blink, shine and go out (RFC 4235).

Full state names every dialog; when there is none, one that is terminated, since some phones leave their lamp on when
they are told of no dialog at all. Partial state names what differs from what the phone knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from pbx.sip.xml_text import attribute, text

CONTENT_TYPE: Final = "application/dialog-info+xml"
EVENT: Final = "dialog"

Direction = Literal["initiator", "recipient"]
State = Literal["trying", "early", "confirmed", "terminated"]


class Identity(msgspec.Struct, frozen=True):
    """Somebody in a dialog: a URI, and the name to show."""

    uri: str
    name: str = ""


class DialogEntry(msgspec.Struct, frozen=True):
    """One dialog of whoever is watched, seen from there.

    `local_tag` is the tag of the phone that is watched, as Replaces needs it (RFC 3891). `held`: it has put the other
    side on hold.
    """

    id: str
    direction: Direction
    state: State
    local: Identity
    remote: Identity | None = None
    call_id: str = ""
    local_tag: str = ""
    remote_tag: str = ""
    held: bool = False


def full(entity: str, version: int, dialogs: Sequence[DialogEntry]) -> bytes:
    """All dialogs of `entity`."""
    shown = [_dialog(each) for each in dialogs]
    return _document(entity, version, "full", shown or [_terminated("idle")])


def partial(entity: str, version: int, before: Iterable[DialogEntry], now: Iterable[DialogEntry]) -> bytes:
    """What has become of the dialogs that the phone knew as `before`."""
    known = {each.id: each for each in before}
    current = {each.id: each for each in now}
    ended = [_terminated(name) for name in known if name not in current]
    changed = [_dialog(each) for name, each in current.items() if known.get(name) != each]
    return _document(entity, version, "partial", ended + changed)


def _document(entity: str, version: int, state: str, dialogs: list[str]) -> bytes:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" '
        f"version={attribute(str(version))} state={attribute(state)} entity={attribute(entity)}>\n"
    )
    return (head + "".join(dialogs) + "</dialog-info>\n").encode()


def _terminated(name: str) -> str:
    return f"<dialog id={attribute(name)}><state>terminated</state></dialog>\n"


def _dialog(entry: DialogEntry) -> str:
    named = {"call-id": entry.call_id, "local-tag": entry.local_tag, "remote-tag": entry.remote_tag}
    attributes = "".join(f" {name}={attribute(value)}" for name, value in named.items() if value)
    rendering = '<param pname="+sip.rendering" pval="no"/>' if entry.held else ""
    remote = _party("remote", entry.remote) if entry.remote is not None else ""
    return (
        f'<dialog id={attribute(entry.id)}{attributes} direction="{entry.direction}">\n'
        f"<state>{entry.state}</state>\n{remote}{_party('local', entry.local, rendering)}</dialog>\n"
    )


def _party(side: str, who: Identity, params: str = "") -> str:
    display = f" display={attribute(who.name)}" if who.name else ""
    return (
        f"<{side}><identity{display}>{text(who.uri)}</identity>"
        f"<target uri={attribute(who.uri)}>{params}</target></{side}>\n"
    )
