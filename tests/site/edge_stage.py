"""An edge for the site's stage: it answers what the pages ask, keeps what they change, and tells what the test plays.

It stands behind the node's `EdgeDoor`, so that scopes, CSRF, live events and errors are the node's own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from msgspec.structs import replace
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from pbx.api.deps import ApiDeps
from pbx.api.edge_door import EdgeReply
from pbx.core.events import EventBus
from pbx.core.ids import new_id
from pbx.model.edge_event import EdgeEvent
from pbx.store.database import Database

Json = dict[str, Any]
MINUTE = 60_000
OURS = "+18335550100"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0500f0004850180"
    "a98c21c50000000049454e44ae426082"
)


def now_ms() -> int:
    return int(time.time() * 1000)


class RefusedError(Exception):
    """What the edge answers in place of what was wanted."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass
class PlayedEdge:
    """`threads` by "from to", `campaigns` by id, `numbers` by number. `meanwhile` comes just before the next answer."""

    bus: EventBus | None = None
    threads: dict[str, Json] = field(default_factory=dict)
    templates: list[Json] = field(default_factory=list)
    campaigns: dict[str, Json] = field(default_factory=dict)
    people: dict[str, list[Json]] = field(default_factory=dict)
    numbers: dict[str, Json] = field(default_factory=dict)
    consents: list[Json] = field(default_factory=list)
    receptionist: Json = field(default_factory=dict)
    text_settings: Json = field(default_factory=dict)
    meanwhile: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def furnish(self, deps: ApiDeps, _: Database) -> ApiDeps:
        self.bus = deps.bus
        return replace(deps, edge=self)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> EdgeReply:
        self.asked.append((method, path, actor))
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        document = msgspec.json.decode(body) if "json" in content_type else {}
        for wanted, pattern, handler in _ROUTES:
            match = re.fullmatch(pattern, path) if wanted == method else None
            if match is not None:
                try:
                    result = handler(self, actor, asked, document, *map(unquote, match.groups()))
                except RefusedError as refused:
                    problem = {
                        "type": "about:blank",
                        "title": "",
                        "status": refused.status,
                        "detail": refused.detail,
                    }
                    return EdgeReply(status=refused.status, body=msgspec.json.encode(problem))
                if isinstance(result, bytes):
                    return EdgeReply(status=200, content_type="image/png", body=result)
                made = (
                    201
                    if method == "POST" and path in ("/campaigns", "/texts/templates", "/numbers")
                    else 200
                )
                return EdgeReply(
                    status=204 if result is None else made,
                    body=b"" if result is None else msgspec.json.encode(result),
                )
        raise AssertionError(f"the played edge has no {method} {path}")

    def tell(self, topic: Any, id_: str, document: Json) -> None:
        if self.bus is not None:
            event = EdgeEvent(topic=topic, id=id_, document=msgspec.Raw(msgspec.json.encode(document)))
            self.bus.publish("edge", event)

    # -- texts ---------------------------------------------------------------------------------------------------------

    def text(
        self,
        person: str,
        words: str,
        *,
        out: bool = False,
        author: str = "",
        actor: str = "",
        ago_ms: int = 0,
        state: str = "",
        reason: str = "",
        media: tuple[Json, ...] = (),
    ) -> Json:
        """One message, as if it came or went `ago_ms` ago."""
        thread = self.threads.setdefault(f"{person} {OURS}", _thread(person))
        message = {
            "id": new_id(),
            "from": OURS if out else person,
            "to": person if out else OURS,
            "direction": "out" if out else "in",
            "author": author or ("person" if out else "them"),
            "actor": actor,
            "text": words,
            "at": now_ms() - ago_ms,
            "state": state or ("delivered" if out else "received"),
            "code": 30006 if state == "failed" else 0,
            "reason": reason,
            "segments": 1,
            "campaign": "",
            "media": list(media),
        }
        thread["messages"].append(message)
        head = thread["conversation"]
        head |= {
            "last_id": message["id"],
            "last_at": message["at"],
            "last_text": words,
            "last_direction": message["direction"],
            "last_writer": actor,
            "unread": 0 if out else head["unread"] + 1,
        }
        self._told(head)
        return message

    def _told(self, head: Json) -> None:
        self.tell(
            "conversations", f"{head['from']} {head['to']}", {"what": "conversation", "conversation": head}
        )

    def _conversations(self, actor: str, asked: Json, _: Json) -> Json:
        heads = sorted(
            (each["conversation"] for each in self.threads.values()), key=lambda one: -one["last_at"]
        )
        shown = [
            each
            for each in heads
            if asked.get("q", "") in each["from"] + each["last_text"]
            and (asked.get("unread") != "true" or each["unread"])
            and asked.get("mode", each["mode"]) == each["mode"]
            and asked.get("assigned_to", each["assigned_to"]).strip("-") == each["assigned_to"]
        ]
        return {"items": shown, "total": len(shown), "unread": sum(1 for each in heads if each["unread"])}

    def _find(self, from_: str, to: str) -> Json:
        if f"{from_} {to}" not in self.threads:
            raise RefusedError(404, "There is no such conversation.")
        return self.threads[f"{from_} {to}"]

    def _detail(self, actor: str, asked: Json, body: Json, from_: str, to: str) -> Json:
        return self._find(from_, to)

    def _change(self, from_: str, to: str, **fields: Any) -> Json:
        head: Json = self._find(from_, to)["conversation"]
        head |= fields
        self._told(head)
        return head

    def _reply(self, actor: str, _: Json, body: Json) -> Json:
        head = self._find(body["from"], body["to"])["conversation"]
        while self.meanwhile:
            self.text(body["from"], self.meanwhile.pop())
        if not body.get("anyway") and body.get("seen") != head["last_id"]:
            raise RefusedError(409, f"{head['last_writer'] or 'They'} wrote meanwhile: “{head['last_text']}”")
        head["mode"] = "person"
        return self.text(body["from"], body["text"], out=True, actor=actor, state="sent")

    def _send(self, actor: str, _: Json, body: Json) -> Json:
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", body["to"]):
            raise RefusedError(422, "That is no number with its country code.")
        return self.text(body["to"], body["text"], out=True, actor=actor, state="queued")

    def _note(self, actor: str, _: Json, body: Json, from_: str, to: str) -> Json:
        note = {"id": new_id(), "actor": actor, "at": now_ms(), "text": body["text"]}
        self._find(from_, to)["notes"].append(note)
        self._told(self._find(from_, to)["conversation"])
        return note

    def _try_text(self, actor: str, _: Json, body: Json) -> Json:
        said = body["turns"][-1]["text"].lower()
        known = "open" in said
        return {
            "text": "We are open Monday to Friday, 9 to 5." if known else "A person will answer you soon.",
            "hands_over": not known,
            "facts": ["Opening hours"] if known else [],
            "by": "matcher",
        }

    # -- campaigns -----------------------------------------------------------------------------------------------------

    def _create(self, actor: str, _: Json, body: Json) -> Json:
        id_ = new_id()
        self.campaigns[id_] = _campaign(id_, actor)
        return self._edit(actor, {}, body, id_)

    def _edit(self, actor: str, _: Json, body: Json, id_: str) -> Json:
        campaign = self.campaigns[id_]
        campaign |= {name: value for name, value in body.items() if name in campaign}
        if body.get("recipients"):
            lines = [each for each in body["recipients"].splitlines() if each.strip()]
            self.people[id_] = _people(lines)
            campaign |= {"people": len(self.people[id_]), "fields": ["name"]}
            campaign["counts"]["queued"] = len(self.people[id_])
        return campaign

    def _preview(self, actor: str, _: Json, __: Json, id_: str) -> Json:
        campaign, people = self.campaigns[id_], self.people.get(id_, [])
        blocks = [] if campaign["consent"] else ["There is no consent record."]
        blocks += [] if campaign["text"] else ["There is no text."]
        return {
            "people": len(people),
            "duplicates": 1,
            "opted_out": 1,
            "wrong": 1,
            "faults": [
                {"line": 3, "kind": "duplicate", "text": "+12025550123: already in line 1."},
                {"line": 4, "kind": "opted_out", "text": "+12025550177: has opted out of texts."},
                {"line": 5, "kind": "number", "text": "12345: it is too short for a number."},
            ],
            "fields": ["name"],
            "samples": [
                {
                    "number": each["number"],
                    "name": each["name"],
                    "text": campaign["text"].replace("{name}", each["name"]) + "\nReply STOP to opt out.",
                    "segments": 1,
                    "encoding": "GSM-7",
                }
                for each in people[:3]
            ],
            "costly_letters": "",
            "cost": {
                "messages": len(people),
                "segments": len(people),
                "amount": f"{len(people) * 0.0113:.4f}",
                "currency": "USD",
                "unpriced": {},
                "estimate": True,
            },
            "seconds": float(len(people)),
            "waiting": 0,
            "from_number": OURS,
            "registration": {
                "kind": "toll_free",
                "state": "pending",
                "words": "The verification of the toll-free number is in review.",
                "verdict": "ask",
            },
            "warnings": [],
            "blocks": blocks,
        }

    def _start(self, actor: str, _: Json, body: Json, id_: str) -> Json:
        campaign = self.campaigns[id_]
        if not body.get("despite_registration"):
            raise RefusedError(409, "The registration of the number is in review.")
        campaign |= {
            "state": "scheduled" if body.get("at") else "running",
            "started_at": now_ms(),
            "started_by": actor,
            "starts_at": body.get("at"),
            "from_number": OURS,
        }
        return campaign

    def _steer(self, actor: str, _: Json, __: Json, id_: str, what: str) -> Json:
        campaign = self.campaigns[id_]
        campaign["state"] = {"pause": "paused", "resume": "running", "cancel": "cancelled"}[what]
        return campaign

    def advance(self, id_: str, state: str, count: int, reason: str = "") -> None:
        """So many who wait come to `state`."""
        campaign = self.campaigns[id_]
        for person in [each for each in self.people[id_] if each["state"] == "queued"][:count]:
            person |= {"state": state, "reason": reason, "sent_at": now_ms()}
            campaign["counts"]["queued"] -= 1
            campaign["counts"][state] += 1
        if campaign["counts"]["queued"] == 0:
            campaign |= {"state": "finished", "finished_at": now_ms()}
        self.tell("campaigns", id_, campaign)

    def _recipients(self, actor: str, asked: Json, _: Json, id_: str) -> Json:
        wanted = asked.get("state")
        shown = [
            each
            for each in self.people.get(id_, [])
            if wanted in (None, each["state"])
            and asked.get("q", "").lower() in (each["name"] + each["number"]).lower()
        ]
        return {"items": shown[: int(asked.get("limit", 50))], "total": len(shown)}

    def _settle(self, actor: str, _: Json, body: Json, id_: str) -> Json:
        state = {"leave": "left", "again": "queued"}[body["action"]]
        counts = self.campaigns[id_]["counts"]
        for person in self.people[id_]:
            if person["state"] == "uncertain":
                person["state"] = state
                counts["uncertain"] -= 1
                counts[state] += 1
        return self.campaigns[id_]

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _try_call(self, actor: str, _: Json, body: Json) -> Json:
        begins = not body.get("state")
        return {
            "says": [body["settings"]["greeting"] or "Welcome. Whom would you like to speak to?"]
            if begins
            else ["I connect you with Alice Keller."],
            "does": "listens" if begins else "calls",
            "target": "" if begins else "Alice Keller",
            "numbers": [],
            "state": "1" if begins else "",
            "understood": "" if begins else "transfer",
            "by": "" if begins else "matcher",
            "confidence": 0.0 if begins else 0.97,
            "why": "" if begins else "the name was said",
            "directory_from": None,
        }


