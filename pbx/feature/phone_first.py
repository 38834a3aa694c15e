"""Calls that begin at somebody's own phone: it rings first, and what follows runs as if its owner had dialled it.

A phone that sleeps is woken for it.

`ClickToCall` then dials a number, with the rights and the limits of the extension: the dial plan sees no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pbx.call.call import Call
from pbx.call.called_back import CalledBack, reaches
from pbx.call.incoming import Incoming
from pbx.call.own_program import OwnProgram, Program, Starts
from pbx.call.pick_up import pick_up
from pbx.call.ports import Router, Signaling
from pbx.core.errors import PeerError, UserError
from pbx.model.party import DialTarget, Party

__all__ = ["ClickToCall", "PhoneFirst", "Phones"]

RING_S = 40.0


class Phones(Protocol):
    """The extensions and their phones."""

    def extension(self, number: str) -> str | None:
        """Its name, where the number is an extension that is not off."""
        ...

    def phones(self, number: str) -> Sequence[DialTarget]:
        """Also of one that does not want to be disturbed: who rings it here is its owner."""
        ...


class PhoneFirst:
    """`calls` and `router` are asked late: they are made after all features."""

    def __init__(
        self,
        calls: Callable[[], Starts],
        router: Callable[[], Router],
        phones: Phones,
        *,
        signaling: Signaling,
        new_id: Callable[[], str],
    ) -> None:
        self._calls = calls
        self._router = router
        self._phones = phones
        self._signaling = signaling
        self._new_id = new_id

    @property
    def router(self) -> Router:
        """The office's own."""
        return self._router()

    def name_of(self, number: str) -> str | None:
        return self._phones.extension(number)

    def start(self, extension: str, *, dialled: str, shown: Party, source: str, program: Program) -> Call:
        """Ring the extension's phones, which show `shown`; `program` runs once one is picked up.

        Raises `UserError` 404 without such an extension, 409 when it has no phone, 503 when no more calls are taken.
        """
        name = self._phones.extension(extension)
        if name is None:
            raise UserError(f"there is no extension {extension}", http_status=404, path="$.extension")
        if not self._phones.phones(extension):
            raise UserError(
                f"no phone of extension {extension} is registered",
                http_status=409,
                action="Switch the phone on, or choose another extension",
            )
        try:
            self._calls().admit()
        except PeerError as error:
            raise UserError("no more calls are taken now", http_status=503) from error
        made: list[Call] = []
        leg = CalledBack(
            self._new_id(),
            lambda: reaches(made[0], self._phones.phones(extension)),
            self._signaling,
            shown=shown,
            ring_s=RING_S,
            together=True,
        )

        async def run(call: Call) -> None:
            made.append(call)
            try:
                await pick_up(call)
            finally:
                made.clear()  # the call holds the leg, which asks for the call
            await program(call)

        incoming = Incoming(
            leg=leg,
            caller=Party(extension, name, extension=extension),
            dialled=dialled,
            source=source,
            source_host="",
            offer=None,
        )
        return self._calls().offered(incoming, OwnProgram(self._router(), run))


class ClickToCall:
    """Calls somebody for an extension."""

    def __init__(self, first: PhoneFirst) -> None:
        self._first = first

    def call(self, extension: str, to: str) -> Call:
        """Raises `UserError` as `PhoneFirst.start` does."""
        shown = Party(to, self._first.name_of(to) or "")
        return self._first.start(
            extension, dialled=to, shown=shown, source="click_to_call", program=self._dial
        )

    async def _dial(self, call: Call) -> None:
        await self._first.router.route(call)
