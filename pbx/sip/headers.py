"""Header fields: an ordered multi-map keyed by canonical name.

The order of fields of one name is kept; the order of different names means nothing (RFC 3261 7.3.1) and is that of
their first appearance. Code uses canonical names as they stand below; `canonical` is for names from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pbx.sip.errors import ParseError

T = TypeVar("T")

_COMPACT = {  # RFC 3261 7.3.3 and the registry that followed it
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
_KNOWN = """
Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization
CSeq Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type Date
Diversion Error-Info Event Expires From History-Info Identity Identity-Info In-Reply-To Info-Package Join MIME-Version
Max-Forwards Min-Expires Min-SE Organization P-Asserted-Identity P-Preferred-Identity Path Priority Privacy
Proxy-Authenticate Proxy-Authorization Proxy-Require RAck RSeq Reason Record-Route Recv-Info Refer-Sub Refer-To
Referred-By Reject-Contact Remote-Party-ID Replaces Reply-To Request-Disposition Require Retry-After Route Server
Service-Route Session-Expires Subject Subscription-State Supported Target-Dialog Timestamp To Unsupported User-Agent
Via WWW-Authenticate Warning
"""

CANONICAL: dict[str, str] = {}
"""Spellings that need no work: canonical, lower case and compact ones. Never grows after import."""
for _name in _KNOWN.split():
    CANONICAL[_name] = CANONICAL[_name.lower()] = _name
for _letter, _name in _COMPACT.items():
    CANONICAL[_letter] = CANONICAL[_letter.upper()] = _name


def canonical(name: str) -> str:
    """The one spelling this program uses for a header name."""
    known = CANONICAL.get(name) or CANONICAL.get(name.lower())
    return known or "-".join([part[:1].upper() + part[1:].lower() for part in name.split("-")])


class Headers:
    """`name → values`, each value as it stood on the wire (unfolded, trimmed).

    What a field means is parsed once by `view` and kept in `views` until the field changes. Only what is asked for all
    the time (`message`, `parser`, `build`) looks into `fields` and `views` itself.
    """

    __slots__ = ("fields", "views")

    def __init__(self, fields: dict[str, list[str]] | None = None) -> None:
        """Takes `fields` over; nobody else may change it afterwards."""
        self.fields: dict[str, list[str]] = {} if fields is None else fields
        self.views: dict[str, Any] = {}

    def get(self, name: str) -> str | None:
        """The first value."""
        values = self.fields.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """All values, in order, not to be changed. Comma lists are not split, except Via, which the parser splits."""
        return self.fields.get(name, [])

    def view(self, name: str, parse: Callable[[str], T]) -> T:
        """The first value, parsed. Raises `ParseError` 400 when it is missing or `parse` refuses it."""
        view: T | None = self.views.get(name)
        if view is None:
            values = self.fields.get(name)
            if not values:
                raise ParseError(400, f"Missing {name}")
            view = self.views[name] = parse(values[0])
        return view

    def add(self, name: str, value: str) -> None:
        self.views.pop(name, None)
        self.fields.setdefault(name, []).append(value)

    def set(self, name: str, value: str) -> None:
        """One value in place of all."""
        self.views.pop(name, None)
        self.fields[name] = [value]

    def set_first(self, name: str, value: str, view: object) -> None:
        """Another first value, whose parsed form is `view`; the name is there already."""
        self.fields[name][0] = value
        self.views[name] = view

    def prepend(self, name: str, value: str) -> None:
        """A value before all others of its name, and its name before all others when it is new."""
        self.views.pop(name, None)
        if name in self.fields:
            self.fields[name].insert(0, value)
        else:
            self.fields = {name: [value], **self.fields}

    def remove(self, name: str) -> None:
        self.views.pop(name, None)
        self.fields.pop(name, None)

    def items(self) -> Iterator[tuple[str, str]]:
        """Every field, a pair for each value."""
        for name, values in self.fields.items():
            for value in values:
                yield name, value

    def lines(self) -> list[str]:
        """Every field as it goes onto the wire, without line ends."""
        return [f"{name}: {value}" for name, values in self.fields.items() for value in values]

    def copy(self) -> Headers:
        twin = Headers({name: list(values) for name, values in self.fields.items()})
        twin.views = dict(self.views)
        return twin

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.fields == other.fields

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Headers({self.fields!r})"
