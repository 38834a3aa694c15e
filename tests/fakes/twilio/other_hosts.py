"""Twilio's other hosts, small: messaging.twilio.com (10DLC brands, campaigns, toll-free verification) and trunking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.twilio.state import new_sid

if TYPE_CHECKING:
    from tests.fakes.twilio.server import FakeTwilio

__all__ = ["OtherHosts", "Service"]


@dataclass(slots=True)
class Service:
    """A messaging service: `campaigns` are pairs of campaign status and brand SID."""

    name: str
    number_sids: list[str] = field(default_factory=list)
    campaigns: list[tuple[str, str]] = field(default_factory=list)
    sid: str = field(default_factory=lambda: new_sid("MG"))


class OtherHosts:
    """What the test registers: `brand`, `service`, `toll_free`, `trunk`."""

    def __init__(self, twilio: FakeTwilio) -> None:
        self._twilio = twilio
        self.brands: dict[str, str] = {}
        self.services: list[Service] = []
        self.verifications: list[tuple[str, str, str]] = []
        self.prices = {"local": "1.50", "toll free": "2.50", "mobile": "3.50"}
        self.trunks: list[tuple[str, str, str]] = []

    def brand(self, status: str = "APPROVED") -> str:
        """PENDING, APPROVED, FAILED, IN_REVIEW, SUSPENDED …; returns its SID."""
        sid = new_sid("BN")
        self.brands[sid] = status
        return sid

    def service(self, *number_sids: str, campaign: str | None = "VERIFIED", brand: str = "") -> Service:
        """A messaging service with numbers in it. Campaign: PENDING, IN_PROGRESS, VERIFIED, FAILED, SUSPENDED."""
        made = Service("texts", list(number_sids), [(campaign, brand)] if campaign else [])
        self.services.append(made)
        return made

    def toll_free(self, number_sid: str, status: str = "TWILIO_APPROVED", reason: str = "") -> None:
        """PENDING_REVIEW, IN_REVIEW, TWILIO_APPROVED, TWILIO_REJECTED."""
        self.verifications.append((number_sid, status, reason))

    def trunk(self, name: str, domain: str) -> str:
        sid = new_sid("TK")
        self.trunks.append((sid, name, domain))
        return sid

    def add_to(self, application: web.Application) -> None:
        application.add_routes(
            [
                web.get("/v1/a2p/BrandRegistrations", self._brands),
                web.get("/v1/Services", self._services),
                web.get("/v1/Services/{sid}/PhoneNumbers", self._phone_numbers),
                web.get("/v1/Services/{sid}/Compliance/Usa2p", self._campaigns),
                web.get("/v1/Tollfree/Verifications", self._verifications),
                web.get("/v1/Trunks", self._trunks),
                web.get("/v1/PhoneNumbers/Countries/{country}", self._prices),
            ]
        )

    async def _brands(self, request: web.Request) -> web.Response:
        found = [{"sid": sid, "status": status, **self._dates()} for sid, status in self.brands.items()]
        return self._page(request, "data", found)

    async def _services(self, request: web.Request) -> web.Response:
        found = [{"sid": one.sid, "friendly_name": one.name, **self._dates()} for one in self.services]
        return self._page(request, "services", found)

    async def _phone_numbers(self, request: web.Request) -> web.Response:
        service = self._service(request)
        known = self._twilio.numbers
        found = [
            {"sid": sid, "service_sid": service.sid, "phone_number": known[sid].number, **self._dates()}
            for sid in service.number_sids
            if sid in known
        ]
        return self._page(request, "phone_numbers", found)

    async def _campaigns(self, request: web.Request) -> web.Response:
        service = self._service(request)
        found = [
            {
                "sid": "QE2c6890da8086d771620e9b13fadeba0b",
                "messaging_service_sid": service.sid,
                "brand_registration_sid": brand,
                "campaign_status": status,
                **self._dates(),
            }
            for status, brand in service.campaigns
        ]
        return self._page(request, "compliance", found)

    async def _verifications(self, request: web.Request) -> web.Response:
        wanted = request.query.get("TollfreePhoneNumberSid")
        found = [
            {
                "sid": new_sid("HH"),
                "tollfree_phone_number_sid": sid,
                "status": status,
                "rejection_reason": reason or None,
                **self._dates(),
            }
            for sid, status, reason in self.verifications
            if wanted in {None, sid}
        ]
        return self._page(request, "verifications", found)

    async def _trunks(self, request: web.Request) -> web.Response:
        found = [
            {"sid": sid, "friendly_name": name, "domain_name": domain, **self._dates()}
            for sid, name, domain in self.trunks
        ]
        return self._page(request, "trunks", found)

    async def _prices(self, request: web.Request) -> web.Response:
        """Made up, and different for each kind."""
        prices = [
            {"number_type": kind, "base_price": price, "current_price": price}
            for kind, price in self.prices.items()
        ]
        country = request.match_info["country"]
        told = {
            "country": country,
            "iso_country": country,
            "price_unit": "USD",
            "phone_number_prices": prices,
        }
        return web.json_response(told)

    def _service(self, request: web.Request) -> Service:
        for one in self.services:
            if one.sid == request.match_info["sid"]:
                return one
        raise web.HTTPNotFound

    def _dates(self) -> dict[str, Any]:
        at = "2026-11-01T12:00:00Z"
        return {"account_sid": self._twilio.account_sid, "date_created": at, "date_updated": at}

    @staticmethod
    def _page(request: web.Request, name: str, found: list[dict[str, Any]]) -> web.Response:
        meta = {
            "page": 0,
            "page_size": 50,
            "first_page_url": str(request.url),
            "previous_page_url": None,
            "url": str(request.url),
            "next_page_url": None,
            "key": name,
        }
        return web.json_response({"meta": meta, name: found})