def _thread(person: str) -> Json:
    head = {
        "from": person,
        "to": OURS,
        "mode": "ai",
        "assigned_to": "",
        "unread": 0,
        "last_id": "",
        "last_at": 0,
        "last_text": "",
        "last_direction": "in",
        "last_writer": "",
        "typing": "",
        "opted_out": False,
    }
    return {"conversation": head, "messages": [], "notes": [], "more": False}


STATES = [
    "queued",
    "released",
    "checking",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "uncertain",
    "opted_out",
    "no_hours",
    "left",
    "cancelled",
]


def _campaign(id_: str, actor: str) -> Json:
    return {
        "id": id_,
        "name": "",
        "state": "draft",
        "note": "",
        "from_number": "",
        "text": "",
        "marketing": True,
        "consent": None,
        "fields": [],
        "starts_at": None,
        "created_at": now_ms(),
        "created_by": actor,
        "started_at": None,
        "started_by": "",
        "finished_at": None,
        "people": 0,
        "counts": dict.fromkeys(STATES, 0),
    }


def _people(lines: list[str]) -> list[Json]:
    return [
        {
            "id": new_id(),
            "number": f"+1202555{index:04d}",
            "name": line.split(",")[0].strip(),
            "state": "queued",
            "segments": 1,
            "sid": "",
            "code": 0,
            "reason": "",
            "not_before": None,
            "sent_at": None,
            "changed_at": now_ms(),
        }
        for index, line in enumerate(lines)
    ]


