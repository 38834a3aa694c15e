"""The names that SIP scanners give themselves. No phone and no provider uses them."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_scanner"]

SCANNERS = frozenset(
    (
        "friendly-scanner",  # SIPVicious, the name it comes with
        "friendly-request",
        "sipvicious",
        "sip-scan",
        "sipscan",
        "sundayddr",
        "sipcli",
        "pplsip",
        "vaxsipuseragent",
        "vaxipuseragent",
        "siparmyknife",
        "sipsscuser",
        "sivus",
        "iwar",
        "smap",
        "gulp",
        "nm@nm",  # nmap's scripts
    )
)
"""The first word of a User-Agent, before any version, in lower case. Such a request is dropped unanswered."""

_END = re.compile(r"[/ (]")


@lru_cache(maxsize=512)
def is_scanner(user_agent: str) -> bool:
    return _END.split(user_agent.strip().lower(), maxsplit=1)[0] in SCANNERS
