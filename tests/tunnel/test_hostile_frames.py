"""Whatever frames the other end sends, an end goes on or refuses in clear words; it never fails, and never hangs."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.background import Background
from edge.clock import SystemClock as EdgeClock
from edge.offices import Offices
from edge.store import open_store
from edge.tunnel import frames as edge_frames
from edge.tunnel.bodies import Bodies
from edge.tunnel.deliveries import Deliveries
from edge.tunnel.hub import BAD_FRAME, Hub, Welcoming
from edge.tunnel.link import LocalLink
from pbx.core.clock import SystemClock
from pbx.core.tasks import Supervisor
from pbx.transport.tunnel import frames as office_frames
from pbx.transport.tunnel.tunnel import Tunnel
from tests.tunnel.ends import OFFICE, OfficeUser, Said, Side

HELLO = '{"t":"hello","version":1,"session":"s"}'
WELCOME = '{"t":"welcome","version":1,"edge":"e"}'
WORDS = [
    "hello", "directory", "ringing", "answer", "refuse", "hangup", "digits", "clear", "place", "http", "delivered",
    "undelivered", "pong", "welcome", "call", "digit", "placed", "answered", "failed", "deliver", "event", "ping", "x",
]  # fmt: skip

values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**33), st.text(max_size=8), st.just("c1"), st.just("1"),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
names = st.sampled_from(
    ["n", "call", "stream", "from", "to", "id", "got", "digit", "digits", "size", "body", "kind", "document", "status",
     "reason", "cause", "method", "path", "version", "session", "topic"]
)  # fmt: skip
messages = st.builds(
    lambda word, fields: msgspec.json.encode({"t": word, **fields}).decode(),
    st.sampled_from(WORDS),
    st.dictionaries(names, values, max_size=6),
)
likely = st.sampled_from(
    [
        '{"t":"pong","got":0}',
        '{"t":"ping","got":0}',
        '{"t":"pong","got":99}',
        '{"t":"ping","got":99}',
        '{"t":"answer","n":1,"call":"c1"}',
        '{"t":"hangup","n":1,"call":"c1"}',
        '{"t":"hangup","n":2,"call":"c1"}',
        '{"t":"digits","n":1,"call":"c1","digits":"1"}',
        '{"t":"digit","n":2,"call":"c1","digit":"5"}',
        '{"t":"call","n":1,"call":"c1","stream":1,"from":"","to":""}',
        '{"t":"call","n":2,"call":"c2","stream":1,"from":"","to":""}',
        '{"t":"place","n":1,"call":"c1","from":"","to":"1"}',
        '{"t":"http","id":1,"method":"GET","path":"/","size":3}',
        '{"t":"http","id":1,"status":200,"size":3}',
        '{"t":"deliver","id":"d","kind":"k","document":{},"body":1,"size":2}',
    ]
)
binaries = st.one_of(
    st.binary(max_size=24),
    st.builds(
        lambda kind, stream, number, data: struct.pack("!BII", kind, stream, number) + data,
        st.integers(0, 5), st.integers(0, 3), st.integers(0, 3), st.binary(max_size=8),
    ),
)  # fmt: skip
floods = st.lists(st.one_of(likely, messages, st.text(max_size=12), binaries), max_size=12)


async def _read_all(link: LocalLink) -> None:
    async with asyncio.timeout(5):
        while await link.receive() is not None:
            pass


async def _edge_takes(folder: Path, frames: list[str | bytes]) -> None:
    store = await open_store(folder / "edge.sqlite")
    clock, background = EdgeClock(), Background()
    offices = Offices(store, clock)
    await offices.ensure_local()

    async def asks(*_: Any) -> Said:
        return Said(200, b"{}")

    hub = Hub(
        offices, Deliveries(store, clock), background, clock, welcoming=Welcoming("e", ""), asks=asks, resume_s=0.0
    )  # fmt: skip
    ours, theirs = LocalLink.pair()
    serving = background.spawn("serving", hub.serve(OFFICE, theirs))
    try:
        ours.send(HELLO)
        assert await ours.receive() is not None
        outside = Side()
        assert hub.offer(OFFICE, "c1", outside, from_="1", to="2") is not None
        for frame in frames:
            ours.send(frame)
        async with asyncio.timeout(5):
            while theirs._frames and not serving.done():
                await asyncio.sleep(0)
        if serving.done():
            assert ours.last_words.startswith(str(BAD_FRAME)), ours.last_words
            assert len(ours.last_words) > 6
        else:
            await ours.close()
            await serving
        async with asyncio.timeout(5):
            while not {"lost", "hung_up", "refused"} & {each[0] for each in outside.told}:
                await asyncio.sleep(0.001)
    finally:
        await background.close()
        await store.close()
    assert background.failures == 0


async def _office_takes(frames: list[str | bytes]) -> None:
    user = OfficeUser()
    links: list[LocalLink] = []

    async def connect() -> LocalLink:
        ours, theirs = LocalLink.pair()
        theirs.send(WELCOME)
        links.append(theirs)
        return ours

    async with Supervisor() as supervisor:
        tunnel = Tunnel(
            "t", connect, user, supervisor=supervisor, clock=SystemClock(), random=lambda: 0.0, resume_s=0.0
        )
        supervisor.spawn("tunnel", tunnel.run())
        await asyncio.wait_for(user.up.wait(), 5)
        edge = links[0]
        for frame in frames:
            edge.send(frame)
        async with asyncio.timeout(5):
            while edge.other._frames and tunnel.is_up:
                await asyncio.sleep(0)
        if not tunnel.is_up:
            assert edge.last_words.startswith(str(BAD_FRAME)), edge.last_words
        assert supervisor.failures == 0
    assert not tunnel.calls


@settings(max_examples=40)
@given(frames=floods)
def test_an_edge_survives_what_an_office_sends(frames: list[str | bytes]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_edge_takes(Path(folder), frames))


@settings(max_examples=100)
@given(frames=floods)
def test_an_office_survives_what_an_edge_sends(frames: list[str | bytes]) -> None:
    asyncio.run(_office_takes(frames))


@pytest.mark.parametrize("form", [edge_frames, office_frames])
@given(text=st.one_of(messages, st.text()), binary=binaries)
def test_a_frame_is_understood_or_refused(form: Any, text: str, binary: bytes) -> None:
    for read, frame in ((form.read_text, text), (form.read_binary, binary)):
        try:
            read(frame)
        except form.BadFrame as error:
            assert str(error)  # noqa: PT017 - most frames are no error at all


@given(body=st.binary(max_size=70_000), kind=st.sampled_from([edge_frames.BODY]))
def test_a_body_comes_out_as_it_went_in(body: bytes, kind: int) -> None:
    from pbx.transport.tunnel.bodies import pieces

    bodies: Bodies[str] = Bodies()
    if body:
        bodies.open(7, len(body), "x")
    found = [bodies.add(edge_frames.read_binary(piece)) for piece in pieces(kind, 7, body)]
    assert [each for each in found if each] == ([("x", body)] if body else [])


def test_both_sides_write_what_the_other_reads() -> None:
    said: list[office_frames.FromOffice] = [
        office_frames.Hello(version=1, session="s", got=3),
        office_frames.Answer(n=1, call="c"),
        office_frames.Refuse(n=2, call="c", status=486, reason="Busy Here"),
        office_frames.Place(n=3, call="c", from_="+1", to="+2"),
        office_frames.HttpRequest(id=1, method="GET", path="/numbers", actor="admin"),
    ]
    for message in said:
        read = edge_frames.read_text(office_frames.encode(message))
        assert msgspec.to_builtins(read) == msgspec.to_builtins(message)
    told: list[edge_frames.ToOffice] = [
        edge_frames.Welcome(
            version=1, edge="e", public_url="https://e", numbers=("+1",), got=2, resumed=True
        ),
        edge_frames.Call(n=1, call="c", stream=4, from_="+1", to="+2", name="Ann", at=5),
        edge_frames.PlaceFailed(n=2, call="c", status=486),
        edge_frames.HttpAnswer(id=1, status=200, headers={"a": "b"}, size=3),
    ]
    for each in told:
        again = office_frames.read_text(edge_frames.encode(each))
        assert msgspec.to_builtins(again) == msgspec.to_builtins(each)
