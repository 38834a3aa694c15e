"""Bans, refused sign-ins and SIP traces over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pbx.feature.sip_trace import SipTraces
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.transport.trace import Trace
from tests.api.conftest import Node, StartNode
from tests.oracles import pcap

ATTACKER = Hop("UDP", "203.0.113.9", 5060)
CALL_ID = "a/b@192.0.2.7"
HEAD = (
    b"Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nFrom: <sip:101@x>;tag=1\r\nt: <sip:102@x>\r\n"
    b"CALL-ID : a/b@192.0.2.7\r\nCSeq: 1 INVITE\r\n"
)
INVITE = b"INVITE sip:102@x SIP/2.0\r\n" + HEAD + b'Authorization: Digest response="secret"\r\n\r\n'
TRYING = b"SIP/2.0 100 Trying\r\n" + HEAD + b"\r\n"
BUSY = b"SIP/2.0 486 Busy Here\r\n" + HEAD + b"\r\n"


async def test_a_ban_is_made_listed_and_lifted(node: Node) -> None:
    made = await node.json("POST", "/api/v1/bans", 201, json={"address": "198.51.100.0/24", "for_s": 60})
    assert (made["until"], made["reason"]) == ("2026-03-02T09:01:00Z", "by_hand")
    listed = await node.json("GET", "/api/v1/bans")
    assert listed == {"items": [made], "total": 1}
    path = f"/api/v1/bans/{quote('198.51.100.0/24', safe='')}"
    async with node.ask("DELETE", path) as answer:
        assert answer.status == 204
    await node.json("DELETE", path, 404)
    assert (await node.json("GET", "/api/v1/bans"))["total"] == 0


@pytest.mark.parametrize("address", ["300.1.1.1", "1.1.1.1/40", "::/200"])
async def test_what_is_no_address_is_said_to_be_none(node: Node, address: str) -> None:
    problem = await node.json("POST", "/api/v1/bans", 400, json={"address": address})
    assert problem["errors"][0]["path"] == "$.address"


async def test_a_wrong_password_is_listed_in_words(node: Node) -> None:
    request = request_of(
        "REGISTER", "sip:x", from_="<sip:101@x>;tag=1", to="<sip:101@x>", call_id="c", cseq=1
    )
    node.deps.door.failed(request, ATTACKER, "101")
    (shown,) = (await node.json("GET", "/api/v1/refused-sign-ins"))["items"]
    assert (shown["address"], shown["extension"], shown["failures"]) == ("203.0.113.9", "101", 1)
    assert "has a wrong password for extension 101" in shown["notice"]


@pytest.fixture
async def traced(start_node: StartNode) -> Node:
    """A node that keeps a call with two messages, and one without."""
    node = await start_node()
    trace = Trace(100_000)
    hop = Hop("UDP", "192.0.2.7", 5062)
    trace.keep(INVITE, hop, node.time.monotonic(), out=False)
    node.time.pass_s(0.25)
    trace.keep(TRYING, hop, node.time.monotonic(), out=True)
    trace.keep(BUSY, hop, node.time.monotonic(), out=True)
    trace.keep(b"rubbish", hop, node.time.monotonic(), out=False)
    other = Hop("UDP", "192.0.2.8", 5062)
    trace.keep(INVITE.replace(b"a/b", b"c/d"), other, node.time.monotonic(), out=False)
    trace.belongs("01CALL", CALL_ID)
    traces = SipTraces(trace, node.time, lambda hop: ("192.0.2.10", 5060))
    return await start_node(sip_traces=traces)


async def test_a_call_is_a_ladder(traced: Node) -> None:
    shown = await traced.json("GET", "/api/v1/sip-traces/01CALL")
    assert shown["call_ids"] == [CALL_ID]
    assert shown["participants"] == ["192.0.2.7:5062", "192.0.2.10:5060"]
    assert [(each["after_ms"], each["source"], each["summary"]) for each in shown["messages"]] == [
        (0.0, "192.0.2.7:5062", "INVITE sip:102@x"),
        (250.0, "192.0.2.10:5060", "100 Trying (INVITE)"),
        (250.0, "192.0.2.10:5060", "486 Busy Here (INVITE)"),
    ]
    assert 'response="xxxxxx"' in shown["messages"][0]["raw"]
    by_call_id = await traced.json("GET", f"/api/v1/sip-traces/{quote(CALL_ID, safe='')}")
    assert by_call_id == shown


async def test_what_is_kept_is_listed_and_can_be_narrowed_to_a_peer(traced: Node) -> None:
    everything = await traced.json("GET", "/api/v1/sip-traces")
    assert {each["id"] for each in everything["items"]} == {"01CALL", "c/d@192.0.2.7"}
    (one,) = (await traced.json("GET", "/api/v1/sip-traces?peer=192.0.2.7"))["items"]
    assert (one["id"], one["status"], one["messages"], one["to_uri"]) == ("01CALL", 486, 3, "sip:102@x")


async def test_a_call_is_a_capture_file(traced: Node) -> None:
    async with traced.ask("GET", "/api/v1/sip-traces/01CALL.pcap") as answer:
        assert answer.content_type == "application/vnd.tcpdump.pcap"
        packets = pcap.read(await answer.read())
    assert [packet.data for packet in packets] == [INVITE.replace(b"secret", b"xxxxxx"), TRYING, BUSY]
    assert packets[0].source == ("192.0.2.7", 5062)
    assert packets[1].at_us - packets[0].at_us == 250_000


@pytest.mark.parametrize("name", ["nothing", "01CALLX", "b@192.0.2.7", "nothing.pcap"])
async def test_what_is_not_kept_is_404(traced: Node, name: str) -> None:
    await traced.json("GET", f"/api/v1/sip-traces/{quote(name, safe='')}", 404)


async def test_a_node_that_keeps_nothing_says_so(start_node: StartNode) -> None:
    node = await start_node(sip_traces=None)
    for path in ("", "/x", "/x.pcap"):
        problem = await node.json("GET", f"/api/v1/sip-traces{path}", 503)
        assert "sip_trace_mb" in problem["detail"]
