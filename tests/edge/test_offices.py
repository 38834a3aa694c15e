"""An edge knows its offices by their keys, and a number's calls go to the office that has it."""

from __future__ import annotations

from edge.model.office import LOCAL, Number
from edge.offices import Offices


async def test_an_office_is_let_in_by_its_key_alone(offices: Offices) -> None:
    office, key = await offices.add("Main Street")
    assert await offices.let_in(f"{office.id}.{key}") == office
    for wrong in (f"{office.id}.{key}x", f"{office.id}.", office.id, f"nobody.{key}", "", "."):
        assert await offices.let_in(wrong) is None
    assert await offices.remove(office.id)
    assert await offices.let_in(f"{office.id}.{key}") is None


async def test_the_local_office_has_no_key(offices: Offices) -> None:
    assert await offices.ensure_local() == await offices.ensure_local("again")
    for guess in (f"{LOCAL}.", LOCAL, f"{LOCAL}.x"):
        assert await offices.let_in(guess) is None


async def test_a_number_leads_to_its_office(offices: Offices) -> None:
    one, _ = await offices.add("One")
    assert await offices.of_number("+15550100") == one  # there is no other
    two, _ = await offices.add("Two")
    assert await offices.of_number("+15550100") is None
    await offices.put_number(Number("+15550100", two.id, "PN1"))
    await offices.put_number(Number("+15550100", two.id, "PN1", "Sales"))
    assert await offices.of_number("+15550100") == two
    assert list(await offices.numbers(two.id)) == [Number("+15550100", two.id, "PN1", "Sales")]
    assert list(await offices.numbers(one.id)) == []
    assert await offices.drop_number("+15550100")
    assert await offices.number("+15550100") is None
