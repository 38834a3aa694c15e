"""Outside numbers as the office sees them: what it has, what is for sale, and what differs from what it should be."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.model.base import Record
from edge.model.directory import E164

__all__ = [
    "Adoption",
    "ForSaleList",
    "NumberChange",
    "NumberDrift",
    "NumberEvent",
    "NumberForSale",
    "NumberKind",
    "NumberOrder",
    "OutsideNumber",
    "OutsideNumberList",
    "UnassignedList",
    "UnassignedNumber",
]

NumberKind = Literal["local", "toll_free", "mobile"]
NumberState = Literal["ok", "drift", "missing", "releasing", "unknown"]
Country = Annotated[
    str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1.", examples=["US", "CA", "GB"])
]
AreaCode = Annotated[str, Meta(pattern=r"^[0-9]{3}$(?!\n)", examples=["202"])]
Name = Annotated[str, Meta(max_length=64)]
AddressSid = Annotated[str, Meta(pattern=r"^AD[0-9a-fA-F]{32}$(?!\n)")]
OrderName = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{8,64}$(?!\n)")]
ExtensionNumber = Annotated[str, Meta(pattern=r"^([0-9]{1,12})?$(?!\n)")]


class NumberDrift(Record, frozen=True, kw_only=True):
    """One setting at Twilio that is not what it should be."""

    what: Annotated[str, Meta(description="The setting, such as voice_url.")]
    words: str


class OutsideNumber(Record, frozen=True, kw_only=True):
    """A number of the office. `missing`: the Twilio account does not have it any more."""

    number: E164
    sid: str
    name: Name
    country: str
    kind: NumberKind
    voice: bool
    sms: bool
    mms: bool
    state: NumberState
    drift: tuple[NumberDrift, ...]
    extension: Annotated[str, Meta(description="The extension it was bought with; empty: the office's.")] = ""
    trunk_sid: Annotated[str, Meta(description="The SIP trunk at Twilio that takes its calls.")] = ""
    checked_at: Annotated[int | None, Meta(description="ms since 1970, UTC")] = None


class OutsideNumberList(Record, frozen=True, kw_only=True):
    items: tuple[OutsideNumber, ...]
    total: int


class NumberForSale(Record, frozen=True, kw_only=True):
    """A number that Twilio would sell now. `price` is Twilio's, a month; empty where Twilio does not say."""

    number: E164
    name: str
    place: str
    region: str
    country: str
    kind: NumberKind
    voice: bool
    sms: bool
    mms: bool
    needs_address: Annotated[bool, Meta(description="Twilio wants a registered address first.")]
    price: str = ""
    currency: str = ""


class ForSaleList(Record, frozen=True, kw_only=True):
    items: tuple[NumberForSale, ...]


class NumberOrder(Record, frozen=True, kw_only=True):
    """What to buy: this number, or any with these properties. It costs money."""

    number: Annotated[
        E164 | None, Meta(description="This one; without it, the first that fits the rest.")
    ] = None
    country: Country = "US"
    kind: NumberKind = "local"
    area_code: AreaCode | None = None
    sms: Annotated[bool, Meta(description="Only a number that can text.")] = True
    name: Annotated[Name, Meta(description="What to call it here and at Twilio.")] = ""
    extension: Annotated[ExtensionNumber, Meta(description="The extension it is for; empty: the office.")] = (
        ""
    )
    address_sid: Annotated[
        AddressSid | None,
        Meta(description="An address registered at Twilio, where the country wants one."),
    ] = None
    order: Annotated[
        OrderName | None,
        Meta(description="A name of this order: sent again with the same, it is not bought twice."),
    ] = None


class NumberChange(Record, frozen=True, kw_only=True):
    name: Name


class UnassignedNumber(Record, frozen=True, kw_only=True):
    """A number of the Twilio account that no office uses. `voice_url` is where its calls go today."""

    number: E164
    name: str
    voice_url: str
    sms_url: str
    trunk_sid: str


class UnassignedList(Record, frozen=True, kw_only=True):
    items: tuple[UnassignedNumber, ...]


class Adoption(Record, frozen=True, kw_only=True):
    """Takes a number of the account over: its calls and texts lead to this office from now on."""

    number: E164
    name: Name = ""
    keep_trunk: Annotated[
        bool, Meta(description="Its calls stay with its SIP trunk; only texts come to the edge.")
    ] = True


class NumberEvent(Record, frozen=True, kw_only=True):
    """Told live on the topic `numbers`."""

    what: Literal["bought", "changed", "released", "failed"]
    number: str
    reason: str = ""
