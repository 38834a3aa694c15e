"""Passwords that people choose, as argon2id hashes (RFC 9106).

Hashing takes a good part of a second and many megabytes on purpose, so it runs in a thread, one at a time.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


class PasswordHash:
    """argon2id of passwords that people choose, in a thread.

    The memory is the figure OWASP names as the minimum for one lane (19 MiB, 2 passes), which a Raspberry Pi
    affords; the cost is part of the hash, so it can be raised later.
    """

    def __init__(self, *, memory_kib: int = 19 * 1024, passes: int = 2) -> None:
        self._memory_kib = memory_kib
        self._passes = passes
        self._turn = asyncio.Semaphore(1)  # one at a time: a flood of log-ins must not take the memory

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=self._passes, memory_cost=self._memory_kib, parallelism=1)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `stored` was made of `password`; an unknown user (None) takes the same time."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, stored, password)

    def _verify(self, stored: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None
