"""What numbers cost a month, as Twilio says it (pricing.twilio.com) with the account's own discounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.twilio.account import Account

__all__ = ["NumberPrices", "PriceClient"]

KINDS = {"local": "local", "toll free": "toll_free", "mobile": "mobile"}


@dataclass(frozen=True, slots=True)
class NumberPrices:
    """Prices by kind (local, toll_free, mobile), as decimal text."""

    currency: str = ""
    by_kind: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> str:
        return self.by_kind.get(kind, "")


class PriceClient:
    def __init__(self, account: Account) -> None:
        self._account = account

    async def of_numbers(self, country: str) -> NumberPrices:
        told = await self._account.ask(
            lambda rest: rest.pricing.v1.phone_numbers.countries(country).fetch_async()
        )
        prices = {
            KINDS[one.get("number_type", "")]: str(one.get("current_price") or "")
            for one in told.phone_number_prices or []
            if one.get("number_type", "") in KINDS
        }
        return NumberPrices(told.price_unit or "", prices)
