"""What a REGISTER says about its way: outbound, paths, and routers that rewrite."""

from __future__ import annotations

import pytest

from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.outbound import flow_headers, was_rewritten
from pbx.sip.parser import parse

INSTANCE = ';reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'


def register(via: str = "192.168.1.5", contact: str = "<sip:101@192.168.1.5:5060>", *headers: str) -> Request:
    lines = [
        "REGISTER sip:pbx.example SIP/2.0",
        f"Via: SIP/2.0/UDP {via};branch=z9hG4bK1;rport",
        *headers,
        "From: <sip:101@pbx.example>;tag=1",
        "To: <sip:101@pbx.example>",
        "Call-ID: 1",
        "CSeq: 1 REGISTER",
        f"Contact: {contact}",
        "",
        "",
    ]
    request = parse("\r\n".join(lines).encode())
    assert isinstance(request, Request)
    return request


def test_outbound_is_agreed_when_the_phone_offers_it() -> None:
    request = register("10.0.0.5", f"<sip:101@10.0.0.5>{INSTANCE}", "Supported: path, outbound")
    assert dict(flow_headers(request, "")) == {"Require": "outbound", "Flow-Timer": "120"}


@pytest.mark.parametrize(
    ("contact", "headers"),
    [
        (f"<sip:101@10.0.0.5>{INSTANCE}", ()),
        ("<sip:101@10.0.0.5>", ("Supported: outbound",)),
        (
            f"<sip:101@10.0.0.5>{INSTANCE}",
            ("Supported: outbound", "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2"),
        ),
    ],
)
def test_outbound_is_not_agreed_otherwise(contact: str, headers: tuple[str, ...]) -> None:
    assert flow_headers(register("10.0.0.5", contact, *headers), "") == []


def test_a_path_is_said_back_with_the_route_to_us() -> None:
    request = register(
        "10.0.0.5",
        f"<sip:101@10.0.0.5>{INSTANCE}",
        "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK2",
        "Path: <sip:edge.example;lr;ob>",
        "Supported: outbound, path",
    )
    assert flow_headers(request, "<sip:10.0.0.1;lr>") == [
        ("Require", "outbound"),
        ("Flow-Timer", "120"),
        ("Path", "<sip:edge.example;lr;ob>"),
        ("Service-Route", "<sip:10.0.0.1;lr>"),
    ]


@pytest.mark.parametrize(
    ("via", "contact", "source", "rewritten"),
    [
        ("192.168.1.5", "<sip:1@192.168.1.5>", "8.8.4.4", False),  # plain NAT
        ("192.168.1.5", "<sip:1@8.8.4.4:1024>", "8.8.4.4", True),  # Contact was changed
        ("8.8.4.4:1024", "<sip:1@192.168.1.5>", "8.8.4.4", True),  # Via was
        ("8.8.4.4", "<sip:1@8.8.4.4>", "8.8.4.4", False),  # a public phone, or one that asked STUN
        ("192.168.1.5", "<sip:1@10.0.0.5>", "192.168.1.5", False),  # two networks of one phone
        ("192.168.1.5", "<sip:1@phone.invalid>", "8.8.4.4", False),
        ("192.168.1.5", "*", "8.8.4.4", False),
    ],
)
def test_a_router_that_rewrites_is_recognised(via: str, contact: str, source: str, rewritten: bool) -> None:
    assert was_rewritten(register(via, contact), Hop("UDP", source, 1024)) is rewritten


def test_a_phone_that_has_been_told_its_address_is_no_evidence() -> None:
    told = register("192.168.1.5", "<sip:1@8.8.4.4:1024>", 'Authorization: Digest username="1"')
    assert not was_rewritten(told, Hop("UDP", "8.8.4.4", 1024))