def outside_number(number: str, name: str, *, kind: str = "local", drift: tuple[str, ...] = ()) -> Json:
    return {
        "number": number,
        "sid": "PN" + number[1:].zfill(32),
        "name": name,
        "kind": kind,
        "voice": True,
        "sms": True,
        "mms": kind == "local",
        "country": "US",
        "state": "drift" if drift else "ok",
        "extension": "",
        "trunk_sid": "",
        "checked_at": now_ms(),
        "drift": [{"what": f"d{at}", "words": each} for at, each in enumerate(drift)],
    }


def _page(items: list[Json]) -> Json:
    return {"items": items, "total": len(items)}


def _free(edge: PlayedEdge, actor: str, asked: Json, _: Json) -> Json:
    area = asked.get("area_code") or "202"
    place = {
        "place": "Springfield",
        "region": "IL",
        "price": "1.15",
        "currency": "USD",
        "needs_address": False,
    }
    items = [outside_number(f"+1{area}5550{at}", "") | place for at in range(120, 128)]
    return {"items": items}


def _buy(edge: PlayedEdge, actor: str, _: Json, body: Json) -> Json:
    edge.numbers[body["number"]] = outside_number(body["number"], body["name"]) | {
        "extension": body.get("extension", "")
    }
    return edge.numbers[body["number"]]


