"""TwiML stays well formed whatever is said, and says what was meant."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from edge.twilio import twiml

XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@given(XML_TEXT)
def test_text_and_attributes_come_back(text: str) -> None:
    verb = twiml.gather(twiml.say(text), action=text, hints=text)
    root = ElementTree.fromstring(twiml.response(verb))
    gather = root[0]
    assert gather.get("action") == gather.get("hints") == text
    assert (gather[0].text or "") == text


@given(st.text())
def test_anything_gives_a_document(text: str) -> None:
    document = twiml.response(twiml.say(text), twiml.connect_stream("wss://e.example/s", {text: text}))
    assert ElementTree.fromstring(document.encode()).tag == "Response"


def test_line_break_in_an_attribute_survives() -> None:
    root = ElementTree.fromstring(twiml.response(twiml.connect_stream("wss://e", {"name": 'a\n"b"\t<c>'})))
    assert root[0][0][0].get("value") == 'a\n"b"\t<c>'


def test_stream_call() -> None:
    document = twiml.response(
        twiml.connect_stream("wss://e.example/twilio/stream", {"call": "01"}),
        twiml.redirect("https://e.example/twilio/voice/lost?a=1&b=2"),
    )
    assert document == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://e.example/twilio/stream">'
        '<Parameter name="call" value="01"/></Stream></Connect>'
        '<Redirect method="POST">https://e.example/twilio/voice/lost?a=1&amp;b=2</Redirect></Response>'
    )


def test_voicemail() -> None:
    [record] = ElementTree.fromstring(
        twiml.response(
            twiml.record(action="/done", callback="/file", longest_s=120, transcribe_callback="/words")
        )
    )
    assert record.attrib == {
        "action": "/done",
        "method": "POST",
        "maxLength": "120",
        "playBeep": "true",
        "recordingStatusCallback": "/file",
        "recordingStatusCallbackMethod": "POST",
        "transcribe": "true",
        "transcribeCallback": "/words",
    }


def test_dial_and_message() -> None:
    [dial] = ElementTree.fromstring(
        twiml.response(
            twiml.dial(twiml.number("+12025550100"), twiml.sip("sip:a@b"), action="/x", answer_on_bridge=True)
        )
    )
    assert dial.get("answerOnBridge") == "true"
    assert [(one.tag, one.text) for one in dial] == [("Number", "+12025550100"), ("Sip", "sip:a@b")]
    [message] = ElementTree.fromstring(twiml.response(twiml.message("a < b", ("https://e/1.png",))))
    assert [(one.tag, one.text) for one in message] == [("Body", "a < b"), ("Media", "https://e/1.png")]
