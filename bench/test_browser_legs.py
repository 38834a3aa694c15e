"""What phones in browsers cost: CPU of a leg, DTLS handshakes, and how soon there is sound after a click.

Legs are browsers' as far as the node sees them: ICE checks every 2.5 s, one port, AES-256-GCM. The same legs without
any of it (and without a checked path) are measured in turns, so the difference is what a browser adds.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from bench.talking import percent_of, talking
from bench.test_transcoding import OPUS, PCMU
from pbx.media.dtls_peer import DtlsPeer, context
from pbx.media.engine import MediaEngine
from pbx.media.identity import new_identity
from pbx.media.stream import Stream
from pbx.model.stream import Fingerprint, StreamFormat
from tests.live.node import Node, running
from tests.live.web_phone import browser

PAIRS = 20
TURNS = 3
SETTLE_S, TURN_S = 1.0, 2.0
FRAME_S = 0.02
HANDSHAKES = 100
CLICKS = 7
CLICK_MS = 300.0
"""A person who clicks and hears somebody within that does not notice a wait."""

Join = Callable[[MediaEngine, Stream, Stream], None]


def relayed(media: MediaEngine, a: Stream, b: Stream) -> None:
    media.link(a, b, {OPUS.payload_type: OPUS.payload_type}, {OPUS.payload_type: OPUS.payload_type})


def bridged(media: MediaEngine, a: Stream, b: Stream) -> None:
    media.bridge(a, b)


async def percent_of_a_leg(
    formats: tuple[StreamFormat, ...], browsers: tuple[int, ...], join: Join
) -> tuple[float, float]:
    """Of a core: the audio thread for one leg of these pairs, and the loop for one browser."""
    which = [2 * n + each for n in range(PAIRS) for each in browsers]
    async with talking(list(formats) * PAIRS, which) as (media, streams):
        for a, b in zip(streams[::2], streams[1::2], strict=True):
            join(media, a, b)
        await asyncio.sleep(SETTLE_S)
        before = [each.stats().packets_out for each in streams]
        began, loop_before = time.monotonic(), time.thread_time()
        percent = await percent_of(media, TURN_S)
        loop = (time.thread_time() - loop_before) / (time.monotonic() - began) * 100
        sent = [each.stats().packets_out - early for each, early in zip(streams, before, strict=True)]
        assert min(sent) > 0.2 * TURN_S / FRAME_S, (min(sent), sum(sent))
    # A busy machine lets the phones talk slower than they should; a leg at its full rate is what is told.
    slower = sum(sent) / len(sent) / (TURN_S / FRAME_S)
    return percent / len(streams) / slower, loop / max(len(which), 1)


@pytest.mark.parametrize(
    ("what", "formats", "browsers", "join"),
    [
        ("Opus end to end, browser to browser", (OPUS, OPUS), (0, 1), relayed),
        ("Opus transcoded to µ-law, browser to desk phone", (OPUS, PCMU), (0,), bridged),
    ],
    ids=["relayed", "transcoded"],
)
def test_cpu_per_browser_leg(
    benchmark: BenchmarkFixture,
    what: str,
    formats: tuple[StreamFormat, ...],
    browsers: tuple[int, ...],
    join: Join,
) -> None:
    secure: list[float] = []
    loops: list[float] = []
    plain: list[float] = []

    def turns() -> None:
        for _ in range(TURNS):
            plain.append(asyncio.run(percent_of_a_leg(formats, (), join))[0])
            mine, loop = asyncio.run(percent_of_a_leg(formats, browsers, join))
            secure.append(mine)
            loops.append(loop)

    measure(benchmark, turns)
    record(
        benchmark,
        Figure(
            title=f"CPU of a leg, {what}",
            value=statistics.median(secure),
            unit="% of a core",
            peer=Peer(
                name="the same without ICE and SRTP",
                value=statistics.median(plain),
                low=min(plain),
                high=max(plain),
                same_run=True,
                source="our own engine, in turns",
            ),
            how=f"{PAIRS} calls, audio thread, {TURNS} turns: {', '.join(f'{each:.3f}' for each in secure)} %; "
            f"ICE checks on the loop: {statistics.median(loops):.3f} % for each browser",
        ),
    )


def handshake_cpu_s(
    server_context: SSL.Context, client_context: SSL.Context, prints: tuple[Fingerprint, ...]
) -> float:
    """CPU of the node's side of one handshake."""
    client = DtlsPeer(client_context, active=True, fingerprints=prints[:1])
    spent = 0.0
    began = time.thread_time()
    server = DtlsPeer(server_context, active=False, fingerprints=prints[1:])
    spent += time.thread_time() - began
    client.start()
    while not (client.done and server.done):
        flight = list(client.pending())
        began = time.thread_time()
        for data in flight:
            server.take(data)
        answer = list(server.pending())
        spent += time.thread_time() - began
        for data in answer:
            client.take(data)
    return spent


