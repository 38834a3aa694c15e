"""What the edge's operations take as numbers."""

from __future__ import annotations

import msgspec
import pytest

from edge.api.dispatch import Dispatch
from edge.api.operation import Asked, Operation
from tests.edge.clock import TestClock


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    price: int
    several: tuple[int, ...] = ()


async def _take(_asked: Asked, *, body: Order) -> Order:
    return body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b'{"price": 2990}', 200),
        (b'{"price": 2990.0, "several": [1.0]}', 200),
        (b'{"price": 2990.5}', 422),
        (b'{"price": "2990"}', 422),
        (b'{"price": 2990', 400),
    ],
)
async def test_a_whole_number_may_be_written_with_a_point(sent: bytes, status: int) -> None:
    operation = Operation(
        method="POST",
        path="/orders",
        name="order",
        summary="",
        scope="numbers:write",
        handler=_take,
        tag="Numbers",
        request=Order,
    )
    answer = await Dispatch([operation], TestClock()).ask(
        office="a", actor="x", method="POST", path="/orders", body=sent
    )
    assert answer.status == status
