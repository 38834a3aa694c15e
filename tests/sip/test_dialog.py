"""Dialogs (RFC 3261 12)."""

from __future__ import annotations

import msgspec
import pytest

from pbx.core.errors import InternalError
from pbx.sip.dialog import MAX_CSEQ, Dialog
from pbx.sip.errors import ParseError
from tests.sip.samples import SDP, answer, from_phone, our_request

ROUTES = "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\nRecord-Route: <sip:p3.example;lr>\r\n"


def called(**fields: object) -> Dialog:
    """Their INVITE, our 200."""
    invite = from_phone("INVITE", **fields)
    return Dialog.uas(invite, answer(invite, 200, tag="ours1", contact="<sip:102@192.0.2.1:5060>"))


def calling(status: int = 200, extra: str = "", contact: str = "<sip:102@192.0.2.7:5062>") -> Dialog:
    """Our INVITE, their answer; `extra` are headers of both."""
    invite = our_request("INVITE", cseq=7, extra=extra)
    return Dialog.uac(invite, answer(invite, status, tag="bob1", contact=contact))


def test_the_callee_takes_tags_target_and_cseq_from_the_invite() -> None:
    dialog = called()
    assert dialog.id == ("call-1@192.0.2.7", "ours1", "alice1")
    assert dialog.remote_target == "sip:101@192.0.2.7:5062"
    assert dialog.remote_uri == "sip:101@192.0.2.1"
    assert dialog.remote_display == "Alice"
    assert (dialog.local_cseq, dialog.remote_cseq) == (0, 1)
    assert dialog.confirmed


def test_the_caller_takes_tags_and_target_from_the_answer() -> None:
    dialog = calling()
    assert dialog.id == ("call-2@192.0.2.1", "ours", "bob1")
    assert dialog.remote_target == "sip:102@192.0.2.7:5062"
    assert (dialog.local_cseq, dialog.remote_cseq) == (7, None)


def test_the_callees_route_set_is_record_route_in_order_the_callers_in_reverse() -> None:
    in_order = ("<sip:p1.example;lr>", "<sip:p2.example;lr>", "<sip:p3.example;lr>")
    assert called(extra=ROUTES).route_set == in_order
    assert calling(extra=ROUTES).route_set == in_order[::-1]


def test_both_sides_make_mirrored_dialogs() -> None:
    invite = our_request("INVITE", cseq=7)
    response = answer(invite, 200, tag="bob1", contact="<sip:102@192.0.2.7:5062>")
    caller, callee = Dialog.uac(invite, response), Dialog.uas(invite, response)
    bye = caller.request("BYE")
    assert (bye.call_id, bye.to_tag, bye.from_tag) == callee.id
    assert callee.accepts(bye)
    back = callee.request("INFO")
    assert (back.call_id, back.to_tag, back.from_tag) == caller.id
    assert caller.accepts(back)


def test_a_request_in_the_dialog_goes_to_the_target_with_the_next_cseq() -> None:
    dialog = calling()
    info = dialog.request("INFO", body=b"Signal=1\r\n", headers=(("Content-Type", "application/dtmf-relay"),))
    assert info.uri == "sip:102@192.0.2.7:5062"
    assert str(info.cseq) == "8 INFO"
    assert info.from_.uri == "sip:101@192.0.2.1"
    assert info.headers.get("Max-Forwards") == "70"
    assert info.headers.get("Content-Type") == "application/dtmf-relay"
    assert "Contact" not in info.headers
    assert "Via" not in info.headers, "the endpoint writes it"
    assert str(dialog.request("INFO").cseq) == "9 INFO"


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_requests_that_refresh_the_target_carry_our_contact(method: str) -> None:
    assert calling().request(method).headers.get("Contact") == "<sip:101@192.0.2.1:5060>"


def test_an_ack_has_the_number_of_its_invite_and_counts_nothing() -> None:
    dialog = calling()
    dialog.request("UPDATE")
    ack = dialog.ack(7, body=SDP, headers=(("Content-Type", "application/sdp"),))
    assert str(ack.cseq) == "7 ACK"
    assert ack.body == SDP
    assert dialog.local_cseq == 8


