"""Who is on one end of a leg, in the words a phone shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace


class Party(msgspec.Struct, frozen=True):
    """A caller or a callee: what From and P-Asserted-Identity say.

    `number` is what would be dialled to reach them ("101", "+4930123456"); `name` is the display name, empty when
    unknown; `extension` is set only when this node knows (has authenticated or addressed) one of its own extensions.
    `shown` is the number as phones show and dial it, where that is not `number`.
    """

    number: str
    name: str = ""
    extension: str | None = None
    shown: str = ""


class Diversion(msgspec.Struct, frozen=True):
    """`number` sent the call elsewhere; `reason` is RFC 5806's word for why."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What answers the digest challenge of a trunk that is called."""

    username: str
    password: str = field(repr=False)


class DialTarget(msgspec.Struct, frozen=True):
    """One place an INVITE is sent to: a registered contact, or any SIP URI.

    `uri` becomes the Request-URI, `to_uri` the To header. `transport`, `host` and `port` say where the packet really
    goes (the source of the REGISTER, so that far-end NAT works); `host` empty means: resolve `uri` by RFC 3263.
    `connection` names the TCP/TLS/WebSocket connection the phone registered over, 0 for none. `route` is the pre-loaded
    route set (Path, RFC 3327). `credentials` answer a 401 or 407. `caller` is who calls, where
    that is not the call's caller; `caller_domain` is the host of that address, empty for this node; `headers` are more
    for the INVITE, and with `sets_identity` say all that is said of who calls. `codecs` are those that may be offered,
    in this order, none for all. `delay_s` is for a phone that seems to be gone: it is rung that much later, and
    only while others still ring. `extension` is the one that a phone belongs to; `trunk` the one a number outside is
    called over, and `charged_to` the extension whose limits count the call, None when none does. `phone` names one that
    can be woken by a push; while it is `asleep`, there is no address to send to, and it must be woken first.
    `inside`: its sound never leaves this machine, and is not encrypted. One that is not `patient` is given up after
    some seconds without a word, since there is another way.
    """

    uri: str
    to_uri: str
    transport: str = "UDP"
    host: str = ""
    port: int = 0
    connection: int = 0
    route: tuple[str, ...] = ()
    label: str = ""
    extension: str | None = None
    credentials: Credentials | None = None
    caller: Party | None = None
    caller_domain: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    sets_identity: bool = False
    codecs: tuple[str, ...] = ()
    delay_s: float = 0.0
    trunk: str | None = None
    charged_to: str | None = None
    phone: str = ""
    asleep: bool = False
    inside: bool = False
    patient: bool = True

    def instead_of(self, asked: DialTarget) -> DialTarget:
        """This place where `asked` was to be rung: with what the call has to say there."""
        return replace(
            self,
            caller=asked.caller,
            headers=(*asked.headers, *self.headers),
            sets_identity=asked.sets_identity,
            codecs=asked.codecs,
        )
