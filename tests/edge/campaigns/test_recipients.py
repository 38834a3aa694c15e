"""Lists and sheets become recipients or plain faults; nobody vanishes between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.campaigns.recipients import Reading, read_recipients, without_opted_out


def numbers(reading: Reading) -> list[str]:
    return [person.number for person in reading.recipients]


def faults(reading: Reading) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.kind, fault.text) for fault in reading.faults]


@pytest.mark.parametrize(
    "text",
    [
        "+12125550101\n+1 (646) 555-0102\n",
        "+12125550101, 646.555.0102",
        "212-555-0101; 1-646-555-0102",
        "tel:+12125550101\n'6465550102\n",
        "2125550101.0\n0016465550102",
        "\ufeff\uff12\uff11\uff12 \uff15\uff15\uff15 \uff10\uff11\uff10\uff11\n646\u00a0555\u20110102",
    ],
)
def test_a_bare_list_in_many_hands_is_the_same_two_people(text: str) -> None:
    reading = read_recipients(text, "US")
    assert numbers(reading) == ["+12125550101", "+16465550102"]
    assert not reading.faults


def test_a_list_may_hold_names_beside_the_numbers() -> None:
    reading = read_recipients("Ann Example <+12125550101>\nBo: 646 555 0102\n", "US")
    assert [(p.name, p.number) for p in reading.recipients] == [
        ("Ann Example", "+12125550101"),
        ("Bo", "+16465550102"),
    ]


def test_a_sheet_without_a_header_finds_number_and_name() -> None:
    reading = read_recipients("7;Ann Example;+12125550101\n8;Bo;+16465550102\n", "US")
    assert [(p.name, p.number) for p in reading.recipients] == [
        ("Ann Example", "+12125550101"),
        ("Bo", "+16465550102"),
    ]


def test_a_header_gives_the_fields_of_the_template() -> None:
    sheet = (
        "First Name;Last Name;Phone;Mobile;Appointment\nAnn;Example;+1 212 555 0101;+1 646 555 0102;3 pm\n"
    )
    reading = read_recipients(sheet, "US")
    person = reading.recipients[0]
    assert person.number == "+16465550102"
    assert dict(person.fields) == {
        "first_name": "Ann",
        "last_name": "Example",
        "phone": "+1 212 555 0101",
        "mobile": "+1 646 555 0102",
        "appointment": "3 pm",
        "name": "Ann Example",
    }
    assert reading.fields == ("name", "first_name", "last_name", "phone", "mobile", "appointment")


def test_the_column_is_found_in_other_languages_and_by_what_it_holds() -> None:
    assert numbers(read_recipients("Kunde,Rufnummer\nJörg,0171 2345678\n", "DE")) == ["+491712345678"]
    assert numbers(read_recipients("who,where,line\nAnn,x,+12125550101\nname,phone,none\n", "US")) == [
        "+12125550101"
    ]


@pytest.mark.parametrize(
    ("cell", "country", "said"),
    [
        ("", "US", "There is no number."),
        ("none", "US", "none: it is no telephone number."),
        (
            "1.21255E+10",
            "US",
            "1.21255E+10: the spreadsheet rounded it; give the column the format Text and type it again.",
        ),
        ("+1 212 555 01", "US", "+1 212 555 01: it is too short."),
        ("555 0101", "US", "555 0101: its area code is missing."),
        ("+1 212 555 0101 2233", "US", "+1 212 555 0101 2233: it is too long."),
        (
            "212 555 0101 ext 9",
            "US",
            "212 555 0101 ext 9: it has an extension; a text cannot be put through.",
        ),
        ("+1 111 555 0101", "US", "+1 111 555 0101: no such number is given out."),
        ("+1 800 555 0199", "US", "+1 800 555 0199: it is a toll-free number, not a person's."),
        ("+44 20 7946 0000", "US", "+44 20 7946 0000: it is a landline."),
        (
            "447911123456",
            "US",
            "447911123456: it is no number in US; if +447911123456 is meant, write it with the +.",
        ),
    ],
)
def test_each_fault_is_a_sentence_with_its_line(cell: str, country: str, said: str) -> None:
    reading = read_recipients(f'name,phone\nAnn,+12125550101\nBo,"{cell}"\n', country)
    assert numbers(reading) == ["+12125550101"]
    assert faults(reading) == [(3, "number", said)]


def test_duplicates_name_the_line_they_repeat() -> None:
    reading = read_recipients("+12125550101\n(212) 555-0101\n", "US")
    assert faults(reading) == [(2, "duplicate", "+12125550101: already in line 1.")]


def test_who_opted_out_is_taken_off_with_the_reason() -> None:
    reading = without_opted_out(read_recipients("+12125550101\n+16465550102\nx1\n", "US"), {"+12125550101"})
    assert numbers(reading) == ["+16465550102"]
    assert [fault[:2] for fault in faults(reading)] == [(1, "opted_out"), (3, "number")]
    assert reading.count("opted_out") == 1


def test_a_row_of_somebody_with_a_wrong_number_is_no_header() -> None:
    reading = read_recipients("Ann,555123\nBo,+16465550102\n", "US")
    assert faults(reading)[0][0] == 1
    assert numbers(reading) == ["+16465550102"]


LINE = st.one_of(
    st.integers(2_000_000, 9_999_999).map(lambda n: f"+1212{n}"),
    st.integers(0, 10**11).map(str),
    st.sampled_from(["+12125550101", "1.2E+10", "Ann", "+442079460000"]),
)


@given(st.lists(LINE, min_size=1, max_size=30))
def test_every_row_is_a_recipient_or_a_fault(lines: list[str]) -> None:
    reading = read_recipients("name,phone\n" + "".join(f"P,{line}\n" for line in lines), "US")
    accounted = sorted([p.line for p in reading.recipients] + [f.line for f in reading.faults])
    assert accounted == list(range(2, len(lines) + 2))
    assert len(set(numbers(reading))) == len(reading.recipients)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    reading = read_recipients(text, "US")
    assert all(person.number.startswith("+") for person in reading.recipients)
