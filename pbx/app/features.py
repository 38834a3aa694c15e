"""Registers the features that can be dialled, under their names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pbx.app.queues import QueueParts
from pbx.app.sounds import SoundParts
from pbx.feature.answering import Answering
from pbx.feature.callers import BlockLists
from pbx.feature.dial_again import DialAgain
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.flags import Flags
from pbx.feature.follow_me_codes import FollowMeCodes
from pbx.feature.intercom import Intercom
from pbx.feature.numbering import written
from pbx.feature.office import Office
from pbx.feature.prompt_recording import PromptRecording
from pbx.feature.recording.own_calls import OwnCalls
from pbx.feature.self_test import SelfTest
from pbx.feature.wishes import Wishes
from pbx.media.tones import milliwatt
from pbx.model.kinds import FEATURE_CODE, PROMPT, SPEED_DIAL
from pbx.model.recording import RecordingSettings
from pbx.store.cdrs import CdrStore
from pbx.store.records import RecordStore

__all__ = ["code_table", "register_features"]


def code_table(office: Office) -> Features:
    """The table of codes, which follows the office; no feature is registered yet."""
    features = Features()
    office.on_change(lambda: features.use(office.all(FEATURE_CODE)))
    return features


def register_features(
    features: Features,
    *,
    dialplan: Dialplan,
    directory: Directory,
    extensions: ExtensionCalls,
    office: Office,
    records: RecordStore,
    cdrs: CdrStore,
    block_lists: BlockLists,
    busy: Callable[[str], bool],
    sounds: SoundParts,
    queues: QueueParts | None = None,
    recording_settings: Callable[[], RecordingSettings] = RecordingSettings,
    country: str,
) -> None:
    """Give the table the features of phones: what each extension may do by code."""
    answering = Answering(sounds.answer)
    self_test = SelfTest(milliwatt)
    again = DialAgain(
        features=features,
        directory=directory,
        cdrs=cdrs,
        speed_dials=partial(office.all, SPEED_DIAL),
        ways=lambda number: (number, written(number, "national", country)),
    )
    again.onward = dialplan.onward
    if queues is not None:
        queues.register(features, answering)
    recording = PromptRecording(sounds.prompts, partial(office.all, PROMPT), sounds.sounds, sounds.beep)
    wishes = Wishes(records, answering, dialplan.reaches)
    for name, feature in (
        ("echo", self_test.echo),
        ("tone", self_test.tone),
        ("redial", again.redial),
        ("call_back", again.call_back),
        ("block_last", lambda call, _: block_lists.dialled(call, answering)),
        ("speed_dial", again.speed_dial),
        ("withhold_number", again.withhold),
        ("intercom", Intercom(directory, extensions, busy=busy).call),
        ("record_prompt", recording.run),
        ("night_mode", Flags(records, answering).toggle),
        *wishes.features(),
        *FollowMeCodes(records, answering).features(),
        *OwnCalls(records, answering, recording_settings).features(),
    ):
        features.register(name, feature)
