"""What all parts of a node stand on, made before any of them."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.events import EventBus
from pbx.core.metrics import Registry
from pbx.core.tasks import Supervisor
from pbx.store.bindings import BindingStore
from pbx.store.cdrs import CdrStore
from pbx.store.flows import FlowStore
from pbx.store.messages import MessageStore
from pbx.store.push_phones import PushPhoneStore
from pbx.store.recordings import RecordingStore
from pbx.store.records import RecordStore
from pbx.store.settings import SettingStore
from pbx.store.state import StateStore
from pbx.store.sync import SyncStore
from pbx.store.voicemail import VoicemailStore

__all__ = ["Ground", "Late", "Stores"]

Part = TypeVar("Part")


class Stores(msgspec.Struct, frozen=True):
    """The stores that calls and registrations need."""

    records: RecordStore
    bindings: BindingStore
    cdrs: CdrStore
    state: StateStore
    messages: MessageStore
    settings: SettingStore
    flows: FlowStore
    recordings: RecordingStore
    voicemail: VoicemailStore
    sync: SyncStore
    push_phones: PushPhoneStore


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and stores, time, who is told, what is counted, and who owns the tasks."""

    config: NodeConfig
    stores: Stores
    bus: EventBus
    clock: SystemClock
    metrics: Registry
    supervisor: Supervisor


class Late(Generic[Part]):
    """A part that is made after those who ask for it: calls are switched by what they lead to."""

    __slots__ = ("_part",)

    def __init__(self) -> None:
        self._part: Part | None = None

    def set(self, part: Part) -> Part:
        self._part = part
        return part

    def __call__(self) -> Part:
        """Raises `RuntimeError` while the node is being put together."""
        if self._part is None:
            raise RuntimeError("a part was asked for before it was made")
        return self._part
