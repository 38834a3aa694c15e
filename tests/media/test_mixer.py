"""The conference: everybody hears all others and not themselves, whatever the order, the processor and the loudness."""

from __future__ import annotations

import array
import math
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.processing_door import MixerProbe, mix_kernel_names, run_mix_kernels
from tests.oracles import mixer as oracle

SAMPLES = 160
NEON_CHECK = Path(__file__).with_name("mix_check.c")
MEDIA_EXT_SOURCES = Path(__file__).resolve().parents[2] / "media_ext" / "src"

sample = st.one_of(st.integers(-32768, 32767), st.sampled_from([-32768, -32767, 0, 1, 32767]))


@st.composite
def frames(draw: st.DrawFn, members: st.SearchStrategy[int], size: int = SAMPLES) -> list[list[int]]:
    """Frames whose corners are drawn and whose rest is made from a seed, so that examples stay small."""
    made = []
    for _ in range(draw(members)):
        dice = random.Random(draw(st.integers(0, 1000)))
        loud = draw(st.sampled_from([3, 300, 9000, 32767]))
        frame = [dice.randint(-loud, loud) for _ in range(size)]
        for at, value in draw(st.lists(st.tuples(st.integers(0, size - 1), sample), max_size=4)):
            frame[at] = value
        made.append(frame)
    return made


def conference(members: int) -> MixerProbe:
    mixer = MixerProbe(capacity=members)
    for _ in range(members):
        mixer.join()
    mixer.open_gate()
    return mixer


def tone(level: int = 8000, hz: float = 440, count: int = SAMPLES, rate_hz: int = 8000) -> bytes:
    return oracle.pcm([round(level * math.sin(2 * math.pi * hz * n / rate_hz)) for n in range(count)])


# ---- the loops


@pytest.mark.parametrize("name", mix_kernel_names())
@given(st.data())
def test_every_set_of_loops_gives_the_oracles_bits(name: str, data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 160, 321]))
    said = data.draw(frames(st.integers(1, 6), size))
    gain = data.draw(st.sampled_from([0, 1, 4095, 4096, 4097, 32767]))
    energies, gained, sums, less, everyone = run_mix_kernels(
        name, [oracle.pcm(frame) for frame in said], gain
    )
    total = [sum(column) for column in zip(*said, strict=True)]
    assert energies == [oracle.energy(frame) for frame in said]
    assert [oracle.samples(frame) for frame in gained] == [oracle.gained(frame, gain) for frame in said]
    assert oracle.samples(sums, "i") == total
    assert oracle.samples(everyone) == [oracle.saturated(value) for value in total]
    assert [oracle.samples(frame) for frame in less] == oracle.heard_by_each(said)


@pytest.mark.parametrize("name", mix_kernel_names())
def test_the_loudest_possible_sound_overflows_nowhere(name: str) -> None:
    lowest = oracle.pcm([-32768] * 64)
    energies, gained, sums, less, everyone = run_mix_kernels(name, [lowest] * 200, 32767)
    assert energies == [64 * 2**30] * 200
    assert set(oracle.samples(sums, "i")) == {-32768 * 200}
    assert {*gained, *less, everyone} == {lowest}


def vectors(seed: int = 5) -> list[tuple[int, list[bytes]]]:
    """What is given to a program that was compiled for another processor: (gain, rows)."""
    dice, made = random.Random(seed), []
    for size in (1, 7, 8, 9, 16, 17, 33, 160, 320, 963):
        for gain in (0, 1, 4096, 5000, 32767):
            corners = [-32768, -32767, -1, 0, 1, 32767]
            rows = [
                array.array(
                    "h",
                    [
                        dice.choice(corners) if dice.random() < 0.2 else dice.randint(-32768, 32767)
                        for _ in range(size)
                    ],
                ).tobytes()
                for _ in range(dice.randint(1, 9))
            ]
            made.append((gain, rows))
    return made


def check_program(compiler: list[str], folder: Path) -> Path:
    program = folder / "mix_check"
    subprocess.run(
        [
            *compiler,
            "-O3",
            "-std=gnu11",
            "-Wall",
            "-Werror",
            "-I",
            str(MEDIA_EXT_SOURCES),
            "-o",
            str(program),
            str(NEON_CHECK),
        ],
        check=True,
    )
    return program


