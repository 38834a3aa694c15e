"""A SIP peer of a few lines, written from the RFCs and sharing no code with the node: it can misbehave at will.

Everything blocks for at most a few seconds; run it in a thread (`asyncio.to_thread`) where the loop must go on.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import socket
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

__all__ = ["Answer", "Peer"]

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """A message from the node: its first line, its headers (lower-case names, several values in order), its body."""

    first_line: str
    headers: dict[str, list[str]]
    body: bytes

    @property
    def status(self) -> int:
        """The status code; 0 for a request."""
        return int(self.first_line.split(" ", 2)[1]) if self.first_line.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.first_line.split(" ", 1)[0]

    def header(self, name: str) -> str:
        """The first value, or ""."""
        return self.headers.get(name.lower(), [""])[0]

    @classmethod
    def parse(cls, data: bytes) -> Answer:
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("utf-8", "replace").split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        return cls(first, headers, body)


class Peer:
    """A UDP socket that speaks enough SIP to register and call. Use as a context manager."""

    def __init__(self, node_port: int, *, host: str = "127.0.0.1") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.host, self.port = self.socket.getsockname()
        self.node = (host, node_port)
        self.tag = os.urandom(4).hex()
        self.contact_params = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.node)

    def receive(self, timeout_s: float = 3.0) -> Answer | None:
        """The next message, or None when none comes in time."""
        self.socket.settimeout(timeout_s)
        try:
            return Answer.parse(self.socket.recv(65535))
        except TimeoutError:
            return None

    def final(self, timeout_s: float = 5.0) -> Answer:
        """The next final response; provisional ones and requests are passed over."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            answer = self.receive(left)
            if answer is not None and answer.status >= 200:
                return answer
        raise TimeoutError(f"no final response within {timeout_s} s")

    def message(
        self,
        method: str,
        user: str,
        *,
        to: str | None = None,
        call_id: str | None = None,
        cseq: int = 1,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
        branch: str | None = None,
    ) -> bytes:
        """A well-formed request of `user`, to themselves unless `to` names somebody."""
        domain = f"{self.node[0]}:{self.node[1]}"
        uri = f"sip:{domain}" if method == "REGISTER" else f"sip:{to or user}@{domain}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch or f'z9hG4bK{os.urandom(6).hex()}'};rport",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{domain}>;tag={self.tag}",
            f"To: <sip:{to or user}@{domain}>",
            f"Call-ID: {call_id or f'raw{next(_numbers)}-{os.urandom(4).hex()}'}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{user}@{self.host}:{self.port}{self.contact_params}>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def request(
        self,
        method: str,
        user: str,
        password: str,
        *,
        to: str | None = None,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
    ) -> Answer:
        """Ask, answer the challenge, and return the final response to the second attempt (or to the first)."""
        first = self.send_authenticated(method, user, password, to=to, headers=headers, body=body)
        return self.final() if first.status == 401 else first

    def send_authenticated(
        self,
        method: str,
        user: str,
        password: str,
        *,
        to: str | None = None,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
    ) -> Answer:
        """Ask, and when challenged ask again; returns the first final response without waiting for the second."""
        call_id = f"raw{next(_numbers)}-{os.urandom(4).hex()}"
        self.send(self.message(method, user, to=to, call_id=call_id, headers=headers, body=body))
        answer = self.final()
        if answer.status == 401:
            if method == "INVITE":
                self.acknowledge(answer, user, to or user)
            self.answer_challenge(
                answer, method, user, password, to=to, call_id=call_id, headers=headers, body=body
            )
        return answer

    def answer_challenge(
        self,
        challenge: Answer,
        method: str,
        user: str,
        password: str,
        *,
        call_id: str,
        to: str | None = None,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
    ) -> None:
        """Send a request again, with the credentials that its 401 asked for."""
        domain = f"{self.node[0]}:{self.node[1]}"
        uri = f"sip:{domain}" if method == "REGISTER" else f"sip:{to or user}@{domain}"
        proof = authorization(challenge.header("www-authenticate"), method, uri, user, password)
        self.send(
            self.message(method, user, to=to, call_id=call_id, cseq=2, headers=(*headers, proof), body=body)
        )

    def acknowledge(self, answer: Answer, user: str, to: str) -> None:
        """ACK a refusal of our INVITE, in its transaction (RFC 3261 17.1.1.3)."""
        number = answer.header("cseq").split()[0]
        lines = [
            f"ACK sip:{to}@{self.node[0]}:{self.node[1]} SIP/2.0",
            f"Via: {answer.header('via')}",
            "Max-Forwards: 70",
            f"From: {answer.header('from')}",
            f"To: {answer.header('to')}",
            f"Call-ID: {answer.header('call-id')}",
            f"CSeq: {number} ACK",
            "Content-Length: 0",
        ]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def register(self, user: str, password: str, *, expires_s: int = 600) -> Answer:
        return self.request("REGISTER", user, password, headers=(f"Expires: {expires_s}",))


def authorization(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """The Authorization header that answers a challenge (RFC 8760, qop=auth)."""
    fields = dict(re.findall(r'(\w+)=(?:"([^"]*)"|[^\s,"]+)', challenge))
    fields |= {
        name: value for name, value in re.findall(r"(\w+)=([^\s,\"]+)", challenge) if not fields.get(name)
    }
    algorithm = fields.get("algorithm") or "MD5"
    digest = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def hashed(text: str) -> str:
        return digest(text.encode()).hexdigest()

    cnonce = os.urandom(6).hex()
    secret = hashed(f"{user}:{fields['realm']}:{password}")
    response = hashed(f"{secret}:{fields['nonce']}:00000001:{cnonce}:auth:{hashed(f'{method}:{uri}')}")
    opaque = f', opaque="{fields["opaque"]}"' if fields.get("opaque") else ""
    return (
        f'Authorization: Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, cnonce="{cnonce}"{opaque}'
    )
