"""The body of the presence event package: PIDF with the activities of RFC 4480 (RFC 3863, RFC 3856)."""

from __future__ import annotations

from typing import Final

from pbx.sip.xml_text import attribute, text

CONTENT_TYPE: Final = "application/pidf+xml"
EVENT: Final = "presence"


def write(entity: str, *, reachable: bool, activity: str = "", note: str = "") -> bytes:
    """`activity` is an element of RFC 4480 3.2: "on-the-phone", "busy", or "" for none; `note` is for people."""
    basic = "open" if reachable else "closed"
    doing = f"<rpid:activities><rpid:{activity}/></rpid:activities>" if activity else ""
    said = f"<note>{text(note)}</note>" if note else ""
    person = f'<dm:person id="p1">{doing}{_person_note(note)}</dm:person>\n' if doing or note else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        f'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={attribute(entity)}>\n'
        f'<tuple id="t1"><status><basic>{basic}</basic></status><contact>{text(entity)}</contact>{said}</tuple>\n'
        f"{person}</presence>\n"
    ).encode()


def _person_note(note: str) -> str:
    return f"<dm:note>{text(note)}</dm:note>" if note else ""
