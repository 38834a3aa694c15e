"""The part of `pbx doctor` that looks at what this office uses: codecs, routers that meddle."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from pbx.app.doctor_network import Line
from pbx.app.upgraded import SELF_CALL
from pbx.core.config import NodeConfig
from pbx.feature.self_call import SelfCallResult
from pbx.store.database import FILE_NAME

PCM = frozenset({"PCMU", "PCMA"})


def office(config: NodeConfig) -> Iterator[Line]:
    """All of them."""
    yield _codecs(config)
    yield _routers(config.data_dir / FILE_NAME)
    yield _self_call(config.data_dir / FILE_NAME)


def _codecs(config: NodeConfig) -> Line:
    name = "codecs"
    try:
        from pbx.media.engine import speaks
    except ImportError:
        return "FAIL", name, "the audio engine is not compiled", "Run: make build"
    missing = [each for each in config.codecs if not speaks(each)]
    if missing:
        return (
            "warn",
            name,
            f"{', '.join(missing)} can be passed on, but not be converted, recorded or played",
            "Install libopus (apt install libopus0), or leave them out of --codecs",
        )
    if not PCM & set(config.codecs):
        return (
            "warn",
            name,
            f"{', '.join(config.codecs)}, without G.711: most lines to the outside speak nothing else",
            "Add PCMU or PCMA to --codecs",
        )
    return "ok", name, f"{', '.join(config.codecs)}, each can be converted", ""


def _routers(database: Path) -> Line:
    """What the node has seen of SIP ALG: a phone's REGISTER said another address than it came with."""
    name = "SIP ALG"
    if not database.exists():
        return "ok", name, "no phone has registered yet", ""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(
                "SELECT DISTINCT extension FROM bindings WHERE json_extract(record, '$.rewritten') ORDER BY 1"
            ).fetchall()
    except sqlite3.Error as error:
        return "ok", name, f"registrations cannot be read: {error}", ""
    if not found:
        return "ok", name, "no router rewrites the messages of registered phones", ""
    numbers = ", ".join(number for (number,) in found[:10])
    return (
        "warn",
        name,
        f"a router rewrites the SIP messages of {numbers}",
        'Switch "SIP ALG" (also "SIP helper") off in that router, or let the phones use TLS, which it cannot read',
    )


def _self_call(database: Path) -> Line:
    """How the call of the node to itself went, after the last upgrade."""
    name = "calls"
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM state WHERE key=?", (SELF_CALL,)).fetchone()
        found = msgspec.json.decode(row[0], type=SelfCallResult) if row is not None else None
    except (sqlite3.Error, msgspec.MsgspecError):
        found = None
    if found is None:
        return "ok", name, "the node calls itself after an upgrade; there has been none", ""
    what = f"after the upgrade to {found.version}, on {found.at:%Y-%m-%d %H:%M} UTC, the node called itself"
    if found.ok:
        return "ok", name, f"{what}: that works", ""
    return (
        "warn",
        name,
        f"{what}, and {found.why}",
        "Try a call between two phones; if it fails: pbx rollback",
    )
