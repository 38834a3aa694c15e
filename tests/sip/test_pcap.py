"""Capture files, read back by a strict reader of our own, and by tshark where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.pcap import Packet, pcap
from tests.oracles import pcap as oracle

PORTS = st.integers(0, 65535)
V4 = st.tuples(st.ip_addresses(v=4).map(str), PORTS)
V6 = st.tuples(st.ip_addresses(v=6).map(str).filter(lambda each: not each.startswith("::ffff:")), PORTS)
ENDS = st.one_of(st.tuples(V4, V4), st.tuples(V6, V6))
DATA = st.one_of(st.binary(max_size=200), st.integers(0, 65507).map(lambda size: b"\xff" * size))
PACKETS = st.tuples(st.integers(0, 2**51), ENDS, DATA).map(
    lambda each: Packet(each[0], each[1][0], each[1][1], each[2])
)


@given(st.lists(PACKETS, max_size=5))
def test_what_goes_in_comes_out(packets: list[Packet]) -> None:
    assert [
        Packet(each.at_us, each.source, each.destination, each.data) for each in oracle.read(pcap(packets))
    ] == packets


def test_an_address_that_is_not_known_is_all_zeros() -> None:
    (one,) = oracle.read(pcap([Packet(0, ("", 5060), ("2001:db8::1", 5060), b"x")]))
    assert (one.source[0], one.destination[0]) == ("::", "2001:db8::1")
    (two,) = oracle.read(pcap([Packet(0, ("::ffff:192.0.2.1", 1), ("name", 2), b"x")]))
    assert (two.source[0], two.destination[0]) == ("192.0.2.1", "0.0.0.0")


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_it_as_sip(tmp_path: Path) -> None:
    invite = (
        b"INVITE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bKx\r\n"
        b"From: <sip:101@192.0.2.1>;tag=1\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: a-call\r\n"
        b"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
    ok = b"SIP/2.0 200 OK\r\n" + invite.partition(b"\r\n")[2]
    for number, (one, two) in enumerate(
        ((("192.0.2.7", 40000), ("192.0.2.1", 5060)), (("2001:db8::7", 5099), ("2001:db8::1", 5061)))
    ):
        file = tmp_path / f"{number}.pcap"
        file.write_bytes(pcap([Packet(1_000_000, one, two, invite), Packet(1_500_000, two, one, ok)]))
        fields = ["sip.Method", "sip.Status-Code", "sip.Call-ID", "frame.time_relative", "udp.srcport"]
        checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        shown = subprocess.run(
            ["tshark", "-r", str(file), *checks, "-T", "fields", "-E", "separator=|"]
            + [word for field in fields for word in ("-e", field)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.splitlines()
        assert shown == [
            f"INVITE||a-call|0.000000000|{one[1]}",
            f"|200|a-call|0.500000000|{two[1]}",
        ]
        warned = ["tshark", "-r", str(file), *checks, "-Y", "_ws.expert or _ws.malformed"]
        assert subprocess.run(warned, capture_output=True, text=True, check=True, timeout=60).stdout == ""
