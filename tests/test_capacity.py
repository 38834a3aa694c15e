"""`bench.capacity`: what it concludes from runs, what its phones notice, and that its pictures are pictures."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.capacity.load import LOADS, Load, load_named
from bench.capacity.phones import Phones, build
from bench.capacity.picture import Box, Picture, Words, png, svg
from bench.capacity.progress import Progress
from bench.capacity.report import Machine, picture, save, table
from bench.capacity.run import Bench, Run
from bench.capacity.search import Result, search
from bench.capacity.sound import Series, rtp, spoken

RELAY = load_named("relay")
MACHINE = Machine("A <box> & more", 4, "6.1", "3.11", "epoll", 0.0, "2026-11-21T06:00:00+00:00")


def ran(
    units: int,
    core: float,
    *,
    lost: int = 0,
    p99_ms: float = 3.0,
    phones_late: bool = False,
    phones_core: float = 0.2,
) -> Run:
    return Run(
        units=units, core=core, lost=lost, p50_ms=0.1, p99_ms=p99_ms, kib_per_unit=4.0,
        phones_core=phones_core,
        phones_late=phones_late,
    )  # fmt: skip


class Box1000:
    """A machine whose units cost a thousandth of a core, and more while they are few; late above `good` units."""

    def __init__(self, good: int = 10_000, *, stumbles: int = 0, phones: int = 1 << 30) -> None:
        self.good, self.stumbles, self.phones = good, stumbles, phones

    def __call__(self, load: Load, units: int) -> Run:
        self.stumbles -= 1
        core = units / 1000 + 0.02
        return ran(
            units,
            core,
            lost=int(units > self.phones or self.stumbles == 0),
            p99_ms=60.0 if units > self.good else 2.0,
            phones_late=units > self.phones,
            phones_core=0.95 if units > self.phones else 0.3,
        )


def test_the_confirmed_number_is_that_of_a_clean_run_at_four_fifths_of_the_price() -> None:
    found = search(RELAY, Box1000(), tries=6)
    assert found.limit == "share"
    assert 700 <= found.confirmed <= 800
    assert found.confirmed in [run.units for run in found.runs if run.clean]
    assert found.predicted > found.confirmed


def test_what_comes_late_is_not_confirmed() -> None:
    found = search(RELAY, Box1000(good=500), tries=8)
    assert found.limit == "late"
    assert 300 <= found.confirmed <= 500


def test_one_bad_run_is_not_believed() -> None:
    assert search(RELAY, Box1000(stumbles=2), tries=6).confirmed >= 700


def test_when_the_phones_are_the_limit_it_says_at_least() -> None:
    found = search(RELAY, Box1000(phones=400), tries=8)
    assert found.limit == "phones"
    assert "≥" in table([found])


def test_a_disturbed_run_is_made_again_and_says_nothing() -> None:
    machine, runs = Box1000(), iter(range(100))

    def sometimes(load: Load, units: int) -> Run:
        return ran(units, 0.5, lost=9, phones_late=True) if next(runs) % 2 else machine(load, units)

    assert search(RELAY, sometimes, tries=8).confirmed >= 700
    always = search(RELAY, lambda load, units: ran(units, 0.5, lost=9, phones_late=True), tries=3)
    assert (always.confirmed, always.limit) == (0, "busy")


def test_where_nothing_is_carried_nothing_is_claimed() -> None:
    found = search(RELAY, lambda load, units: ran(units, 0.9, lost=5), tries=4)
    assert found.confirmed == 0
    assert "fewer than" in table([found])


# ------------------------------------------------------------------------------------------------ the phones


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("phones"))


class Mirror:
    """Sends back what `keeps` says of the packets that come to each of its ports."""

    def __init__(self, ports: int, keeps: Callable[[int], bool]) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
        self.seen = [0] * ports
        self.keeps = keeps
        for index, sock in enumerate(self.sockets):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(1.5)
            threading.Thread(target=self.reflect, args=(index,), daemon=True).start()

    def reflect(self, index: int) -> None:
        while True:
            try:
                data, source = self.sockets[index].recvfrom(2048)
            except OSError:
                return
            self.seen[index] += 1
            if self.keeps(self.seen[index]):
                self.sockets[index].sendto(data, source)

    @property
    def ports(self) -> list[int]:
        return [int(sock.getsockname()[1]) for sock in self.sockets]


def heard_from(mirror: Mirror, program: Path, series: Series) -> tuple[int, int, int]:
    """Packets sent, missing between others, phones that heard too little; in 0.6 s after the first 0.2."""
    with Phones(program, None, 0.2, 0.6) as phones:
        heard = phones.run(
            [series], [(port, n % 3, 0) for n, port in enumerate(mirror.ports)], lambda moment: None
        )
    return heard.sent, heard.lost, heard.silent


def test_phones_hear_every_packet_of_a_mirror(program: Path) -> None:
    assert heard_from(Mirror(4, lambda n: True), program, spoken("PCMU")) == (120, 0, 0)


def test_phones_count_what_is_missing(program: Path) -> None:
    sent, lost, silent = heard_from(Mirror(4, lambda n: n % 10 != 5), program, spoken("PCMU"))
    assert sent == 120
    assert abs(lost - 12) <= 4
    assert silent == 4


def test_phones_notice_silence(program: Path) -> None:
    assert heard_from(Mirror(3, lambda n: n < 20), program, spoken("PCMU"))[2] == 3


def test_a_sealed_series_is_sent_once_and_as_it_is(program: Path) -> None:
    series = Series(tuple(rtp(0, 7000 + n, n * 160, bytes([n])) for n in range(30)), sealed=True)
    mirror = Mirror(1, lambda n: True)
    heard_from(mirror, program, series)
    assert mirror.seen == [30]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_each_load_carries_audio_to_every_phone(load: Load, program: Path, tmp_path: Path) -> None:
    """Through the engine; how fast is not asked here."""
    run = Bench(program, tmp_path, 0.6, 0.5).run(load, 3)
    assert run.core > 0
    assert run.lost <= 3, "a busy machine may lose a packet, no machine loses whole phones"
    assert (run.written_kib_s > 0) == (load.name == "record")


# ------------------------------------------------------------------------------------------------ what is written


def result(confirmed: int = 900) -> Result:
    return Result(
        name="relay", title="Calls <passed> through", unit="calls", what="", confirmed=confirmed, predicted=1200,
        core_per_unit=1 / 1200, kib_per_unit=4.0, p99_ms=9.0, limit="share", runs=[ran(confirmed, 0.75)],
    )  # fmt: skip


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of an 8-bit RGB PNG without filters, every checksum looked at."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    stream, chunks = io.BytesIO(data[8:]), {}
    while head := stream.read(8):
        size, kind = struct.unpack(">I4s", head)
        body = stream.read(size)
        assert zlib.crc32(kind + body) == struct.unpack(">I", stream.read(4))[0]
        chunks[kind] = body
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colours) == (8, 2)
    lines = zlib.decompress(chunks[b"IDAT"])
    step = 3 * width + 1
    rows = [lines[at : at + step] for at in range(0, len(lines), step)]
    assert len(rows) == height
    assert all(row[0] == 0 for row in rows)
    return width, height, [row[1:] for row in rows]


def test_a_png_has_its_boxes_and_words_in_their_places() -> None:
    drawn = Picture(60, 30, [Box(10, 5, 20, 4, (255, 0, 0)), Words(5, 25, "W↔µ")], "x")
    width, height, rows = pixels(png(drawn))
    assert (width, height) == (120, 60)
    assert rows[12][3 * 20 : 3 * 60] == b"\xff\0\0" * 40
    assert rows[12][: 3 * 20] == rows[30][:60] == b"\xff" * 60
    ink = [(x, y) for y in range(60) for x in range(120) if rows[y][3 * x] < 128 and y > 20]
    assert len(ink) > 100
    assert max(y for _, y in ink) <= 60
    assert 10 <= min(x for x, _ in ink) <= 14


def test_an_svg_is_xml_and_says_what_the_picture_says() -> None:
    found = ElementTree.fromstring(svg(picture([result()], MACHINE)))
    said = [each.text for each in found.iter("{http://www.w3.org/2000/svg}text")]
    assert "Calls <passed> through" in said
    assert "900 calls" in said
    assert any("A <box> & more" in (text or "") for text in said)


def test_three_files_are_saved(tmp_path: Path) -> None:
    assert [path.name for path in save([result(), result(0)], MACHINE, tmp_path)] == [
        "capacity.json",
        "capacity.svg",
        "capacity.png",
    ]
    pixels((tmp_path / "capacity.png").read_bytes())


def test_the_time_left_is_counted_by_runs() -> None:
    said = io.StringIO()
    progress = Progress(runs=10, run_s=6.0, to=said)
    progress.say("calls")
    assert said.getvalue() == "1/10 calls, 1:00 left\n"
    progress.skip(5)
    assert progress.eta() == "0:30"
