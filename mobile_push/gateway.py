"""Sends pushes: each attempt within the push's own time, each phone on its own, nothing twice, nothing for a dead call.

- The same push for the same phone (call, kind, token) that comes again gets the first one's outcome: whoever got no
  answer may ask again.
- A cancel withdraws the push that it cancels while that is still being tried; a push that comes after its cancel is
  not sent. So a late push never rings a phone for a call that is over.
- A token that its platform calls dead is forgotten, unless it was registered again after its death.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from mobile_push.clock import Clock
from mobile_push.deliveries import Deliveries
from mobile_push.devices import Devices
from mobile_push.errors import PushError
from mobile_push.limits import Limits
from mobile_push.metrics import Metrics
from mobile_push.model import OF_A_CALL, Outcome, Push, State, Target
from mobile_push.provider import Answer, Message, Provider

log = logging.getLogger(__name__)

ATTEMPT_S = 5.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
REMEMBER_S = 120.0
MOST_REMEMBERED = 50_000

_Key = tuple[str, str, str]
"""Office, call, token."""


@dataclass(slots=True)
class _Sent:
    """A push that is being sent, or was."""

    outcome: asyncio.Future[Outcome]
    until: float
    withdrawn: asyncio.Event


class Gateway:
    """`providers` are those that keys were given for."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        devices: Devices,
        deliveries: Deliveries,
        limits: Limits,
        metrics: Metrics,
        clock: Clock,
        attempt_s: float = ATTEMPT_S,
    ) -> None:
        self.providers = providers
        self._devices = devices
        self._deliveries = deliveries
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._attempt_s = attempt_s
        self._sent: dict[str, OrderedDict[_Key, _Sent]] = {"incoming": OrderedDict(), "cancel": OrderedDict()}

    async def push(self, office: str, push: Push) -> tuple[Outcome, ...]:
        """An outcome for each target. Raises `PushError` 422 and 429."""
        if push.kind in OF_A_CALL and not push.call_id:
            raise PushError(422, f"A push of the kind {push.kind} needs a call_id.")
        for target in push.targets:
            if bool(target.device) == bool(target.platform and target.token):
                raise PushError(422, "A target names either a device, or a platform and a token.")
        try:
            self._limits.take(office, len(push.targets))
        except PushError:
            self._metrics.limited += 1
            raise
        if len(push.targets) == 1:
            return (await self._one(office, push, push.targets[0]),)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(office, push, each)) for each in push.targets]
        return tuple(task.result() for task in tasks)

    async def _one(self, office: str, push: Push, target: Target) -> Outcome:
        began = self._clock.monotonic()
        if target.device:
            device = await self._devices.get(office, target.device)
            if device is None:
                return Outcome(state="gone", reason="there is no such device", device=target.device)
            target = Target(
                device=device.id,
                platform=device.platform,
                token=device.token,
                app=device.app,
                sandbox=device.sandbox,
            )
        platform = target.platform or ""
        outcome, fresh = await self._once(office, push, target, began)
        if fresh:
            self._metrics.pushes[platform, push.kind, outcome.state] += 1
            self._metrics.took_ms[platform] += round(outcome.took_ms)
            self._deliveries.note(office, push, platform, target.token, outcome)
        return outcome

    async def _once(self, office: str, push: Push, target: Target, began: float) -> tuple[Outcome, bool]:
        """The outcome, and whether it was sent now rather than before."""
        if push.kind not in OF_A_CALL:
            return await self._try(push, target, began, asyncio.Event()), True
        key = (office, push.call_id, target.token)
        known = self._sent[push.kind].get(key)
        if known is not None and known.until > began:
            return await asyncio.shield(known.outcome), False
        sent = _Sent(asyncio.get_running_loop().create_future(), began + REMEMBER_S, asyncio.Event())
        if push.kind == "cancel":
            self._remember(push.kind, key, sent)
            if (needless := await self._withdraw(key, target, push.useful_s)) is not None:
                sent.outcome.set_result(needless)
                return needless, True
        elif (cancelled := self._sent["cancel"].get(key)) is not None and cancelled.until > began:
            return Outcome(state="withdrawn", reason="its call was cancelled", device=target.device), True
        else:
            self._remember(push.kind, key, sent)
        try:
            outcome = await self._try(push, target, began, sent.withdrawn)
        except BaseException:
            self._sent[push.kind].pop(key, None)
            sent.outcome.cancel()
            raise
        sent.outcome.set_result(outcome)
        return outcome, True

    async def _withdraw(self, key: _Key, target: Target, longest_s: float) -> Outcome | None:
        """Stop the push that is cancelled, and let its last attempt end first: the cancel must not overtake it.

        An outcome when it can have reached nobody, so that there is nothing to cancel.
        """
        incoming = self._sent["incoming"].get(key)
        if incoming is None:
            return None
        incoming.withdrawn.set()
        await asyncio.wait([incoming.outcome], timeout=longest_s)
        if not incoming.outcome.done() or incoming.outcome.cancelled():
            return None
        first = incoming.outcome.result()
        if first.state in ("sent", "late", "withdrawn"):
            return None
        return Outcome(
            state="withdrawn", reason=f"there was no push to cancel: {first.reason}", device=target.device
        )

    def _remember(self, kind: str, key: _Key, sent: _Sent) -> None:
        known = self._sent[kind]
        known[key] = sent
        known.move_to_end(key)
        while known:
            oldest = next(iter(known.values()))
            if len(known) <= MOST_REMEMBERED and oldest.until > self._clock.monotonic():
                break
            known.popitem(last=False)

    async def _try(self, push: Push, target: Target, began: float, withdrawn: asyncio.Event) -> Outcome:
        """Attempt after attempt until it is taken, hopeless, withdrawn or late."""
        provider = self.providers.get(target.platform or "")
        if provider is None:
            return Outcome(state="unconfigured", reason=f"no key for {target.platform}", device=target.device)
        deadline = began + push.useful_s
        message = Message(push, target.token, self._clock.time() + push.useful_s, target.app, target.sandbox)
        answer, attempts, state = Answer("again", "no time left"), 0, "late"
        while (left_s := deadline - self._clock.monotonic()) > 0:
            attempts += 1
            answer = await _attempt(provider, message, min(self._attempt_s, left_s))
            self._metrics.attempts[target.platform or "", answer.status] += 1
            if answer.verdict != "again":
                state = answer.verdict
                break
            if withdrawn.is_set():
                state = "withdrawn"
                break
            pause_s = _pause(attempts, answer.retry_after_s)
            if self._clock.monotonic() + pause_s >= deadline:
                break
            if await self._pause(pause_s, withdrawn):
                state = "withdrawn"
                break
        if answer.verdict == "gone":
            dead_since = self._clock.time() if answer.dead_since is None else answer.dead_since
            await self._devices.forget(target.platform or "", target.token, dead_since)
        took_ms = (self._clock.monotonic() - began) * 1000
        made: State = state  # type: ignore[assignment]
        return Outcome(
            state=made,
            reason=answer.reason,
            device=target.device,
            status=answer.status,
            attempts=attempts,
            took_ms=round(took_ms, 1),
        )

    async def _pause(self, pause_s: float, withdrawn: asyncio.Event) -> bool:
        """Wait between two attempts; True as soon as the push was withdrawn."""
        if pause_s <= 0:
            await asyncio.sleep(0)
            return withdrawn.is_set()
        waiting = asyncio.ensure_future(self._clock.sleep(pause_s))  # noqa: TID251  both end here
        stopped = asyncio.ensure_future(withdrawn.wait())  # noqa: TID251
        try:
            await asyncio.wait([waiting, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            stopped.cancel()
        return withdrawn.is_set()


async def _attempt(provider: Provider, message: Message, timeout_s: float) -> Answer:
    """A fault of ours is none of the other phones'."""
    try:
        return await provider.send(message, timeout_s)
    except Exception as error:
        log.exception("a push could not be sent")
        return Answer("again", f"{type(error).__name__}: {error}"[:200])


def _pause(attempts: int, said_s: float | None) -> float:
    """What the platform asks for; else twice as long each time, not all at the same moment.

    Only two attempts may follow at once.
    """
    grown: float = min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)  # noqa: S311
    if said_s is None:
        return grown
    return said_s if said_s > 0 or attempts <= 2 else grown
