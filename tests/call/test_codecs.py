"""Which codecs legs get: nothing is transcoded that need not be, and what must be is the cheapest pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pbx.call.codecs import Codecs, digits, only, passes, relay_only, voice
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.negotiate import spoken
from tests.call.parts import COSTS

EVENT = Format(101, "TELEPHONE-EVENT", 8000, 1, "0-16")
EVENT_48 = Format(110, "TELEPHONE-EVENT", 48000, 1, "0-16")
OPUS = Format(107, "OPUS", 48000, 2)
OURS = spoken(("opus", "G722", "PCMU", "PCMA", "L16"))
STRANGE = (Format(18, "G729"), Format(97, "ILBC"))


def cost(a: Format, b: Format) -> int | None:
    return 0 if a.key == b.key else COSTS[a.encoding] + COSTS[b.encoding]


CODECS = Codecs(OURS, cost, converts_digits=True)

VOICES = (*voice(OURS), *STRANGE)
spoken_lists = st.lists(st.sampled_from(VOICES), min_size=1, unique=True).map(tuple)


@st.composite
def phones(draw: st.DrawFn) -> tuple[Format, ...]:
    """What a phone speaks, with numbers of its own for what has no fixed one."""
    numbers = draw(st.permutations(range(96, 120)))
    named = zip(draw(spoken_lists), numbers, strict=False)
    return tuple([replace(one, payload_type=n) if one.payload_type >= 96 else one for one, n in named])


def answered(offer: tuple[Format, ...], phone: tuple[Format, ...]) -> tuple[Format, ...]:
    """What a phone that follows the offer's order answers (RFC 3264 6.1)."""
    keys = {one.key for one in phone}
    return tuple(one for one in offer if one.key in keys)


@given(phones(), phones())
def test_nothing_is_transcoded_when_the_phones_share_a_codec_of_ours_else_the_cheapest_is_taken(
    caller: tuple[Format, ...], callee: tuple[Format, ...]
) -> None:
    ours = {one.key for one in OURS}
    a_keys = {one.key for one in caller} & ours
    b_keys = {one.key for one in callee} & ours
    b_said = voice(answered(CODECS.offer(caller), callee))
    a_gets = voice(CODECS.answer(caller, b_said))
    if not a_keys or not b_keys:
        assert not a_gets
    elif a_keys & b_keys:
        assert {one.key for one in a_gets} == a_keys & b_keys
        assert passes(a_gets, b_said)
    else:
        least = min(
            COSTS[a.encoding] + COSTS[b.encoding]
            for a in caller
            for b in callee
            if a.key in a_keys and b.key in b_keys
        )
        assert len(a_gets) == 1
        assert cost(a_gets[0], b_said[0]) == least


@given(phones())
def test_an_offer_has_all_that_can_be_bridged_with_one_number_for_each_and_the_callers_first(
    caller: tuple[Format, ...],
) -> None:
    offer = CODECS.offer(caller)
    numbers = [one.payload_type for one in offer]
    assert len(set(numbers)) == len(numbers)
    theirs = tuple(one for one in caller if one.encoding not in ("G729", "ILBC"))
    assert offer[: len(theirs)] == theirs
    if theirs:
        assert {one.key for one in OURS} == {one.key for one in offer}


def test_without_a_transcoder_only_the_callers_codecs_are_offered() -> None:
    assert Codecs(OURS, relay_only).offer((Format(0, "PCMU"), EVENT)) == (Format(0, "PCMU"), EVENT)


def test_digits_pass_at_a_clock_that_both_have() -> None:
    assert passes((OPUS, EVENT), (OPUS, EVENT))
    assert passes((OPUS,), (OPUS,))
    assert not passes((OPUS, EVENT_48), (OPUS, EVENT))
    assert not passes((OPUS, EVENT), (OPUS,))


def test_the_answer_takes_the_digits_clock_of_the_other_phone() -> None:
    assert CODECS.answer((OPUS, EVENT_48, EVENT), (OPUS, EVENT)) == (OPUS, EVENT)
    assert CODECS.answer((OPUS, EVENT_48, EVENT), (Format(0, "PCMU"),))[1:] == (EVENT_48,)


def test_what_is_passed_on_carries_the_wishes_of_who_hears_it() -> None:
    asked = replace(OPUS, fmtp="useinbandfec=1;maxaveragebitrate=20000")
    assert CODECS.answer((OPUS,), (asked,)) == (asked,)


@given(phones(), st.lists(st.sampled_from(("opus", "G722", "PCMU", "PCMA")), unique=True).map(tuple))
def test_a_trunk_gets_only_its_codecs_in_its_order(offer: tuple[Format, ...], names: tuple[str, ...]) -> None:
    kept = only((*offer, EVENT, EVENT_48), names)
    if not names:
        assert kept == (*offer, EVENT, EVENT_48)
        return
    had = {each.encoding for each in offer}
    assert [each.encoding for each in voice(kept)] == [name.upper() for name in names if name.upper() in had]
    assert {each.clock_hz for each in digits(kept)} <= {each.clock_hz for each in voice(kept)}
