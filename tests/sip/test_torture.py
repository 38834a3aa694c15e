"""The torture messages of RFC 4475: what the parser reads in each, and what is answered on the wire."""

from __future__ import annotations

import pytest

from pbx.core.errors import PeerError
from pbx.sip.binding import Limits, plan
from pbx.sip.build import response_to
from pbx.sip.digest import Challenger, VerdictKind
from pbx.sip.effects import DeliverRequest, Transmit
from pbx.sip.errors import ParseError
from pbx.sip.framer import StreamFramer
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.sip.sdp import parse as parse_sdp
from pbx.sip.uri import SipUri
from pbx.transport.admission import check_body, check_hops, check_options
from tests.sip.samples import every, make_endpoint
from tests.sip.torture import BY_NAME, CASES, DELIVERED, DIRECTORY, SILENCE, Case

UDP = Hop("UDP", "192.0.2.7", 5062, "192.0.2.1", 5060)


def request(name: str) -> Request:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Request)
    return message


def response(name: str) -> Response:
    message = parse(BY_NAME[name].data)
    assert isinstance(message, Response)
    return message


def test_every_message_of_the_rfc_is_here() -> None:
    assert len(CASES) == 49
    assert {case.name for case in CASES} == {path.stem for path in DIRECTORY.glob("*.dat")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section} {case.name}")
def test_the_parser_accepts_what_is_valid_and_says_what_is_not(case: Case) -> None:
    if not case.parsed:
        parse(case.data)
        return
    with pytest.raises(ParseError) as caught:
        parse(case.data)
    assert caught.value.status == case.parsed


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section} {case.name}")
def test_the_answer_on_the_wire_is_the_one_the_rfc_wants(case: Case) -> None:
    endpoint = make_endpoint()
    effects = endpoint.receive(case.data, UDP, 0.0)
    answers = [effect.data.split(b" ", 2)[1] for effect in every(Transmit, effects)]
    delivered = every(DeliverRequest, effects)
    if case.wire == DELIVERED:
        assert (len(delivered), answers) == (1, [])
    elif case.wire == SILENCE:
        assert (delivered, answers) == ([], [])
        assert sum(endpoint.counters.values()) == 1
    else:
        assert (delivered, answers) == ([], [str(case.wire).encode()])


@pytest.mark.parametrize("case", [case for case in CASES if not case.parsed], ids=lambda case: case.name)
def test_an_accepted_message_survives_being_written_and_read_again(case: Case) -> None:
    message = parse(case.data)
    written = message.encode()
    assert parse(written) == message
    assert parse(written).encode() == written


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_is_itself_a_message_unless_the_request_lacked_its_parts(case: Case) -> None:
    for effect in every(Transmit, make_endpoint().receive(case.data, UDP, 0.0)):
        if case.name in ("badinv01", "scalar02", "quotbal", "baddn", "badvers", "insuf"):
            assert effect.data.startswith(b"SIP/2.0 ")  # what was unreadable is copied as it stood
            assert effect.hop.remote_host == UDP.remote_host
        else:
            assert isinstance(parse(effect.data), Response)


def test_wsinv_is_understood_for_all_its_blanks() -> None:
    message = request("wsinv")
    assert (message.method, message.uri) == ("INVITE", "sip:vivekg@chair-dnrc.example.com;unknownparam")
    assert (message.to.uri, message.to_tag) == ("sip:vivekg@chair-dnrc.example.com", "1918181833n")
    assert (message.from_.display, message.from_tag) == ('J Rosenberg \\"', "98asjd8")
    assert message.cseq == (9, "INVITE")
    assert len(message.headers.all("Via")) == 3
    assert (message.via.host, message.via.branch) == ("192.0.2.2", "390skdjuw")
    assert message.headers.get("Max-Forwards") == "0068"
    assert message.headers.get("Subject") == ""
    assert message.headers.get("Newfangledheader") == "newfangled value continued newfangled value"
    (contact,) = message.contacts
    assert contact.display == 'Quoted string ""'
    assert contact.params == {"newparam": "newvalue", "secondparam": "", "q": "0.33"}
    assert len(message.body) == 150


def test_the_answer_to_wsinv_gets_no_second_to_tag() -> None:
    endpoint = make_endpoint()
    (delivered,) = every(DeliverRequest, endpoint.receive(BY_NAME["wsinv"].data, UDP, 0.0))
    (trying,) = every(Transmit, endpoint.respond(delivered.transaction, _ringing(delivered.request), 0.0))
    assert trying.data.lower().count(b"tag") == 2  # the caller's and the one that was there


def _ringing(invite: Request) -> Response:
    return response_to(invite, 180, to_tag="ours")


