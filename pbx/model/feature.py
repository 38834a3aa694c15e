"""What phones can do by dialling a code: the features, and the codes they have unless the office says otherwise.

A feature is one row here, and one function that is registered under its name (`pbx.feature.features`). Its codes are
records (`feature_code`) that exist without being stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

__all__ = ["FEATURES", "NUMBER", "FeatureInfo", "FeatureName", "feature_named"]

NUMBER = "NUMBER"
"""Stands in a code for what is dialled in that place."""

Argument = Literal["none", "number", "optional"]


class FeatureInfo(msgspec.Struct, frozen=True):
    """`codes` are its defaults. `argument`: what it is given; "number" is something to dial, "optional" any word.

    A feature that `reaches` somebody is dialled again by redial, others are not. One that is `for_callers` takes those
    from outside too, when something that they have called sends them there.
    """

    name: str
    title: str
    codes: tuple[str, ...]
    argument: Argument = "none"
    reaches: bool = False
    for_callers: bool = False


FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("echo", "Echo test", ("*43",)),
    FeatureInfo("tone", "Test tone", ("*44",)),
    FeatureInfo("do_not_disturb", "Do not disturb on or off", ("*76",)),
    FeatureInfo("do_not_disturb_on", "Do not disturb", ("*78",)),
    FeatureInfo("do_not_disturb_off", "Do not disturb off", ("*79",)),
    FeatureInfo("forward_always", "Forward always", ("*72NUMBER", "*21*NUMBER#"), "number"),
    FeatureInfo("forward_always_off", "Forward always off", ("*73", "#21#")),
    FeatureInfo("forward_busy", "Forward when busy", ("*90NUMBER", "*67*NUMBER#"), "number"),
    FeatureInfo("forward_busy_off", "Forward when busy off", ("*91", "#67#")),
    FeatureInfo("forward_no_answer", "Forward when nobody answers", ("*92NUMBER", "*61*NUMBER#"), "number"),
    FeatureInfo("forward_no_answer_off", "Forward when nobody answers off", ("*93", "#61#")),
    FeatureInfo(
        "forward_unreachable", "Forward when no phone is there", ("*94NUMBER", "*62*NUMBER#"), "number"
    ),
    FeatureInfo("forward_unreachable_off", "Forward when no phone is there off", ("*95", "#62#")),
    FeatureInfo("forward_off", "All forwarding off", ("*74", "#002#")),
    FeatureInfo("follow_me", "Follow me on or off", ("*84",)),
    FeatureInfo("follow_me_on", "Follow me", ("*85",)),
    FeatureInfo("follow_me_off", "Follow me off", ("*86",)),
    FeatureInfo("redial", "Dial the last number again", ("*66",)),
    FeatureInfo("call_back", "Call back who called last", ("*69",)),
    FeatureInfo("block_last", "Block who called last", ("*60",)),
    FeatureInfo("speed_dial", "Speed dial", ("*0NUMBER",), "number", reaches=True),
    FeatureInfo("withhold_number", "Withhold my number", ("*67NUMBER", "#31#NUMBER"), "number", reaches=True),
    FeatureInfo("intercom", "Intercom", ("*80NUMBER",), "number", reaches=True),
    FeatureInfo("pick_up_group", "Pick up", ("*8",)),
    FeatureInfo("pick_up", "Pick up at an extension", ("**NUMBER",), "number"),
    FeatureInfo("park", "Park", ("*68",)),
    FeatureInfo("park_slot", "Parking slot", ("*68NUMBER",), "number"),
    FeatureInfo("queue_duty", "Log in to queues or out", ("*45", "*45NUMBER"), "optional"),
    FeatureInfo("queue_log_in", "Log in to queues", ("*46", "*46NUMBER"), "optional"),
    FeatureInfo("queue_log_out", "Log out of queues", ("*47", "*47NUMBER"), "optional"),
    FeatureInfo("queue_pause", "Pause in queues or go on", ("*48", "*48NUMBER"), "optional"),
    FeatureInfo("record_prompt", "Record a prompt", ("*77NUMBER",), "optional"),
    FeatureInfo("record_calls", "Record all my calls, or no longer", ("*56",)),
    FeatureInfo("voicemail", "My messages", ("*97",)),
    FeatureInfo("voicemail_check", "Messages of a mailbox", ("*98", "*98NUMBER"), "optional"),
    FeatureInfo(
        "voicemail_leave", "Leave a message", ("*99NUMBER",), "number", reaches=True, for_callers=True
    ),
    FeatureInfo("night_mode", "Night mode on or off", ("*28",), "optional"),
)


def _titles(*names: str) -> frozenset[str]:
    return frozenset(each.title for each in FEATURES if each.name in names)


SELF_TESTS = _titles("echo", "tone")
"""Calls to these try a phone out, and reach nobody."""
PARKING = _titles("park", "park_slot")
"""A call that is put there is still one with whom it was before."""


def feature_named(name: str) -> FeatureInfo:
    """Raises `KeyError`."""
    for each in FEATURES:
        if each.name == name:
            return each
    raise KeyError(name)


if TYPE_CHECKING:
    FeatureName = str
else:
    FeatureName = Literal[tuple(each.name for each in FEATURES)]
