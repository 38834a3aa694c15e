"""Elastic SIP trunks of the account (trunking.twilio.com), only read: the node speaks to them as to any other trunk."""

from __future__ import annotations

from dataclasses import dataclass

from edge.twilio.account import Account

__all__ = ["SipTrunk", "TrunkClient"]


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """`domain` is the termination address, as in `office.pstn.twilio.com`."""

    sid: str
    name: str
    domain: str


class TrunkClient:
    def __init__(self, account: Account) -> None:
        self._account = account

    async def all(self) -> list[SipTrunk]:
        found = await self._account.ask(lambda rest: rest.trunking.v1.trunks.list_async(limit=200))
        return [SipTrunk(str(one.sid), one.friendly_name or "", one.domain_name or "") for one in found]
