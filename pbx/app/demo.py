"""The demo office of a first start: three extensions, and how to log phones in to them.

Only ever made in an empty database, in one transaction, so that a start that was cut short makes it again in
full.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pbx.core.ids import CROCKFORD
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.store.records import RecordStore

if TYPE_CHECKING:
    from pbx.api.views import SipLogin

NAMES = {"101": "Alice", "102": "Bob", "103": "Carol"}
GROUPS = 5
GROUP_LENGTH = 4


def readable_password() -> str:
    """100 random bits as five groups that can be read out and typed: `k7qd-…`; 24 characters."""
    alphabet = CROCKFORD.lower()
    return "-".join("".join(secrets.choice(alphabet) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


async def fill(records: RecordStore) -> list[ExtensionWrite]:
    """Make the demo office, if there is no extension yet; what was made, with the passwords."""
    if await records.all(EXTENSION):
        return []
    made = [
        ExtensionWrite(number=number, name=name, sip_password=readable_password())
        for number, name in NAMES.items()
    ]
    await records.apply([(EXTENSION, each) for each in made])
    return made


def logins(made: Iterable[ExtensionWrite], host: str, sip_port: int) -> list[SipLogin]:
    """What to type into each phone. `host` is the address phones reach this node at."""
    from pbx.api.sip_login import sip_login

    return [sip_login(one.extension(), one.sip_password or "", host, sip_port) for one in made]


def welcome(shown: Sequence[SipLogin], *, with_codes: bool = True) -> str:
    """The logins as text, and each as a QR code that softphones scan."""
    parts = ["SIP logins (they are shown once here, and always on the admin page):", ""]
    for login in shown:
        ports = ", ".join(f"{one.transport} {one.port}" for one in login.transports)
        parts += [
            f"  {login.username}  {login.display_name}",
            f"    server    {login.domain}  ({ports})",
            f"    user      {login.username}",
            f"    password  {login.password}",
            "",
        ]
        if with_codes:
            parts += [qr_code(login.softphone_uri), ""]
    return "\n".join(parts)


def qr_code(text: str) -> str:
    """`text` as a QR code of half blocks, for a terminal with dark background."""
    import segno

    out = io.StringIO()
    segno.make(text, error="l").terminal(out, border=2, compact=True)
    return out.getvalue().rstrip("\n")