def _repair(edge: PlayedEdge, actor: str, _: Json, __: Json, number: str) -> Json:
    edge.numbers[number] |= {"drift": [], "state": "ok"}
    return edge.numbers[number]


def _figures(edge: PlayedEdge, actor: str, _: Json, __: Json) -> Json:
    days = [
        {
            "day": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400 * ago)),
            "received": 20 + ago * 7 % 13,
            "sent": 24 + ago * 5 % 11,
            "delivered": 22 + ago * 5 % 9,
            "failed": ago % 3,
            "uncertain": 0,
            "by_ai": 12 + ago * 3 % 7,
            "by_people": 8 + ago % 4,
            "by_campaigns": 4,
        }
        for ago in range(29, -1, -1)
    ]
    return {
        "first": days[0]["day"],
        "last": days[-1]["day"],
        "time_zone": "Europe/Berlin",
        "days": days,
        "numbers": [{"number": OURS, "received": 700, "sent": 640}],
        "failures": [{"code": 30003, "words": "The phone was off or out of reach.", "count": 21}],
        "opted_out": 3,
        "opted_in": 1,
        "segments": 801,
        "answered_s": 41,
    }


Handler = Callable[..., Json | bytes | None]
PAIR = r"/conversations/([^/]+)/([^/]+)"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/conversations", PlayedEdge._conversations),
    ("GET", PAIR, PlayedEdge._detail),
    ("POST", "/conversations/reply", PlayedEdge._reply),
    ("POST", PAIR + "/read", lambda edge, actor, q, b, f, t: edge._change(f, t, unread=0)),
    ("POST", PAIR + "/unread", lambda edge, actor, q, b, f, t: edge._change(f, t, unread=1)),
    (
        "POST",
        PAIR + "/take-over",
        lambda edge, actor, q, b, f, t: edge._change(f, t, mode="person", assigned_to=actor),
    ),
    ("POST", PAIR + "/hand-back", lambda edge, actor, q, b, f, t: edge._change(f, t, mode="ai")),
    ("PUT", PAIR + "/assignment", lambda edge, actor, q, b, f, t: edge._change(f, t, assigned_to=b["to"])),
    (
        "PUT",
        PAIR + "/typing",
        lambda edge, actor, q, b, f, t: edge._change(f, t, typing=actor if b["typing"] else ""),
    ),
    ("POST", PAIR + "/notes", PlayedEdge._note),
    ("POST", "/sms/send", PlayedEdge._send),
    ("GET", "/texts/templates", lambda edge, *_: _page(edge.templates)),
    (
        "POST",
        "/texts/templates",
        lambda edge, a, q, b: edge.templates.append(b | {"id": new_id(), "updated_at": 0}) or b,
    ),
    ("GET", "/texts/media/(.+)", lambda *_: PIXEL),
    ("GET", "/texts/settings", lambda edge, *_: edge.text_settings),
    ("GET", "/texts/consents", lambda edge, *_: _page(edge.consents)),
    ("POST", "/texts/try", PlayedEdge._try_text),
    ("GET", "/campaigns", lambda edge, *_: _page(list(edge.campaigns.values())[::-1])),
    ("POST", "/campaigns", PlayedEdge._create),
    ("GET", "/campaigns/settings", lambda *_: {}),
    ("GET", "/campaigns/([^/]+)", lambda edge, a, q, b, id_: edge.campaigns[id_]),
    ("PATCH", "/campaigns/([^/]+)", PlayedEdge._edit),
    ("GET", "/campaigns/([^/]+)/preview", PlayedEdge._preview),
    ("GET", "/campaigns/([^/]+)/recipients", PlayedEdge._recipients),
    ("POST", "/campaigns/([^/]+)/start", PlayedEdge._start),
    ("POST", "/campaigns/([^/]+)/settle", PlayedEdge._settle),
    ("POST", "/campaigns/([^/]+)/(pause|resume|cancel)", PlayedEdge._steer),
    ("GET", "/numbers", lambda edge, *_: _page(list(edge.numbers.values()))),
    ("GET", "/numbers/search", _free),
    ("GET", "/numbers/unassigned", lambda *_: {"items": []}),
    ("POST", "/numbers", _buy),
    ("POST", "/numbers/([^/]+)/repair", _repair),
    ("DELETE", "/numbers/([^/]+)", lambda edge, a, q, b, number: edge.numbers.pop(number) and None),
    ("GET", "/receptionist", lambda edge, *_: edge.receptionist),
    ("PUT", "/receptionist", lambda edge, a, q, b: edge.receptionist.update(b) or edge.receptionist),
    ("POST", "/receptionist/try", PlayedEdge._try_call),
    ("GET", "/receptionist/voicemails", lambda *_: _page([])),
    ("GET", "/analytics/sms", _figures),
]