def run_check(command: list[str], name: str) -> None:
    """Give it all vectors, and compare with the plain loops of this processor, which the oracle has checked."""
    given_ = vectors()
    asked = b"".join(
        struct.pack("<3i", gain, len(rows), len(rows[0]) // 2) + b"".join(rows) for gain, rows in given_
    )
    done = subprocess.run([*command, name], input=asked, capture_output=True, check=True, timeout=120)
    expected = b""
    for gain, rows in given_:
        energies, gained, sums, less, everyone = run_mix_kernels("portable", rows, gain)
        expected += (
            struct.pack(f"<{len(rows)}q", *energies) + b"".join(gained) + sums + b"".join(less) + everyone
        )
    assert done.stdout == expected


@pytest.mark.parametrize("name", mix_kernel_names())
def test_the_checking_program_agrees_on_this_processor(name: str, tmp_path: Path) -> None:
    run_check([str(check_program(["cc"], tmp_path))], name)


@pytest.mark.skipif(
    not shutil.which("aarch64-linux-gnu-gcc"), reason="gcc-aarch64-linux-gnu is not installed"
)
@pytest.mark.skipif(not shutil.which("qemu-aarch64-static"), reason="qemu-user-static is not installed")
@pytest.mark.parametrize("name", ["neon", "portable"])
def test_neon_gives_the_same_bits(name: str, tmp_path: Path) -> None:
    program = check_program(["aarch64-linux-gnu-gcc", "-static"], tmp_path)
    run_check(["qemu-aarch64-static", str(program)], name)


# ---- the conference


@given(frames(st.integers(2, 9)), st.sampled_from(mix_kernel_names()))
def test_each_member_hears_all_others_and_not_itself(said: list[list[int]], name: str) -> None:
    mixer = MixerProbe(capacity=len(said), kernels=name)
    for _ in said:
        mixer.join()
    mixer.open_gate()
    for member, frame in enumerate(said):
        mixer.say(member, oracle.pcm(frame))
    mixer.mix()
    heard = [oracle.samples(mixer.hears(member) or b"") for member in range(len(said))]
    assert heard == oracle.heard_by_each(said)
    assert oracle.samples(mixer.tap()) == [
        oracle.saturated(sum(column)) for column in zip(*said, strict=True)
    ]


@given(frames(st.integers(3, 7)), st.randoms(use_true_random=False))
def test_a_mix_does_not_depend_on_the_order(said: list[list[int]], dice: random.Random) -> None:
    order = list(range(len(said)))
    dice.shuffle(order)
    straight, shuffled = conference(len(said)), conference(len(said))
    for place, member in enumerate(order):
        straight.say(member, oracle.pcm(said[member]))
        shuffled.say(place, oracle.pcm(said[member]))
    straight.mix()
    shuffled.mix()
    for place, member in enumerate(order):
        assert shuffled.hears(place) == straight.hears(member)
    assert shuffled.tap() == straight.tap()


def test_three_loud_members_saturate_and_do_not_wrap() -> None:
    mixer = conference(4)
    for member in range(3):
        mixer.say(member, oracle.pcm([30000, -30000] * 80))
    mixer.mix()
    assert oracle.samples(mixer.hears(3) or b"") == [32767, -32768] * 80
    assert oracle.samples(mixer.hears(0) or b"") == [32767, -32768] * 80, "60000 is beyond the limit too"


def test_saturation_comes_after_the_sum() -> None:
    """Two members at opposite limits and a third: an intermediate saturation would lose the third."""
    mixer = conference(5)
    for member, value in enumerate((30000, 30000, -30000, -30000)):
        mixer.say(member, oracle.pcm([value] * SAMPLES))
    mixer.mix()
    assert oracle.samples(mixer.hears(4) or b"") == [0] * SAMPLES


@given(frames(st.just(3)), st.integers(0, 32767))
def test_gain_is_per_member_and_saturates(said: list[list[int]], gain: int) -> None:
    mixer = conference(3)
    mixer.set_gain(1, gain)
    for member, frame in enumerate(said):
        mixer.say(member, oracle.pcm(frame))
    mixer.mix()
    frames_ = [said[0], oracle.gained(said[1], gain), said[2]]
    assert [oracle.samples(mixer.hears(m) or b"") for m in range(3)] == oracle.heard_by_each(frames_)


def test_a_muted_member_hears_and_is_not_heard() -> None:
    mixer = conference(3)
    mixer.mute(1, True)
    for member in range(3):
        mixer.say(member, tone(hz=300 + 100 * member))
    mixer.mix()
    assert mixer.hears(0) == tone(hz=500)
    assert mixer.hears(2) == tone(hz=300)
    assert mixer.hears(1) == mixer.tap()


def test_silent_members_share_one_frame_and_one_talker_is_not_even_copied() -> None:
    mixer = MixerProbe(capacity=10)
    for _ in range(10):
        mixer.join()
    mixer.say(0, tone())
    mixer.say(1, tone(level=5))
    mixer.mix()
    assert mixer.hears(0) == bytes(2 * SAMPLES), "noise below the gate is silence"
    assert all(mixer.shares(member) for member in range(1, 10))
    assert mixer.hears(5) == tone()


def test_nobody_says_anything_and_all_hear_silence() -> None:
    mixer = conference(2)
    mixer.mix()
    assert mixer.hears(0) == mixer.hears(1) == mixer.tap() == bytes(2 * SAMPLES)


def test_the_gate_stays_open_for_word_ends_and_then_closes() -> None:
    mixer = MixerProbe(capacity=2)
    mixer.join()
    mixer.join()
    faint, heard = tone(level=20), []
    for tick in range(16):
        mixer.say(0, tone() if tick == 0 else faint)
        mixer.mix()
        heard.append(mixer.hears(1) != bytes(2 * SAMPLES))
    assert heard == [True] * 10 + [False] * 6


def test_a_player_says_and_hears_nothing() -> None:
    mixer = MixerProbe(capacity=2)
    player, member = mixer.join(listens=False), mixer.join()
    mixer.say(player, tone())
    mixer.mix()
    assert mixer.hears(player) is None
    assert mixer.hears(member) == tone()


def test_what_was_said_is_said_once() -> None:
    mixer = conference(2)
    mixer.say(0, tone())
    mixer.mix()
    mixer.mix()
    assert mixer.hears(1) == bytes(2 * SAMPLES)


# ---- joining, leaving, rates


def test_the_best_rate_among_the_members_is_the_conferences() -> None:
    mixer = MixerProbe(capacity=3, max_rate_hz=48000)
    first = mixer.join(8000)
    assert (mixer.rate_hz, mixer.frame_samples) == (8000, 160)
    second = mixer.join(48000)
    assert (mixer.rate_hz, mixer.frame_samples) == (48000, 960)
    mixer.say(second, tone(count=960, rate_hz=48000))
    mixer.mix()
    assert mixer.hears(first) == tone(count=960, rate_hz=48000)
    mixer.join(16000)
    mixer.leave(second)
    assert mixer.rate_hz == 16000


def test_a_full_conference_says_so_and_a_place_is_used_again() -> None:
    mixer = conference(3)
    assert mixer.join() < 0
    mixer.leave(1)
    assert mixer.join() == 1
    assert mixer.hears(1) == bytes(2 * SAMPLES)


@given(st.lists(st.tuples(st.sampled_from(["join", "leave", "say", "mix"]), st.integers(0, 5)), max_size=60))
def test_no_coming_and_going_confuses_it(script: list[tuple[str, int]]) -> None:
    mixer = MixerProbe(capacity=6)
    mixer.open_gate()
    present: dict[int, bool] = {}
    for what, member in script:
        if what == "join" and len(present) < 6:
            present[mixer.join()] = False
        elif what == "leave" and member in present:
            mixer.leave(member)
            del present[member]
        elif what == "say" and member in present:
            mixer.say(member, oracle.pcm([1 << member] * SAMPLES))
            present[member] = True
        elif what == "mix":
            mixer.mix()
            total = sum(1 << each for each, said in present.items() if said)
            for each, said in present.items():
                mine = 1 << each if said else 0
                assert oracle.samples(mixer.hears(each) or b"") == [total - mine] * SAMPLES
            present = dict.fromkeys(present, False)


# ---- talkers


@given(frames(st.just(1)))
def test_the_level_follows_rfc_6465(said: list[list[int]]) -> None:
    mixer = conference(1)
    for _ in range(40):
        mixer.say(0, oracle.pcm(said[0]))
        mixer.mix()
    wanted = max(oracle.level_dbov(said[0]), -127)
    assert mixer.level_dbov(0) == pytest.approx(wanted, abs=1 if wanted > -60 else 12)


def test_a_talker_is_told_once_and_a_click_or_a_breath_is_nothing() -> None:
    mixer = MixerProbe(capacity=2)
    mixer.join()
    events: list[tuple[int, bool]] = []

    def pass_ticks(count: int, level: int) -> None:
        for _ in range(count):
            mixer.say(0, tone(level=level) if level else None)
            events.extend((member, mixer.talking(member)) for member in mixer.mix())

    pass_ticks(2, 6000)
    pass_ticks(30, 0)
    assert events == [], "a click of 40 ms"
    pass_ticks(20, 6000)
    assert events == [(0, True)]
    pass_ticks(25, 0)
    pass_ticks(20, 6000)
    assert events == [(0, True)], "a breath of half a second"
    pass_ticks(80, 0)
    assert events == [(0, True), (0, False)]


def test_a_level_between_the_thresholds_keeps_the_state() -> None:
    between = round(32768 * math.sqrt(2) * 10 ** (-47.5 / 20))
    for first, talks in ((6000, True), (0, False)):
        mixer = MixerProbe(capacity=1)
        mixer.join()
        for tick in range(200):
            mixer.say(0, tone(level=first if tick < 20 else between))
            mixer.mix()
        assert mixer.talking(0) is talks


# ---- two mixers


def test_linked_mixers_are_one_conference_without_echo() -> None:
    """Two members in each; what each hears is all three others, the far ones one tick later."""
    near, far = conference(3), conference(3)
    dice = random.Random(3)
    said: list[list[list[int]]] = []
    for tick in range(12):
        now = [[dice.randint(-900, 900) for _ in range(SAMPLES)] for _ in range(4)]
        said.append(now)
        for member in range(2):
            near.say(member, oracle.pcm(now[member]))
            far.say(member, oracle.pcm(now[2 + member]))
        near.mix()
        far.mix()
        if tick:
            before = said[tick - 1]
            for member in range(2):
                other = [a + b + c for a, b, c in zip(now[1 - member], before[2], before[3], strict=True)]
                assert oracle.samples(near.hears(member) or b"") == other
                other = [a + b + c for a, b, c in zip(now[3 - member], before[0], before[1], strict=True)]
                assert oracle.samples(far.hears(member) or b"") == other
        assert near.link(2, far, 2)


def test_one_sound_over_a_link_comes_back_never() -> None:
    near, far = conference(2), conference(2)
    near.say(0, tone())
    heard = []
    for _ in range(10):
        near.mix()
        far.mix()
        heard.append((near.hears(0) != bytes(2 * SAMPLES), far.hears(0) == tone()))
        assert near.link(1, far, 1)
    assert heard == [(False, False), (False, True)] + [(False, False)] * 8


def test_linking_does_not_change_what_is_being_heard() -> None:
    near, far = conference(2), conference(2)
    for tick in range(4):
        far.say(0, tone(hz=300 + tick))
        near.mix()
        far.mix()
        heard = near.hears(0)
        near.link(1, far, 1)
        assert near.hears(0) == heard


def test_mixers_at_different_rates_are_not_linked() -> None:
    near, wide = conference(2), MixerProbe(capacity=2)
    wide.join(16000)
    wide.join(16000)
    assert not near.link(1, wide, 1)


# ---- whispering


@given(frames(st.integers(2, 6)), st.data())
def test_a_whisper_is_heard_by_one_alone_beside_all_others(
    said: list[list[int]], data: st.DataObject
) -> None:
    mixer = conference(len(said))
    whisperer, to = data.draw(st.permutations(range(len(said))).map(lambda order: order[:2]))
    mixer.whisper(whisperer, to)
    for index, frame in enumerate(said):
        mixer.say(index, oracle.pcm(frame))
    mixer.mix()
    aloud = [[0] * SAMPLES if index == whisperer else frame for index, frame in enumerate(said)]
    expected = oracle.heard_by_each(aloud)
    expected[to] = [oracle.saturated(a + b) for a, b in zip(expected[to], said[whisperer], strict=True)]
    assert [oracle.samples(mixer.hears(index) or b"") for index in range(len(said))] == expected
    assert oracle.samples(mixer.tap() or b"") == [
        oracle.saturated(sum(column)) for column in zip(*aloud, strict=True)
    ]


def test_when_the_hearer_leaves_nobody_hears_the_whisper_and_the_next_who_joins_neither() -> None:
    mixer = conference(3)
    mixer.whisper(0, 1)
    mixer.leave(1)
    assert mixer.join() == 1
    for _ in range(2):
        mixer.say(0, tone())
        mixer.mix()
        assert mixer.hears(1) == mixer.hears(2) == bytes(2 * SAMPLES)
    mixer.whisper(0, -1)
    mixer.say(0, tone())
    mixer.mix()
    assert mixer.hears(1) == mixer.hears(2) == tone()


def test_two_may_whisper_to_the_same() -> None:
    mixer = conference(3)
    mixer.whisper(0, 2)
    mixer.whisper(1, 2)
    mixer.say(0, oracle.pcm([100] * SAMPLES))
    mixer.say(1, oracle.pcm([20] * SAMPLES))
    mixer.mix()
    assert oracle.samples(mixer.hears(2) or b"") == [120] * SAMPLES
    assert mixer.hears(0) == mixer.hears(1) == bytes(2 * SAMPLES)
