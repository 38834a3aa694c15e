"""What people say around what they want, and other words for it. English; names are in any language."""

from __future__ import annotations

import re

__all__ = ["ASIDES", "GENERIC", "GOODBYES", "MESSAGES", "OPERATORS", "SAME", "TOPICS"]

ASIDES = re.compile(
    r"\b(?:hello|hi|hey|please|thank you|thanks|good (?:morning|afternoon|evening|day)"
    r"|(?:may|can|could|would|might) (?:i|you|we)(?: please)?"
    r"|(?:i|we) (?:would|d) like(?: to)?|id like(?: to)?|(?:i|we) (?:want|need|wish|have)(?: to)?|im|i am"
    r"|(?:looking|calling|asking|trying) (?:for|about|to)"
    r"|(?:speak|talk|connect|transfer|put)(?:ing)? (?:me )?(?:through )?(?:to|with)"
    r"|get me|give me|let me|connect me|transfer me|put me through|reach|is there)\b"
)
"""Said around a name; taken out before names are looked for."""

GENERIC = frozenset(
    ("a", "an", "and", "at", "by", "department", "dept", "desk", "division", "for", "from", "group",
     "in", "is", "it", "line", "me", "mr", "mrs", "ms", "dr", "my", "of", "office", "on", "or",
     "our", "service", "services", "team", "the", "this", "to", "us", "we", "with", "you", "your")
)  # fmt: skip
"""Words that mean nobody when they stand alone."""

MESSAGES = (
    "voicemail",
    "voice mail",
    "leave a message",
    "leave message",
    "leave him a message",
    "leave her a message",
    "leave them a message",
    "take a message",
    "record a message",
    "mailbox",
    "answering machine",
)
GOODBYES = (
    "goodbye",
    "good bye",
    "bye",
    "bye bye",
    "hang up",
    "nothing",
    "nothing else",
    "never mind",
    "no thank you",
    "no thanks",
    "that is all",
    "thats all",
    "that was all",
    "wrong number",
    "forget it",
)
OPERATORS = (
    "operator",
    "reception",
    "receptionist",
    "front desk",
    "human",
    "a person",
    "real person",
    "somebody",
    "someone",
    "anybody",
    "anyone",
    "representative",
    "switchboard",
)

SAME: tuple[tuple[str, ...], ...] = (
    ("sales", "buy", "order", "purchase", "price", "prices", "pricing", "quote", "offer", "new customer"),
    (
        "support",
        "help",
        "technical",
        "helpdesk",
        "problem",
        "broken",
        "not working",
        "fault",
        "error",
        "trouble",
    ),
    (
        "billing",
        "accounting",
        "accounts",
        "finance",
        "invoice",
        "bill",
        "payment",
        "pay",
        "refund",
        "bookkeeping",
    ),
    ("human resources", "hr", "personnel", "job", "jobs", "vacancy", "application", "career", "recruiting"),
    ("marketing", "advertising", "press", "media relations"),
    ("shipping", "delivery", "parcel", "package", "warehouse", "tracking", "logistics"),
    ("returns", "return", "exchange", "send back", "complaint", "complaints"),
    ("appointments", "appointment", "booking", "reservation", "reserve", "reschedule"),
    ("management", "manager", "boss", "director", "chief"),
    ("it", "it department", "computer", "network", "password", "email problem"),
)
"""A department that is called by one of a line is asked for by the others too."""

TOPICS: tuple[tuple[str, ...], ...] = (
    ("hours", "opening hours", "open", "opening", "opened", "close", "closed", "closing", "what time", "weekend",
     "when are you open", "are you open"),
    ("address", "where", "location", "located", "directions", "find you", "street", "where are you", "visit"),
    ("parking", "park", "car park", "parking lot"),
    ("website", "web site", "web page", "homepage", "internet", "online"),
    ("email", "e mail", "mail address", "email address"),
    ("fax", "fax number"),
    ("phone", "phone number", "telephone number", "your number"),
    ("holidays", "holiday", "vacation", "christmas", "easter"),
    ("prices", "price", "cost", "how much", "fee", "fees"),
    ("payment", "credit card", "cash", "payment methods"),
)  # fmt: skip
"""The same for topics of facts."""