def arithmetic_s() -> float:
    """What the curves alone take for one side: an ephemeral key, its secret, one signature, one check of one."""
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    method = ec.ECDSA(hashes.SHA256())
    signature = own.sign(b"x", method)
    public, peer = own.public_key(), other.public_key()
    began = time.thread_time()
    for _ in range(HANDSHAKES):
        ec.generate_private_key(ec.SECP256R1())
        own.exchange(ec.ECDH(), peer)
        own.sign(b"x", method)
        public.verify(signature, b"x", method)
    return (time.thread_time() - began) / HANDSHAKES


def test_dtls_set_ups_a_second(benchmark: BenchmarkFixture) -> None:
    ours, theirs = new_identity(), new_identity()
    made, other = context(ours), context(theirs)
    prints = (ours.fingerprint, theirs.fingerprint)
    spent: list[float] = []

    def all_of_them() -> None:
        spent.extend(handshake_cpu_s(made, other, prints) for _ in range(HANDSHAKES))

    measure(benchmark, all_of_them)
    each_s = statistics.median(spent)
    record(
        benchmark,
        Figure(
            title="DTLS-SRTP set-ups a second of one core, the node's side",
            value=1 / each_s,
            unit="1/s",
            better="higher",
            peer=Peer(
                name="P-256 arithmetic alone",
                value=1 / arithmetic_s(),
                same_run=True,
                source="OpenSSL by way of cryptography: key, exchange, signature, check of one",
            ),
            how=f"median of {HANDSHAKES}, {each_s * 1e3:.2f} ms CPU each",
        ),
    )


async def clicks(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds from a click to the first sound in the page: when it calls, and when it takes a call."""
    calling, taking = [], []
    async with (
        running(Node(folder / "node")) as node,
        browser(node, folder / "browser", tone_hz=440.0) as chromium,
    ):
        alice, bob = await chromium.phone(node, "101"), await chromium.phone(node, "102")
        for _ in range(CLICKS):
            call = await alice.dial("*44")
            began = await alice.wait_for("dialling")
            calling.append((await alice.wait_for("audio"))["at"] - began["at"])
            await alice.do("hangup", call)
            await alice.wait_for("ended")
            call = await alice.dial("102")
            ringing = await bob.incoming()
            await asyncio.sleep(0.3)
            await bob.do("answer", ringing)
            began = await bob.wait_for("answering")
            taking.append((await bob.wait_for("audio"))["at"] - began["at"])
            await alice.do("hangup", call)
            await bob.wait_for("ended")
            await alice.wait_for("ended")
    return calling, taking


def test_answer_time(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    calling, taking = measure(benchmark, lambda: asyncio.run(clicks(tmp_path)))
    figures = (
        (
            "calls the test tone",
            calling,
            "the microphone is opened, candidates are found, INVITE, answer, ICE, DTLS",
        ),
        ("takes another page's call", taking, "likewise, 200 and ACK at both sides, and the other's voice"),
    )
    record(
        benchmark,
        *(
            Figure(
                title=f"From the click to the first sound, Chromium {what}",
                value=statistics.median(times),
                unit="ms",
                target=CLICK_MS,
                how=f"{how}; {CLICKS} calls: {', '.join(f'{each:.0f}' for each in times)} ms; heard in blocks of 21 ms",
            )
            for what, times, how in figures
        ),
    )
