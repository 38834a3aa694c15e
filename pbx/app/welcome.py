"""What a node says on standard output when it is ready: the admin page, the set-up link, the demo's SIP logins."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.app.demo import logins, welcome
from pbx.model.extension import ExtensionWrite
from pbx.store.users import UserStore


async def greet(
    made: Sequence[ExtensionWrite], users: UserStore, host: str, sip_port: int, http_port: int
) -> None:
    """Print it. The set-up link is new with each start until there is an administrator; older ones stop working."""
    page = f"http://{f'[{host}]' if ':' in host else host}:{http_port}"
    lines = [f"Bellwire is ready. Admin page: {page}/"]
    if not await users.count():
        lines.append(
            f"Set up the first administrator (works once): {page}/setup#token={await users.new_setup_link()}"
        )
    if made:
        lines += ["", welcome(logins(made, host, sip_port))]
    print("\n".join(lines), flush=True)