def test_intmeth_is_every_unusual_character_there_is() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.cseq == (139122385, message.method)
    assert message.to.display == "BEL:\a NUL:\0 DEL:\x7f"
    assert message.from_.display == "token1~` token2'+_ token3*%!.-"
    assert message.from_.params["fromparam''~+*_!.-%"] == "работающий"
    assert message.from_tag == "_token~1'+`*%!-."
    uri = SipUri.parse(message.uri)
    assert (uri.host, uri.password) == ("example.com", "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    assert uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"


def test_escapes_in_the_user_part_are_decoded_once() -> None:
    message = request("esc01")
    assert SipUri.parse(message.uri).user == "sips:user@example.com"
    assert SipUri.parse(message.uri).host == "example.net"
    assert SipUri.parse(message.to.uri).user == "user"
    assert SipUri.parse(message.from_.uri).user == "I have spaces"
    assert SipUri.parse(message.contacts[0].uri).params["name"] == "value%41"


def test_escaped_nulls_stay_two_different_contacts() -> None:
    users = [SipUri.parse(each.uri).user for each in request("escnull").contacts]
    assert users == ["\0", "\0\0"]


def test_an_escape_outside_a_uri_means_nothing() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert message.to.display == "%Z%45"
    assert [each.uri for each in message.contacts] == [
        "sip:alias1@host1.example.com",
        "sip:alias3@host3.example.com",
    ]


def test_a_display_name_may_touch_the_bracket() -> None:
    assert request("lwsdisp").from_.display == "caller"


def test_long_values_are_kept_whole() -> None:
    message = request("longreq")
    assert len(message.headers.all("Via")) == 34
    assert message.from_tag == "12" + "982" * 50 + "424"
    assert message.call_id == "longreq.one" + "really" * 20 + "longcallid"


def test_what_follows_a_datagrams_message_is_left_out() -> None:
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_a_semicolon_belongs_to_the_user_part() -> None:
    uri = SipUri.parse(request("semiuri").uri)
    assert (uri.user, uri.host, dict(uri.params)) == ("user;par=u@example.net", "example.com", {})


def test_transports_nobody_knows_are_no_fault() -> None:
    vias = request("transports").headers.all("Via")
    assert [value.split("/")[2].split()[0] for value in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_a_binary_part_is_left_as_it_is() -> None:
    body = request("mpart01").body
    assert len(body) == 553
    assert b"\x30\x82\x01\x52\x06\x09\x2a\x86\x48\x86\xf7" in body


def test_a_reason_phrase_may_be_anything_or_nothing() -> None:
    assert response("unreason").reason.startswith("= 2**3 * 5**2 но сто")
    assert (response("noreason").status, response("noreason").reason) == (100, "")


def test_a_parameter_outside_brackets_is_the_headers() -> None:
    (outside,) = request("cparam01").contacts
    (inside,) = request("cparam02").contacts
    assert (outside.uri, dict(outside.params)) == ("sip:+19725552222@gw1.example.net", {"unknownparam": ""})
    assert (inside.uri, dict(inside.params)) == ("sip:+19725552222@gw1.example.net;unknownparam", {})


def test_a_branch_of_only_the_cookie_is_no_branch() -> None:
    endpoint = make_endpoint()
    data = BY_NAME["badbranch"].data
    assert every(DeliverRequest, endpoint.receive(data, UDP, 0.0))
    other = data.replace(b"badbranch.", b"other.")
    assert every(DeliverRequest, endpoint.receive(other, UDP, 0.0)), "another call, not a retransmission"


@pytest.mark.parametrize("name", ["regbadct", "unksm2"])
def test_the_registrar_refuses_a_contact_it_could_not_ring(name: str) -> None:
    with pytest.raises(ParseError) as caught:
        plan([], request(name), UDP, 0.0, Limits(), extension="101")
    assert caught.value.status == 400


def test_the_registrar_keeps_a_contact_with_headers_in_its_uri() -> None:
    (binding,) = plan([], request("regescrt"), UDP, 0.0, Limits(), extension="101").put
    assert binding.contact_uri == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"


def test_credentials_of_an_unknown_scheme_are_no_credentials() -> None:
    values = request("regaut01").headers.all("Authorization")
    verdict = Challenger(b"s", "r", ["MD5"]).verify(values, "REGISTER", 0.0, "h", lambda user: "x")
    assert verdict.kind is VerdictKind.NONE


def test_what_the_user_agent_says_to_what_the_endpoint_delivers() -> None:
    for name, check, status in (
        ("bext01", check_options, 420),
        ("invut", check_body, 415),
        ("zeromf", check_hops, 483),
    ):
        with pytest.raises(PeerError) as caught:
            check(request(name))
        assert caught.value.sip_status == status
        if status == 420:
            named = {tag.strip().lower() for tag in dict(caught.value.headers)["Unsupported"].split(",")}
            assert named == {"nothingsupportsthis", "nothingsupportsthiseither"}


def test_a_phone_of_1999_is_understood() -> None:
    message = request("inv2543")
    assert (message.via.branch, message.from_tag) == (None, None)
    assert [media.port for media in parse_sdp(message.body).media] == [49217]


def test_on_a_stream_two_messages_in_one_piece_are_two() -> None:
    framer = StreamFramer()
    first, second = framer.feed(BY_NAME["dblreq"].data)
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert (first.method, second.method) == ("REGISTER", "INVITE")
    with pytest.raises(ParseError):
        parse_sdp(second.body)  # its "m =video"


@pytest.mark.parametrize("name", ["ncl", "mcl01", "inv2543"])
def test_on_a_stream_a_message_without_a_sure_length_ends_it(name: str) -> None:
    with pytest.raises(ParseError):
        StreamFramer().feed(BY_NAME[name].data)


def test_on_a_stream_a_body_that_is_not_there_is_waited_for() -> None:
    framer = StreamFramer()
    assert framer.feed(BY_NAME["clerr"].data) == []
    assert framer.unfinished
