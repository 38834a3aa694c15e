"""What NOTIFYs of the three event packages carry, read by an XML parser that is not ours."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pbx.sip import dialog_info, message_summary, pidf
from pbx.sip.dialog_info import DialogEntry, Identity
from pbx.sip.message_summary import Waiting

D = "{urn:ietf:params:xml:ns:dialog-info}"
P = "{urn:ietf:params:xml:ns:pidf}"
RPID = "{urn:ietf:params:xml:ns:pidf:rpid}"
DM = "{urn:ietf:params:xml:ns:pidf:data-model}"

BOB, ALICE = Identity("sip:102@pbx", "Bob"), Identity("sip:101@pbx", 'Al "A" <&> ice')
RINGING = DialogEntry("c1-b1", "recipient", "early", BOB, ALICE, "abc@node", "phone", "node")
TALKING = DialogEntry("c2-a", "initiator", "confirmed", BOB, ALICE, held=True)

texts = st.text(max_size=12)
identities = st.builds(Identity, texts, texts)
entries = st.builds(
    DialogEntry,
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(["initiator", "recipient"]),
    st.sampled_from(["trying", "early", "confirmed"]),
    identities,
    st.none() | identities,
    texts,
    texts,
    texts,
    st.booleans(),
)
states = st.lists(entries, max_size=4, unique_by=lambda each: each.id)


def read(body: bytes) -> dict[str, dict[str, object]]:
    """Every dialog of a document by its id."""
    root = ElementTree.fromstring(body)
    assert root.tag == f"{D}dialog-info"
    return {
        each.get("id", ""): {
            "state": each.findtext(f"{D}state"),
            "direction": each.get("direction"),
            "call-id": each.get("call-id"),
            "local-tag": each.get("local-tag"),
            "remote-tag": each.get("remote-tag"),
            "remote": each.findtext(f"{D}remote/{D}identity"),
            "remote-name": _display(each),
            "held": each.find(f"{D}local/{D}target/{D}param") is not None,
        }
        for each in root.iter(f"{D}dialog")
    }


def _display(dialog: ElementTree.Element) -> str | None:
    found = dialog.find(f"{D}remote/{D}identity")
    return None if found is None else found.get("display")


def test_a_ringing_phone_is_named_as_replaces_needs_it() -> None:
    found = read(dialog_info.full("sip:102@pbx", 7, [RINGING]))["c1-b1"]
    assert found == {
        "state": "early",
        "direction": "recipient",
        "call-id": "abc@node",
        "local-tag": "phone",
        "remote-tag": "node",
        "remote": "sip:101@pbx",
        "remote-name": 'Al "A" <&> ice',
        "held": False,
    }
    root = ElementTree.fromstring(dialog_info.full("sip:102@pbx", 7, [RINGING]))
    assert (root.get("version"), root.get("state"), root.get("entity")) == ("7", "full", "sip:102@pbx")


def test_hold_is_a_target_that_does_not_render() -> None:
    body = dialog_info.full("sip:102@pbx", 0, [TALKING])
    param = ElementTree.fromstring(body).find(f".//{D}local/{D}target/{D}param")
    assert param is not None
    assert (param.get("pname"), param.get("pval")) == ("+sip.rendering", "no")


def test_a_free_extension_has_one_dialog_that_is_over() -> None:
    assert [each["state"] for each in read(dialog_info.full("sip:102@pbx", 0, [])).values()] == ["terminated"]


@given(states, states)
def test_partial_state_applied_to_what_was_known_is_full_state(
    before: list[DialogEntry], now: list[DialogEntry]
) -> None:
    table = read(dialog_info.full("sip:x@y", 0, before))
    table.update(read(dialog_info.partial("sip:x@y", 1, before, now)))
    there = {name: each for name, each in table.items() if each["state"] != "terminated"}
    wanted = read(dialog_info.full("sip:x@y", 1, now))
    assert there == {name: each for name, each in wanted.items() if each["state"] != "terminated"}


def test_presence_says_open_closed_and_what_one_does() -> None:
    root = ElementTree.fromstring(
        pidf.write("sip:102@pbx", reachable=True, activity="on-the-phone", note="On the phone")
    )
    assert root.findtext(f"{P}tuple/{P}status/{P}basic") == "open"
    assert root.findtext(f"{P}tuple/{P}note") == "On the phone"
    assert root.find(f"{DM}person/{RPID}activities/{RPID}on-the-phone") is not None
    gone = ElementTree.fromstring(pidf.write("sip:102@pbx", reachable=False))
    assert gone.findtext(f"{P}tuple/{P}status/{P}basic") == "closed"
    assert gone.find(f"{DM}person") is None


@given(texts, texts)
def test_presence_is_xml_whatever_stands_in_it(entity: str, note: str) -> None:
    ElementTree.fromstring(pidf.write(entity, reachable=True, activity="busy", note=note))


def test_message_summary_is_as_in_rfc_3842() -> None:
    assert message_summary.write("sip:101@pbx", Waiting(4, 8, 1, 2)) == (
        b"Messages-Waiting: yes\r\nMessage-Account: sip:101@pbx\r\nVoice-Message: 4/8 (1/2)\r\n"
    )
    assert message_summary.write("sip:101@pbx", Waiting(0, 8)).startswith(b"Messages-Waiting: no\r\n")
