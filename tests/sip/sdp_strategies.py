"""Hypothesis strategies for session descriptions: offers as phones and stranger things make them."""

from __future__ import annotations

from hypothesis import strategies as st

CODECS = [
    "PCMU/8000", "PCMA/8000", "G722/8000", "opus/48000/2", "OPUS/48000/2", "G729/8000", "iLBC/8000", "speex/16000",
    "telephone-event/8000", "telephone-event/48000", "CN/8000", "X-own/11025",
]  # fmt: skip
FMTP = ["0-15", "0-16", "useinbandfec=1;stereo=1", "mode=20", "mode=30", "annexb=no"]


@st.composite
def media_lines(draw: st.DrawFn) -> str:
    """One m= section."""
    kind = draw(st.sampled_from(["audio", "audio", "audio", "video", "application"]))
    protocol = draw(st.sampled_from(["RTP/AVP", "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "udp"]))
    port = draw(st.one_of(st.integers(1024, 65535), st.just(0)))
    numbers = draw(st.lists(st.integers(0, 127), min_size=1, max_size=8, unique=True))
    lines = [f"m={kind} {port} {protocol} {' '.join(map(str, numbers))}"]
    if draw(st.booleans()):
        lines.append(f"c={draw(connections)}")
    for each in numbers:
        if draw(st.booleans()):
            lines.append(f"a=rtpmap:{each} {draw(st.sampled_from(CODECS))}")
        if draw(st.booleans()):
            lines.append(f"a=fmtp:{each} {draw(st.sampled_from(FMTP))}")
    lines += draw(
        st.lists(
            st.sampled_from(
                ["a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv", "a=ptime:20", "a=ptime:0", "a=rtcp-mux",
                 "a=rtcp:5000", "a=rtcp:5000 IN IP4 192.0.2.9", "a=rtcp:x", "b=AS:80"]
            ),
            max_size=3,
        )
    )  # fmt: skip
    return "\r\n".join(lines)


connections = st.sampled_from(
    [
        "IN IP4 192.0.2.7",
        "IN IP4 0.0.0.0",
        "IN IP6 2001:db8::7",
        "IN IP4 224.2.1.1/127/3",
        "IN IP4 phone.test",
    ]
)


@st.composite
def offers(draw: st.DrawFn) -> bytes:
    """A description with a session-level address and one to five m= sections."""
    sections = draw(st.lists(media_lines(), min_size=1, max_size=5))
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", f"c={draw(connections)}", "t=0 0"]
    return ("\r\n".join([*head, *sections]) + "\r\n").encode()
