"""The health list: what is looked at, and in which words it is told when it is not well.

Each cause has a code and facts, so that the pages can say it in other languages; the English words are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.api.ports.health import CheckResult
from pbx.app.replica import NoReplica
from pbx.feature.lost_names import shown, words

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck
    from pbx.app.watching import Watching

__all__ = ["HealthChecks"]

FULL_BYTES = 64 << 20
LOW_BYTES = 1 << 30
LATE_S = 0.5
WAITING_RECORDS = 100

REACHED = {
    "ports": ("No audio ports were free", "Widen --rtp-port-min and --rtp-port-max."),
    "files": ("Too many files were open", "Raise LimitNOFILE in the unit, or `ulimit -n`."),
    "memory": ("The memory limit was reached", "Give the node more memory, or raise --memory-limit-mb."),
}


class HealthChecks:
    """One method a line."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._parts = watching.parts

    def all(self) -> Sequence[HealthCheck]:
        return (
            self.extensions,
            self.call_records,
            self.disk,
            self.capacity,
            self.event_loop,
            self.lines,
            self.names,
            self.hold_music,
            self.flows,
            self.voice,
            self.bundle,
            *(() if isinstance(self._parts.replication, NoReplica) else (self.replica,)),
            self.sleeping_phones,
            self.upgrade,
            self.self_call,
        )

    def extensions(self) -> CheckResult:
        if len(self._parts.directory):
            return CheckResult("extensions", ok=True)
        return CheckResult(
            "extensions",
            ok=False,
            cause="There is no extension yet, so no phone can register.",
            action="Create one on the page Phones.",
            code="no_extensions",
        )

    def call_records(self) -> CheckResult:
        name, log = "call records", self._parts.call_log
        if log.dropped:
            return CheckResult(
                name,
                ok=False,
                cause=f"{log.dropped} call records could not be stored and are lost.",
                action="Make room on the disk and look at the log.",
                code="records_lost",
                facts={"count": str(log.dropped)},
            )
        if log.waiting >= WAITING_RECORDS:
            return CheckResult(
                name,
                ok=False,
                cause=f"{log.waiting} call records wait in memory, because the disk takes none. Calls go on.",
                action="Make room on the disk: they are stored then. A restart before that loses them.",
                code="records_wait",
                facts={"count": str(log.waiting)},
            )
        return CheckResult(name, ok=True)

    def disk(self) -> CheckResult:
        free = self._watching.disk_free
        if free is None or free >= LOW_BYTES:
            return CheckResult("disk", ok=True)
        full = free < FULL_BYTES
        return CheckResult(
            "disk",
            ok=False,
            cause="The disk is full. Calls go on; recordings and messages are not kept."
            if full
            else f"Only {free >> 20} MB are free on the disk of the data directory.",
            action="Make room on that disk: old recordings, backups, logs.",
            serious=full,
            code="disk_full" if full else "disk_low",
            facts={"free_mb": str(free >> 20)},
        )

    def capacity(self) -> CheckResult:
        what = next(iter(self._watching.ceilings.lately()), "")
        if not what:
            return CheckResult("capacity", ok=True)
        cause, action = REACHED[what]
        return CheckResult(
            "capacity",
            ok=False,
            cause=f"{cause}: calls were refused within the last hour.",
            action=action,
            serious=False,
            code=f"refused_{what}",
        )

    def event_loop(self) -> CheckResult:
        worst_s = self._watching.lag.worst_s
        if worst_s < LATE_S:
            return CheckResult("event loop", ok=True)
        return CheckResult(
            "event loop",
            ok=False,
            cause=f"The node was late by {worst_s:.1f} s within the last minute: ringing and picking up take longer.",
            action="Look what else runs on the machine, or give it a faster processor.",
            serious=False,
            code="late",
            facts={"seconds": f"{worst_s:.1f}"},
        )

    def lines(self) -> CheckResult:
        down = [each for each in self._parts.trunks.statuses() if each.state == "down"]
        if not down:
            return CheckResult("lines", ok=True)
        return CheckResult(
            "lines",
            ok=False,
            cause=" ".join(f"The line {each.trunk} is down. {each.error}".strip() for each in down),
            action="Test it on the page Trunks: the test says where it ends.",
            serious=False,
            code="lines_down",
            facts={"lines": ", ".join(each.trunk for each in down), "error": down[0].error},
        )

    def names(self) -> CheckResult:
        found = self._parts.names.trouble()
        if found is None:
            return CheckResult("host names", ok=True)
        cause, action = words(found)
        return CheckResult(
            "host names",
            ok=False,
            cause=cause,
            action=action,
            serious=False,
            code=f"names_{found.kind}",
            facts={"since": f"{found.since:%H:%M}", "names": shown(found.names), "why": found.reason},
        )

    def hold_music(self) -> CheckResult:
        problem = self._parts.hold_music.problem
        if not problem:
            return CheckResult("hold music", ok=True)
        return CheckResult(
            "hold music",
            ok=False,
            cause=problem,
            action="Put the file into the folder sounds, or choose another in the settings.",
            serious=False,
            code="hold_music",
            facts={"why": problem},
        )

    def flows(self) -> CheckResult:
        problems = self._parts.flows.flows.problems
        if not problems:
            return CheckResult("call flows", ok=True)
        return CheckResult(
            "call flows",
            ok=False,
            cause=" ".join(
                f"The flow {number} cannot take calls: {why}." for number, why in problems.items()
            ),
            action="Open the flow, mend it, and publish it.",
            code="flows_broken",
            facts={"flows": ", ".join(problems), "why": "; ".join(problems.values())},
        )

    def voice(self) -> CheckResult:
        sounds = self._parts.sounds.sounds
        if sounds.voices and not sounds.problem:
            return CheckResult("voice", ok=True)
        none = "The node has no voice: tones are heard in place of speech."
        return CheckResult(
            "voice",
            ok=False,
            cause=sounds.problem if sounds.voices else none,
            action="Run `pbx doctor` on the node.",
            serious=False,
            code="voice_fails" if sounds.voices else "no_voice",
            facts={"why": sounds.problem} if sounds.voices else {},
        )

    def bundle(self) -> CheckResult:
        problem = self._parts.sync.problem
        if not problem:
            return CheckResult("configuration bundle", ok=True)
        return CheckResult(
            "configuration bundle",
            ok=False,
            cause=problem,
            action="Look at the page Documents: nothing was changed, and it is tried again.",
            serious=False,
            code="bundle",
            facts={"why": problem},
        )

    def replica(self) -> CheckResult:
        state = self._parts.replication.state()
        last = state.last_drill
        if state.condition in ("off", "starting", "running") and (last is None or last.ok):
            return CheckResult("replica", ok=True)
        if state.problem or last is None:
            return CheckResult(
                "replica",
                ok=False,
                cause=state.problem,
                action=state.action,
                serious=False,
                code="replica",
                facts={"why": state.problem, "action": state.action},
            )
        why = " ".join(last.faults)[:500]
        return CheckResult(
            "replica",
            ok=False,
            cause=f"The last restore drill failed: {why}",
            action="A new snapshot is made. Run the drill again; if it fails again, look at the replica.",
            serious=False,
            code="drill_failed",
            facts={"why": why},
        )

    def sleeping_phones(self) -> CheckResult:
        found = self._parts.wake.phones.in_trouble()
        if not found:
            return CheckResult("phones that sleep", ok=True)
        names = ", ".join(f"{each.extension} ({each.device or each.service})" for each in found[:5])
        return CheckResult(
            "phones that sleep",
            ok=False,
            cause=f"Calls do not reach these phones, since they do not wake: {names}.",
            action="Look at the page “Phones that sleep”: it says why.",
            serious=False,
            code="do_not_wake",
            facts={"phones": names},
        )

    def upgrade(self) -> CheckResult:
        change = self._watching.upgraded.change
        if change is None:
            return CheckResult("upgrade", ok=True)
        return CheckResult(
            "upgrade",
            ok=True,
            cause=f"Upgraded on {change.at:%Y-%m-%d}: {change.words()}."
            + (f" The database of before is kept in {change.kept}." if change.kept else ""),
            code="upgraded",
            facts={"date": f"{change.at:%Y-%m-%d}", "what": change.words(), "kept": change.kept},
        )

    def self_call(self) -> CheckResult:
        """After an upgrade, for as long as that is shown."""
        name, call, change = "call to itself", self._watching.upgraded.call, self._watching.upgraded.change
        if call is None or change is None or call.at < change.at:
            return CheckResult(name, ok=True)
        if call.ok:
            return CheckResult(
                name,
                ok=True,
                cause="Calls work: the node has called itself after the upgrade.",
                code="self_call",
            )
        return CheckResult(
            name,
            ok=False,
            cause=f"After the upgrade the node called itself, and {call.why}.",
            action="Try a call between two phones. If it fails, stop the node, run `pbx rollback`, and install the "
            "version of before.",
            code="self_call_failed",
            facts={"why": call.why},
        )