def test_loose_routes_stay_in_the_route_header() -> None:
    dialog = calling(extra=ROUTES)
    bye = dialog.request("BYE")
    assert bye.uri == "sip:102@192.0.2.7:5062"
    assert bye.headers.all("Route") == ["<sip:p3.example;lr>", "<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    assert dialog.next_hop == "sip:p3.example;lr"


def test_a_strict_first_route_becomes_the_request_uri_and_the_target_the_last_route() -> None:
    dialog = calling(extra="Record-Route: <sip:p1.example;lr>, <sip:p2.example;method=INVITE?x=y>\r\n")
    bye = dialog.request("BYE")
    assert bye.uri == "sip:p2.example", "19.1.1: neither method nor headers in a Request-URI"
    assert bye.headers.all("Route") == ["<sip:p1.example;lr>", "<sip:102@192.0.2.7:5062>"]


def test_lr_in_the_user_part_is_not_the_parameter() -> None:
    dialog = calling(extra="Record-Route: <sip:a;lr@p1.example>\r\n")
    assert dialog.request("BYE").uri == "sip:a;lr@p1.example"


def test_without_routes_the_next_hop_is_the_target() -> None:
    dialog = calling()
    assert dialog.next_hop == "sip:102@192.0.2.7:5062"
    assert not dialog.request("BYE").headers.all("Route")


def test_requests_of_theirs_must_count_upwards() -> None:
    dialog = called(cseq=5)
    assert dialog.accepts(from_phone("INFO", cseq=9)), "gaps are legal"
    assert not dialog.accepts(from_phone("INFO", cseq=9))
    assert not dialog.accepts(from_phone("INFO", cseq=8))
    assert dialog.accepts(from_phone("BYE", cseq=10))
    assert dialog.remote_cseq == 10


def test_ack_and_cancel_repeat_a_number_and_always_pass() -> None:
    dialog = called(cseq=5)
    assert dialog.accepts(from_phone("ACK", cseq=5))
    assert dialog.accepts(from_phone("CANCEL", cseq=5))
    assert dialog.remote_cseq == 5


def test_the_first_request_of_theirs_in_our_dialog_sets_the_number() -> None:
    dialog = calling()
    assert dialog.accepts(from_phone("INFO", cseq=1000))
    assert dialog.remote_cseq == 1000


def test_sequence_numbers_do_not_wrap() -> None:
    dialog = calling()
    dialog.local_cseq = MAX_CSEQ - 1
    assert dialog.request("INFO").cseq.number == MAX_CSEQ
    with pytest.raises(InternalError):
        dialog.request("BYE")


def test_a_reinvite_moves_the_target_and_info_does_not() -> None:
    dialog = called()
    reinvite = from_phone("INVITE", cseq=2)
    reinvite.headers.set("Contact", "<sip:101@203.0.113.5:7000>")
    dialog.refresh_target(reinvite)
    assert dialog.remote_target == "sip:101@203.0.113.5:7000"
    info = from_phone("INFO", cseq=3)
    info.headers.set("Contact", "<sip:elsewhere@203.0.113.6>")
    dialog.refresh_target(info)
    assert dialog.remote_target == "sip:101@203.0.113.5:7000"


def test_an_update_without_contact_leaves_the_target() -> None:
    dialog = called()
    update = from_phone("UPDATE", cseq=2)
    update.headers.remove("Contact")
    dialog.refresh_target(update)
    assert dialog.remote_target == "sip:101@192.0.2.7:5062"


def test_the_2xx_confirms_an_early_dialog_with_its_own_route_set_and_target() -> None:
    dialog = calling(180)
    assert dialog.early
    invite = our_request("INVITE", cseq=7, extra="Record-Route: <sip:late.example;lr>\r\n")
    dialog.request("PRACK")
    dialog.confirm(answer(invite, 200, tag="bob1", contact="<sip:102@192.0.2.9>"))
    assert dialog.confirmed
    assert dialog.route_set == ("<sip:late.example;lr>",)
    assert dialog.remote_target == "sip:102@192.0.2.9"
    assert dialog.local_cseq == 8


def test_a_2xx_to_a_reinvite_leaves_the_route_set() -> None:
    dialog = calling(extra=ROUTES)
    before = dialog.route_set
    dialog.confirm(answer(our_request("INVITE", cseq=9), 200, tag="bob1", contact="<sip:102@192.0.2.9>"))
    assert dialog.route_set == before
    assert dialog.remote_target == "sip:102@192.0.2.9"


def test_peers_without_contact_or_tag_can_still_be_talked_to() -> None:
    invite = from_phone("INVITE")
    invite.headers.remove("Contact")
    invite.headers.set("From", "<sip:101@192.0.2.7>")
    dialog = Dialog.uas(invite, answer(invite, 200, tag="ours1"))
    assert dialog.remote_target == "sip:101@192.0.2.7"
    assert dialog.remote_tag == ""
    assert dialog.request("BYE").to_tag is None


def test_sips_makes_the_dialog_secure() -> None:
    assert called(uri="sips:102@192.0.2.1").secure
    assert not called().secure


def test_a_malformed_record_route_is_the_peers_fault() -> None:
    with pytest.raises(ParseError):
        calling(extra="Record-Route: <sip:p1.example\r\n")


def test_a_display_name_survives_quoting() -> None:
    dialog = called()
    dialog.remote_display = 'Al "the\r\n Boss" \\ ice'
    assert dialog.request("BYE").to.display == 'Al "the   Boss" \\ ice'


def test_a_dialog_can_be_journalled() -> None:
    dialog = called(extra=ROUTES)
    again = msgspec.json.decode(msgspec.json.encode(dialog), type=Dialog)
    assert again == dialog
    assert again.request("BYE").encode() == dialog.request("BYE").encode()
