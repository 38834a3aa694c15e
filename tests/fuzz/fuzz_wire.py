"""Damaged STUN, media streams, tunnel frames, tables and bodies: what else strangers, Twilio and edges may send.

Each target takes one input and raises when a promise is broken: only the error that is meant for it, nothing larger
than was announced, and what was read can be written again. `python -m tests.fuzz stun` (stream, tunnel, table, body).
"""

from __future__ import annotations

import csv
import io
import struct

import msgspec

from edge.campaigns.columns import find_columns
from edge.campaigns.spreadsheet import MOST_CELL, SpreadsheetError, read_rows, read_text
from edge.offline.wave_file import NotSound, seconds_of
from edge.tunnel import bodies as edge_bodies
from edge.tunnel import frames as edge_frames
from edge.twilio import stream
from pbx.api.extension_csv import COLUMNS, read_table
from pbx.core.errors import PeerError
from pbx.sip import stun
from pbx.sip.errors import ParseError
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.transport.bodies import digit_of, is_understood, sdp_of
from pbx.transport.tunnel import bodies as office_bodies
from pbx.transport.tunnel import frames as office_frames
from tests.sip.samples import SDP, text

TRANSACTION = b"0123456789ab"
STUN = [
    stun.binding_request(TRANSACTION),
    stun.answer(stun.binding_request(TRANSACTION), "192.0.2.1", 5060) or b"",
    stun.answer(stun.binding_request(TRANSACTION), "2001:db8::1", 5060) or b"",
    struct.pack(">HHI12s", 1, 12, stun.MAGIC, TRANSACTION) + struct.pack(">HHIHH", 3, 4, 0, 0x8022, 0),
    struct.pack(">HHI12s", 0x101, 12, stun.MAGIC, TRANSACTION)
    + struct.pack(">HHBBH4s", 1, 8, 0, 1, 80, b"abcd"),
]
STREAM = [
    b'{"event":"connected","protocol":"Call","version":"1.0.0"}',
    b'{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":'
    b'["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"a":"b"}}}',
    b'{"event":"media","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"//////8="},"streamSid":"MZ1"}',
    b'{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"1"}}',
    b'{"event":"mark","mark":{"name":"m"}}',
    b'{"event":"stop","stop":{"accountSid":"AC1","callSid":"CA1"}}',
    b'{"event":"new","more":[1,2,{"a":1e400}]}',
]
TUNNEL = [
    b'{"t":"hello","version":1,"session":"s","got":3,"sip":"office.example:5061;transport=tls"}',
    b'{"t":"welcome","version":1,"session":"s","got":0}',
    b'{"t":"call","n":1,"call":"c","stream":4,"from":"+1","to":"+2"}',
    b'{"t":"http","id":1,"method":"GET","path":"/a","size":12}',
    b'{"t":"deliver","id":"d","kind":"voicemail","document":{"a":1},"size":3}',
    b'{"t":"event","topic":"texts","id":"1","document":{}}',
    b'{"t":"digits","call":"c","digits":"12#"}',
    b'{"t":"directory","document":{"x":[1,2]}}',
    office_frames.pack(1, 4, 7, b"\xff" * 160),
    office_frames.pack(2, 4, 0, b"body"),
    office_frames.pack(3, 4, 1, b""),
]
TABLE = [
    (",".join(COLUMNS) + ",sip_password\n101,Anna,,yes,,20,no\n").encode(),
    b'number;name\n101;Anna\n102;"B;o""b"\n\'=1;x\n101;again\n',
    "name\tmobile\nJosé\t+1 415 555 0100\n".encode("utf-16"),
    b"sep=;\nFirst Name;Phone\nAnn;(415) 555-0101\nBob;5550102\n",
    b'"never closed,1\n2,3\n4,5\n',
    b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x07\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\4\0\0\0abcd",
]
PART = (
    b"--b\r\nContent-Type: application/sdp\r\n\r\n"
    + SDP
    + b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--"
)
BODY = [
    text("INVITE", body=PART, extra='Content-Type: multipart/mixed;boundary="b"\r\n'),
    text("INVITE", body=SDP, extra="Content-Type: application/sdp\r\n"),
    text(
        "INFO",
        to_tag="x",
        body=b"Signal=5\r\nDuration=160\r\n",
        extra="Content-Type: application/dtmf-relay\r\n",
    ),
    text("INFO", to_tag="x", body=b"Signal= 11", extra="Content-Type: application/dtmf-relay\r\n"),
    text("INFO", to_tag="x", body=b"#", extra="Content-Type: application/dtmf\r\n"),
    text(
        "INVITE",
        body=b"x",
        extra="Content-Disposition: session;handling=optional\r\nContent-Encoding: gzip\r\n",
    ),
]


def stun_target(data: bytes) -> None:
    for host in ("192.0.2.1", "2001:db8::1%eth0", "a name"):
        answered = stun.answer(data, host, 65535)
        if answered is not None and len(answered) > max(100, len(data) * 2 + 60):
            raise AssertionError("an answer that multiplies what was asked")
    found = stun.mapped_address(data, data[8:20])
    if found is not None and not 0 <= found[1] <= 65535:
        raise AssertionError("a port that is none")


def stream_target(data: bytes) -> None:
    for message in (data, data.decode("utf-8", "replace")):
        try:
            read = stream.read(message)
        except stream.BadMessage:
            continue
        if isinstance(read, stream.Media):
            _ = read.at_ms
        if isinstance(read, stream.Start):
            _ = read.is_ulaw


def tunnel_target(data: bytes) -> None:
    line = data.decode("utf-8", "replace")
    for frames, bodies in ((edge_frames, edge_bodies), (office_frames, office_bodies)):
        try:
            message = frames.read_text(line)
            again = frames.read_text(msgspec.json.encode(message).decode())
            if again != message:
                raise AssertionError("written, it reads otherwise")
        except frames.BadFrame:
            pass
        try:
            body = frames.read_binary(data)
        except frames.BadFrame:
            continue
        if frames.pack(body.kind, body.stream, body.number, body.payload) != data:
            raise AssertionError("packed, it is another frame")
        kept = bodies.Bodies[None]()
        try:
            kept.open(body.stream, len(body.payload), None)
            kept.add(body)
        except frames.BadFrame:
            pass


def table_target(data: bytes) -> None:
    table = read_table(data)
    if len(table.rows) != len(table.lines):
        raise AssertionError("a row without a line")
    csv.writer(io.StringIO()).writerows(row.values() for row in table.rows)
    try:
        rows = read_rows(read_text(data))
    except SpreadsheetError:
        rows = []
    find_columns(rows, str.isdigit)
    for row in rows:
        for cell in row.cells:
            cell.encode()  # fit for files and JSON
            if len(cell) > MOST_CELL:
                raise AssertionError("a cell that is too long")
    try:
        if not 0 < seconds_of(data) < 1e9:
            raise AssertionError("a length that cannot be")
    except NotSound:
        pass


def body_target(data: bytes) -> None:
    try:
        message = parse(data)
    except (ParseError, PeerError):
        return
    found = sdp_of(message)
    if found is not None and found.removesuffix(b"\r\n") not in message.body:
        raise AssertionError("a description that was not there")
    if isinstance(message, Request):
        is_understood(message)
        digit = digit_of(message)
        if digit is not None and digit.digit not in "0123456789ABCD*#":
            raise AssertionError("a key that no phone has")


TARGETS = {
    "stun": (stun_target, STUN),
    "stream": (stream_target, STREAM),
    "tunnel": (tunnel_target, TUNNEL),
    "table": (table_target, TABLE),
    "body": (body_target, BODY),
}
