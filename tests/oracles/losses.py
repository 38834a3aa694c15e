"""RFC 3611 4.7.2 with the whole stream at hand: which packets are in a burst, which in a gap."""

from __future__ import annotations

from dataclasses import dataclass

APART = 16


@dataclass(frozen=True)
class Counts:
    """As `media_ext.losses.Losses`, with what is still open taken as it stands."""

    packets: int
    lost: int
    runs: int
    bursts: int
    burst_packets: int
    burst_lost: int


def count(came: list[bool]) -> Counts:
    """One flag for each packet that was sent, in order."""
    missing = [place for place, here in enumerate(came) if not here]
    groups: list[list[int]] = []
    for place in missing:
        if groups and place - groups[-1][-1] - 1 < APART:
            groups[-1].append(place)
        else:
            groups.append([place])
    bursts = [group for group in groups if len(group) > 1]
    return Counts(
        packets=len(came),
        lost=len(missing),
        runs=sum(place == 0 or came[place - 1] for place in missing),
        bursts=len(bursts),
        burst_packets=sum(group[-1] - group[0] + 1 for group in bursts),
        burst_lost=sum(len(group) for group in bursts),
    )
