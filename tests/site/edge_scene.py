"""What lies at the played edge when the curtain rises: conversations, a campaign that runs, numbers."""

from __future__ import annotations

from tests.site.edge_stage import MINUTE, OURS, PlayedEdge, outside_number

JANE, OMAR, LEE, ROSA = "+12025550123", "+12025550144", "+14155550190", "+491512345678"


def furnished(edge: PlayedEdge) -> None:
    _texts(edge)
    _campaigns(edge)
    edge.numbers |= {
        OURS: outside_number(OURS, "Main number", kind="toll_free"),
        "+12025550111": outside_number(
            "+12025550111",
            "Alice Keller",
            drift=(
                "Texts go to another address (https://old.example.com/sms).",
                "No fallback address is set.",
            ),
        ),
    }
    edge.receptionist |= {
        "greeting": "Welcome to Keller and Sons.",
        "facts": "Opening hours: Monday to Friday, 9 to 5.\nAddress: 1 Main Street, Springfield.",
        "tone": "friendly",
    }


def _texts(edge: PlayedEdge) -> None:
    hour, day = 60 * MINUTE, 24 * 60 * MINUTE
    edge.text(OMAR, "Is my order ready?", ago_ms=2 * day)
    edge.text(OMAR, "Yes, since this morning.", out=True, actor="admin", ago_ms=2 * day - MINUTE)
    edge.text(LEE, "STOP", ago_ms=day)
    edge.threads[f"{LEE} {OURS}"]["conversation"] |= {"opted_out": True, "unread": 0}
    edge.text(ROSA, "Guten Tag, wann haben Sie geöffnet?", ago_ms=5 * hour)
    edge.text(ROSA, "Montag bis Freitag, 9 bis 17 Uhr.", out=True, author="ai", ago_ms=5 * hour - MINUTE)
    edge.text(JANE, "Hello, when do you open tomorrow?", ago_ms=50 * MINUTE)
    edge.text(JANE, "We are open Monday to Friday, 9 to 5.", out=True, author="ai", ago_ms=49 * MINUTE)
    edge.text(
        JANE,
        "Can somebody look at this? It came broken.",
        ago_ms=12 * MINUTE,
        media=({"id": "M1", "type": "image/png", "size": 70, "state": "stored", "reason": ""},),
    )
    edge.text(JANE, "I ask a person to look at it.", out=True, author="ai", ago_ms=11 * MINUTE)
    thread = edge.threads[f"{JANE} {OURS}"]
    thread["conversation"] |= {"mode": "waiting", "unread": 1}
    thread["notes"].append(
        {
            "id": "N1",
            "actor": "carol",
            "at": thread["messages"][-1]["at"] + MINUTE,
            "text": "Order 4711, replace it.",
        }
    )
    edge.templates.append(
        {
            "id": "T1",
            "name": "Opening hours",
            "text": "We are open Monday to Friday, 9 to 5.",
            "updated_at": 0,
        }
    )


def _campaigns(edge: PlayedEdge) -> None:
    edge._create("admin", {}, {"name": "Winter tyres", "text": "Hello {name}, tyres are here."})
    (id_,) = edge.campaigns
    edge._edit("admin", {}, {"recipients": "\n".join(f"Customer {at}" for at in range(200))}, id_)
    edge._start("admin", {}, {"despite_registration": True}, id_)
    edge.advance(id_, "delivered", 96)
    edge.advance(id_, "sent", 20)
    edge.advance(id_, "undelivered", 3, "The phone was off or out of reach.")
    edge.advance(id_, "uncertain", 2, "The line broke before Twilio answered.")
