"""RFC 4475's messages, and what becomes of each: the parser's verdict, and the answer on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

DIRECTORY = Path(__file__).parent.parent / "data" / "torture"

DELIVERED = 0
"""Nothing is answered by the endpoint: the request goes to the user of the stack."""
SILENCE = -1


class Case(NamedTuple):
    """`parsed` is the `ParseError` status, 0 when the parser accepts. `wire` is a status, DELIVERED or SILENCE."""

    section: str
    name: str
    parsed: int
    wire: int

    @property
    def data(self) -> bytes:
        return (DIRECTORY / f"{self.name}.dat").read_bytes()


CASES = [
    # Valid messages: syntax.
    Case("3.1.1.1", "wsinv", 0, DELIVERED),
    Case("3.1.1.2", "intmeth", 0, DELIVERED),
    Case("3.1.1.3", "esc01", 0, DELIVERED),
    Case("3.1.1.4", "escnull", 0, DELIVERED),
    Case("3.1.1.5", "esc02", 0, DELIVERED),
    Case("3.1.1.6", "lwsdisp", 0, DELIVERED),
    Case("3.1.1.7", "longreq", 0, DELIVERED),
    Case("3.1.1.8", "dblreq", 0, DELIVERED),
    Case("3.1.1.9", "semiuri", 0, DELIVERED),
    Case("3.1.1.10", "transports", 0, DELIVERED),
    Case("3.1.1.11", "mpart01", 0, DELIVERED),
    Case("3.1.1.12", "unreason", 0, SILENCE),  # a response to nothing
    Case("3.1.1.13", "noreason", 0, SILENCE),
    # Invalid messages.
    Case("3.1.2.1", "badinv01", 400, 400),
    Case("3.1.2.2", "clerr", 400, 400),
    Case("3.1.2.3", "ncl", 400, 400),
    Case("3.1.2.4", "scalar02", 400, 400),
    Case("3.1.2.5", "scalarlg", 400, SILENCE),
    Case("3.1.2.6", "quotbal", 400, 400),
    Case("3.1.2.7", "ltgtruri", 400, 400),
    Case("3.1.2.8", "lwsruri", 400, 400),
    Case("3.1.2.9", "lwsstart", 400, 400),
    Case("3.1.2.10", "trws", 400, 400),
    Case("3.1.2.11", "escruri", 400, 400),
    Case("3.1.2.12", "baddate", 0, DELIVERED),  # nobody here reads Date: the RFC allows to ignore it
    Case("3.1.2.13", "regbadct", 0, DELIVERED),  # the registrar's 400, see test_torture.py
    Case("3.1.2.14", "badaspec", 0, DELIVERED),  # the RFC allows to forgive the blanks
    Case("3.1.2.15", "baddn", 400, 400),
    Case("3.1.2.16", "badvers", 505, 505),
    Case("3.1.2.17", "mismatch01", 400, 400),
    Case("3.1.2.18", "mismatch02", 501, 501),
    Case("3.1.2.19", "bigcode", 400, SILENCE),
    # Transaction layer, application layer, backward compatibility.
    Case("3.2.1", "badbranch", 0, DELIVERED),
    Case("3.3.1", "insuf", 400, 400),
    Case("3.3.2", "unkscm", 0, 416),
    Case("3.3.3", "novelsc", 0, 416),
    Case("3.3.4", "unksm2", 0, DELIVERED),
    Case("3.3.5", "bext01", 0, DELIVERED),
    Case("3.3.6", "invut", 0, DELIVERED),
    Case("3.3.7", "regaut01", 0, DELIVERED),
    Case("3.3.8", "multi01", 400, 400),
    Case("3.3.9", "mcl01", 400, 400),
    Case("3.3.10", "bcast", 0, SILENCE),
    Case("3.3.11", "zeromf", 0, DELIVERED),
    Case("3.3.12", "cparam01", 0, DELIVERED),
    Case("3.3.13", "cparam02", 0, DELIVERED),
    Case("3.3.14", "regescrt", 0, DELIVERED),
    Case("3.3.15", "sdp01", 0, DELIVERED),
    Case("3.4.1", "inv2543", 0, DELIVERED),
]

BY_NAME = {case.name: case for case in CASES}
