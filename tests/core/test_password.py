from __future__ import annotations

import time

from pbx.core.password import PasswordHash


def quick() -> PasswordHash:
    return PasswordHash(memory_kib=64, passes=1)


async def test_a_hash_is_argon2id_salted_and_verifies() -> None:
    hasher = quick()
    first, second = await hasher.hash("correct horse"), await hasher.hash("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert await hasher.verify(first, "correct horse")
    assert not await hasher.verify(first, "Correct horse")


async def test_an_unknown_user_never_verifies_and_takes_as_long() -> None:
    hasher = PasswordHash(memory_kib=8 * 1024, passes=2)
    known = await hasher.hash("x")
    await hasher.verify(None, "warm up")
    times = []
    for stored in (known, None):
        begin = time.perf_counter()
        assert not await hasher.verify(stored, "y")
        times.append(time.perf_counter() - begin)
    assert times[1] > times[0] / 4


async def test_a_damaged_hash_does_not_verify() -> None:
    assert not await quick().verify("not a hash", "x")


async def test_a_hash_made_with_another_cost_still_verifies() -> None:
    assert await PasswordHash(memory_kib=128, passes=2).verify(await quick().hash("x"), "x")
