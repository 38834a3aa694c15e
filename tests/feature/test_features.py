"""What is dialled → which feature, and what it is given."""

from __future__ import annotations

import re
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.app.desk import build_desk
from pbx.app.features import code_table, register_features
from pbx.app.queues import QueueParts
from pbx.app.voicemail import VoicemailParts
from pbx.call.call import Call
from pbx.feature.code_pattern import pattern_of
from pbx.feature.features import Features
from pbx.feature.office import Office
from pbx.model.feature import FEATURES
from pbx.model.feature_code import DEFAULT_CODES, FeatureCode
from pbx.model.kinds import FEATURE_CODE
from pbx.store.records import RecordStore

DIGITS = "0123456789*#"
codes = st.builds(
    "{}{}".format,
    st.text(DIGITS, min_size=1, max_size=4),
    st.one_of(st.just(""), st.builds("NUMBER{}".format, st.text(DIGITS, max_size=2))),
)


async def nothing(_call: Call, _argument: str) -> None:
    """A feature for tests."""


def table(*names: str) -> Features:
    features = Features()
    features.register("echo", nothing)
    features.use([FeatureCode(code=each, feature="echo") for each in names])
    return features


def argument(features: Features, dialled: str) -> str | None:
    found = features.find(dialled)
    return None if found is None else found.argument


@given(codes, st.text("0123*#+", max_size=8))
def test_a_code_is_for_what_the_regular_expression_says(code: str, dialled: str) -> None:
    oracle = re.compile(re.escape(code).replace("NUMBER", "([0-9*#+]{1,32})"))
    found = oracle.fullmatch(dialled)
    expected = None if found is None else (found.group(1) if "NUMBER" in code else "")
    assert pattern_of(code).argument(dialled) == expected


@given(st.lists(codes, min_size=1, max_size=8, unique=True), st.text("012*#", min_size=1, max_size=6))
def test_two_codes_that_fit_never_have_the_same_rank(several: list[str], dialled: str) -> None:
    ranks = [pattern_of(each).rank for each in several if pattern_of(each).argument(dialled) is not None]
    assert len(ranks) == len(set(ranks))


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        ("*21", ""),
        ("*21*0301234#", "0301234"),
        ("*21200", "200"),
        ("*21*", "*"),
        ("*21**97#", "*97"),
        ("*2", None),
        ("21", None),
    ],
)
def test_the_longest_code_that_fits_is_meant(dialled: str, expected: str | None) -> None:
    assert argument(table("*21", "*21NUMBER", "*21*NUMBER#"), dialled) == expected


def test_a_disabled_code_is_none() -> None:
    features = table()
    features.use([FeatureCode(code="*43", feature="echo", enabled=False)])
    assert features.find("*43") is None


def test_what_is_dialled_goes_before_the_argument_of_the_record() -> None:
    features = table()
    features.use(
        [
            FeatureCode(code="*1", feature="echo", argument="day"),
            FeatureCode(code="*2NUMBER", feature="echo"),
        ]
    )
    assert (argument(features, "*1"), argument(features, "*25")) == ("day", "5")


def test_every_feature_that_a_code_can_name_is_registered(store: RecordStore) -> None:
    features = Features()
    parts = {
        name: Mock()
        for name in ("dialplan", "directory", "extensions", "office", "cdrs", "block_lists", "busy", "sounds")
    }
    queues = QueueParts(Mock(), Mock())
    register_features(features, records=store, queues=queues, country="DE", **parts)
    office, directory, extensions = parts["office"], parts["directory"], parts["extensions"]
    build_desk(office, directory, extensions, switch=Mock()).register(features)
    voicemail = VoicemailParts(*(Mock() for _ in VoicemailParts.__struct_fields__))
    voicemail.attach(
        features,
        dialplan=Mock(),
        directory=directory,
        extensions=extensions,
        light=Mock(),
        ways=lambda number: (number,),
    )
    assert features.names == {each.name for each in FEATURES}


async def test_the_codes_follow_the_office(store: RecordStore) -> None:
    office = Office(store)
    features = code_table(office)
    features.register("echo", nothing)
    await store.replace(FEATURE_CODE, "*43", FeatureCode(code="*43", feature="echo", enabled=False))
    await store.create(FEATURE_CODE, FeatureCode(code="*99", feature="echo"))
    await office.reload()
    assert features.find("*43") is None
    found = features.find("*99")
    assert found is not None
    assert found.info.name == "echo"


def test_default_codes_hide_nothing_of_each_other() -> None:
    patterns = [pattern_of(each.code) for each in DEFAULT_CODES]
    assert len({each.code for each in DEFAULT_CODES}) == len(DEFAULT_CODES)
    assert not [(a, b) for a in patterns for b in patterns if a is not b and a.hides(b)]
