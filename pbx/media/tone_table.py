"""The tones that telephone networks play, by country.

From ITU-T E.180 Supplement 2 (02/2003), "Various tones used in national networks", and where that leaves a tone out
from the country's own specification as the telephone industry's tables have it (Asterisk's indications.conf names
them). E.180 gives ranges and alternatives; here is one of each.

A tone is written as in these tables: `425/480,0/480` is 425 Hz for 480 ms, then 480 ms of silence, again and again;
`400+450` is both frequencies together, `400*25` the first with the second as its amplitude modulation. No time: the
tone is steady.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

SPECIAL_INFORMATION = "950/330,1400/330,1800/330,0/1000"
"""ITU-T E.180 7.2: the same in every country, with silence of at most a second."""


class NationalTones(msgspec.Struct, frozen=True, kw_only=True):
    """One country's; each in the notation above."""

    dial: str
    ringback: str
    busy: str
    congestion: str
    call_waiting: str
    information: str = SPECIAL_INFORMATION


NORTH_AMERICA = NationalTones(
    dial="350+440",
    ringback="440+480/2000,0/4000",
    busy="480+620/500,0/500",
    congestion="480+620/250,0/250",
    call_waiting="440/300,0/10000",
)
BRITISH_ISLES = NationalTones(
    dial="350+440",
    ringback="400+450/400,0/200,400+450/400,0/2000",
    busy="400/375,0/375",
    congestion="400/400,0/350,400/225,0/525",
    call_waiting="400/100,0/4000",
)


def _european(busy_ms: int, congestion_ms: int, call_waiting: str, **other: str) -> NationalTones:
    """425 Hz, one second of ringing in five: what CEPT recommended and most countries have."""
    tones = {
        "dial": "425",
        "ringback": "425/1000,0/4000",
        "busy": f"425/{busy_ms},0/{busy_ms}",
        "congestion": f"425/{congestion_ms},0/{congestion_ms}",
        "call_waiting": call_waiting,
    }
    return NationalTones(**(tones | other))


TONES: Mapping[str, NationalTones] = {
    "at": NationalTones(
        dial="420",
        ringback="420/1000,0/5000",
        busy="420/400,0/400",
        congestion="420/200,0/200",
        call_waiting="420/40,0/1960",
    ),
    "au": NationalTones(
        dial="413+438",
        ringback="413+438/400,0/200,413+438/400,0/2000",
        busy="425/375,0/375",
        congestion="425/375,0/375",
        call_waiting="425/200,0/200,425/200,0/4400",
    ),
    "be": _european(500, 167, "1400/175,0/175,1400/175,0/3500", ringback="425/1000,0/3000"),
    "br": _european(250, 250, "425/50,0/1000", congestion="425/250,0/250,425/750,0/250"),
    "ca": NORTH_AMERICA,
    "ch": _european(500, 200, "425/200,0/200,425/200,0/4000"),
    "cn": NationalTones(
        dial="450",
        ringback="450/1000,0/4000",
        busy="450/350,0/350",
        congestion="450/700,0/700",
        call_waiting="450/400,0/4000",
    ),
    "cz": _european(330, 165, "425/330,0/9000", dial="425/330,0/330,425/660,0/660"),
    "de": _european(480, 240, "425/200,0/200,425/200,0/5000"),
    "dk": _european(500, 200, "425/200,0/600,425/200,0/3000"),
    "es": _european(
        200,
        200,
        "425/175,0/175,425/175,0/3500",
        ringback="425/1500,0/3000",
        congestion="425/200,0/200,425/200,0/200,425/200,0/600",
    ),
    "fi": _european(300, 200, "425/150,0/150,425/150,0/8000"),
    "fr": NationalTones(
        dial="440",
        ringback="440/1500,0/3500",
        busy="440/500,0/500",
        congestion="440/250,0/250",
        call_waiting="440/300,0/10000",
    ),
    "gb": BRITISH_ISLES,
    "gr": _european(300, 200, "425/150,0/150,425/150,0/8000", dial="425/200,0/300,425/700,0/800"),
    "ie": BRITISH_ISLES,
    "in": NationalTones(
        dial="400*25",
        ringback="400*25/400,0/200,400*25/400,0/2000",
        busy="400/750,0/750",
        congestion="400/250,0/250",
        call_waiting="400/200,0/100,400/200,0/7500",
    ),
    "it": _european(
        500, 200, "425/400,0/100,425/250,0/100,425/150,0/14000", dial="425/200,0/200,425/600,0/1000"
    ),
    "jp": NationalTones(
        dial="400",
        ringback="400*16/1000,0/2000",
        busy="400/500,0/500",
        congestion="400/500,0/500",
        call_waiting="400*16/500,0/8000",
    ),
    "mx": _european(250, 250, "425/200,0/600,425/200,0/10000"),
    "nl": _european(500, 250, "425/500,0/9500"),
    "no": _european(500, 200, "425/200,0/600,425/200,0/10000"),
    "nz": NationalTones(
        dial="400",
        ringback="400+450/400,0/200,400+450/400,0/2000",
        busy="400/500,0/500",
        congestion="400/250,0/250",
        call_waiting="400/200,0/3000",
    ),
    "pl": _european(500, 500, "425/150,0/150,425/150,0/4000"),
    "pt": _european(500, 200, "425/200,0/200,425/200,0/5000", ringback="425/1000,0/5000"),
    "se": _european(
        250, 250, "425/200,0/500,425/200,0/9100", congestion="425/250,0/750", ringback="425/1000,0/5000"
    ),
    "us": NORTH_AMERICA,
    "za": NationalTones(
        dial="400*33",
        ringback="400*33/400,0/200,400*33/400,0/2000",
        busy="400/500,0/500",
        congestion="400/250,0/250",
        call_waiting="400*33/250,0/250,400*33/250,0/3250",
    ),
}
