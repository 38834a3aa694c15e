"""Codes and numbers that would mean two things are refused when they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.feature.office_check import OfficeRecords, check_record
from pbx.model.extension import Extension
from pbx.model.feature_code import DEFAULT_CODES, FeatureCode
from pbx.model.kinds import EXTENSION, FEATURE_CODE

EMERGENCY = ("911", "112", "110")
ALICE = Extension(number="801", name="Alice")


def faults_of(code: str, feature: str = "echo", **more: Any) -> list[str]:
    office: OfficeRecords = {"extension": [ALICE], "feature_code": list(DEFAULT_CODES)}
    record = FeatureCode(code=code, feature=feature, **more)
    return [each.message for each in check_record(office, FEATURE_CODE, record, emergency=EMERGENCY)]


@pytest.mark.parametrize("code", ["*99", "#99#", "*", "7", "802"])
def test_a_free_code_is_taken(code: str) -> None:
    assert faults_of(code) == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("801", "801 is the number of an extension already"),
        ("110", "110 calls for help and nothing else"),
    ],
)
def test_a_code_that_is_somebodys_number_is_refused(code: str, why: str) -> None:
    assert faults_of(code) == [f"the code {code} is not free: {why}"]


def test_a_disabled_code_stands_in_nobodys_way() -> None:
    assert faults_of("801", enabled=False) == []


def test_a_feature_that_is_given_nothing_refuses_an_argument() -> None:
    assert faults_of("*99NUMBER") == ["“Echo test” is given nothing"]
    assert faults_of("*99", argument="5") == ["“Echo test” is given nothing"]


@pytest.mark.parametrize(("number", "free"), [("802", True), ("80", True), ("110", False), ("55", False)])
def test_a_number_that_is_a_code_or_calls_for_help_is_refused(number: str, free: bool) -> None:
    office = {"feature_code": [FeatureCode(code="55", feature="echo")]}
    record = Extension(number=number, name="Bob")
    assert (list(check_record(office, EXTENSION, record, emergency=EMERGENCY)) == []) is free
