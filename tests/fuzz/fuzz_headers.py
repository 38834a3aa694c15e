"""Damaged values of SIP headers, push parameters and answers of the DNS: `python -m tests.fuzz headers` (dns).

Whoever reads a header refuses with `PeerError` or `ParseError`, and what it makes of it can be written into files and
messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from pbx.core.errors import PeerError
from pbx.feature.caller_id import read_caller
from pbx.feature.diversion import read_diversions
from pbx.feature.message_request import text_of, user_of
from pbx.model.trunk import Trunk
from pbx.sip import nat, outbound, push, reliable, session_timer
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.sip.subscription import Expiries, check_accept, read_subscribe
from pbx.transport import abilities, admission
from pbx.transport.dns import Answer, Naptr, Srv
from pbx.transport.reason import read_reason
from pbx.transport.refer import read_refer, read_replaces
from pbx.transport.resolver import Resolver
from tests.fakes.clock import FakeClock
from tests.sip.samples import UDP, text

WHO = (
    'P-Asserted-Identity: "Anna" <sip:+12025550100;phone-context=x@p.test>, <tel:+1-202-555-0100>\r\n'
    'Remote-Party-ID: "B" <sip:202@p.test>;party=calling;privacy=off\r\nPrivacy: id;critical\r\n'
    "Diversion: <sip:+12025550111@p.test>;reason=no-answer;counter=2\r\n"
    "History-Info: <sip:105@p.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:106@p.test>;index=1.1;mp=1\r\n"
    'Reason: Q.850;cause=17;text="User \\"busy\\"", SIP;cause=200\r\n'
)
CORPUS = [
    text("INVITE", extra=WHO),
    text(
        "INVITE",
        extra="Session-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\nSupported: timer, 100rel, replaces\r\n"
        "Require: 100rel\r\nReplaces: a@b;to-tag=1;from-tag=2;early-only\r\nAllow: INVITE, PRACK,UPDATE\r\n",
    ),
    text("PRACK", to_tag="x", extra="RAck: 776656 1 INVITE\r\n"),
    text(
        "REFER",
        to_tag="x",
        extra="Refer-To: <sip:103@192.0.2.1?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\nReferred-By: <sip:a@b>\r\n",
    ),
    text(
        "SUBSCRIBE",
        extra="Event: dialog;id=7\r\nExpires: 600\r\nAccept: application/dialog-info+xml, */*\r\n",
    ),
    text("MESSAGE", body="Grüße".encode(), extra='Content-Type: text/plain; charset="UTF-8"\r\n'),
    text(
        "REGISTER",
        extra="Contact: <sip:a@192.0.2.7;pn-provider=apns;pn-prid=ab:voip&cd:remote;pn-param=DEF123GHIJ.org.x.voip"
        ";transport=tcp;ob>;reg-id=1;+sip.instance=x;expires=60\r\nPath: <sip:p.test;lr>\r\nSupported: outbound\r\n",
    ),
]
TRUNKS = [Trunk(id="t", name="T", host="p.test"), Trunk(id="o", name="O", host="o.test", kind="office")]
PACKAGES = {"dialog": Expiries(), "message-summary": Expiries()}


def readers(request: Request) -> list[Callable[[], object]]:
    """Everybody who reads something of a request that a phone or a provider has sent."""
    headers = request.headers
    return [
        *(lambda trunk=trunk: read_caller(request, trunk, "US") for trunk in TRUNKS),
        lambda: read_diversions(request, "DE"),
        lambda: (user_of(request), text_of(request)),
        lambda: nat.response_hop(request, UDP),
        lambda: (outbound.is_outbound(request), outbound.flow_headers(request, "<sip:a;lr>")),
        lambda: (outbound.was_rewritten(request, UDP), outbound.looks_rewritten(request, UDP)),
        lambda: (push.asked_providers(request), [push.params_of(each) for each in request.contacts]),
        lambda: [push.without_token(each.uri) for each in request.contacts],
        lambda: (reliable.wish_of(request), reliable.read_rack(request)),
        lambda: (
            session_timer.session_expires(request),
            session_timer.answer(request, session_timer.SessionPolicy()),
        ),
        lambda: read_subscribe(request, PACKAGES),
        lambda: check_accept(request, "application/dialog-info+xml"),
        lambda: (abilities.supports(headers, "timer"), abilities.allows(headers, "UPDATE")),
        lambda: (abilities.content_type(headers), abilities.missing_options(headers)),
        *(lambda check=check: check(request) for check in (admission.check_invite, admission.check_hops)),
        *(lambda check=check: check(request) for check in (admission.check_options, admission.check_body)),
        lambda: read_reason(headers.all("Reason")),
        lambda: read_refer(request),
        *(lambda value=value: read_replaces(value) for value in headers.all("Replaces")),
    ]


def target(data: bytes) -> None:
    try:
        message = parse(data)
    except ParseError:
        return
    if not isinstance(message, Request):
        return
    for read in readers(message):
        with suppress(PeerError, ParseError):
            str(read()).encode()  # fit for files and messages


# -- the DNS ---------------------------------------------------------------------------------------------------------

NAMES = [
    b"sip.example.com\nUDP 10 20 5060\n192.0.2.1 2001:db8::1",
    b"a..b\xff\nSIPS+D2T 65535 0 0\n::1%eth0 not-an-address",
    b".\ns SIP+D2U 0 65535 65535\n0.0.0.0 255.255.255.255",
    b"_sip._udp.example.com\nu E2U+sip 1 1 1\nfe80::1 ::ffff:192.0.2.1",
]


class Hostile:
    """Answers as somebody in between may make them up; the question does not matter."""

    def __init__(self, data: bytes) -> None:
        name, fields, hosts = [*data.decode("latin-1").split("\n"), "", "", ""][:3]
        words = fields.split() or [""]
        numbers = [
            int(word) & 0xFFFF for word in words if word.isascii() and word.isdigit() and len(word) < 9
        ]
        numbers += [0, 0, 0]
        self._ttl_s = numbers[0] - 10
        self._name, self._hosts = name, tuple(hosts.split())
        self._naptr = Naptr(numbers[0], numbers[1], words[0], words[-1], name)
        self._srv = Srv(numbers[0], numbers[1], numbers[2], name)

    async def naptr(self, name: str) -> Answer:
        return Answer((self._naptr,), self._ttl_s)

    async def srv(self, name: str) -> Answer:
        return Answer((self._srv,), self._ttl_s)

    async def addresses(self, name: str) -> Answer:
        return Answer(self._hosts, self._ttl_s)


async def ask(data: bytes) -> None:
    resolver = Resolver(FakeClock(), dns=Hostile(data))
    for uri in (
        "sip:a@example.com",
        "sips:a@example.com;transport=tcp",
        f"sip:a@{data[:40].decode('latin-1')}",
    ):
        with suppress(PeerError):
            for hop in await resolver.hops(uri):
                assert 0 <= hop.remote_port <= 65535
                resolver.answered(hop)
                resolver.failed(hop)


def dns_target(data: bytes) -> None:
    asyncio.run(ask(data))


TARGETS = {"headers": (target, CORPUS), "dns": (dns_target, NAMES)}
