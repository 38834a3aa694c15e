"""Digest authentication, both sides (RFC 3261 22, RFC 7616, RFC 8760)."""

from __future__ import annotations

import pytest

from pbx.sip.digest import Challenger, VerdictKind, authorize, parse_params

PASSWORDS = {"101": "secret", "102": "Zwölf", "": "empty"}
URI = "sip:192.0.2.1"
HOST = "192.0.2.7"


def challenger(*algorithms: str, lifetime_s: float = 300.0) -> Challenger:
    return Challenger(b"key", "bellwire", algorithms or ("MD5", "SHA-256"), lifetime_s)


def answer(
    challenges: list[str],
    *,
    user: str = "101",
    password: str = "secret",
    count: int = 1,
    method: str = "REGISTER",
) -> str:
    value = authorize(
        challenges, method=method, uri=URI, username=user, password=password, cnonce="c", count=count
    )
    assert value is not None
    return value


def judged(
    server: Challenger, value: str, *, now: float = 1.0, host: str = HOST, method: str = "REGISTER"
) -> VerdictKind:
    return server.verify([value], method, now, host, PASSWORDS.get).kind


# -- the RFCs' own numbers -------------------------------------------------------------------------------------------

RFC7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_3_9_1(algorithm: str, response: str) -> None:
    value = authorize(
        [RFC7616.format(algorithm)],
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password="Circle of Life",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    params = parse_params(value or "")
    assert params["response"] == response
    assert params["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    assert (params["nc"], params["qop"], params["algorithm"]) == ("00000001", "auth", algorithm)


def test_rfc_2617_3_5_with_and_without_qop() -> None:
    for qop, response in (
        ('qop="auth",', "6629fae49393a05397450978507c4ef1"),
        ("", "670fd8c2df070c60b045671b8b24ff02"),
    ):
        value = authorize(
            [f'Digest realm="testrealm@host.com", {qop} nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'],
            method="GET",
            uri="/dir/index.html",
            username="Mufasa",
            password="Circle Of Life",
            cnonce="0a4f113b",
        )
        assert parse_params(value or "")["response"] == response


# -- challenges ------------------------------------------------------------------------------------------------------


def test_algorithms_are_offered_in_the_order_of_the_setting() -> None:
    for order in (("MD5", "SHA-256"), ("SHA-256", "MD5"), ("SHA-512-256",)):
        offered = challenger(*order).challenge(0.0, source_host=HOST)
        assert [parse_params(value)["algorithm"] for value in offered] == list(order)


def test_a_client_takes_the_first_challenge_it_knows() -> None:
    known = challenger("SHA-256", "MD5").challenge(0.0, source_host=HOST)
    for strange in (
        'Digest realm="x", nonce="n", algorithm=AKAv1-MD5',
        'Basic realm="x"',
        'Digest realm="x", qop="auth-int"',
    ):
        assert parse_params(answer([strange, *known]))["algorithm"] == "SHA-256"
    assert authorize(["Basic x"], method="A", uri=URI, username="u", password="p", cnonce="c") is None


def test_an_algorithm_nobody_has_is_refused_at_the_start() -> None:
    for algorithms in (["MD4"], []):
        with pytest.raises(ValueError, match="MD5"):
            Challenger(b"k", "r", algorithms)


def test_nonces_differ_even_within_one_moment() -> None:
    server = challenger("MD5")
    assert len({server.challenge(0.0, source_host=HOST)[0] for _ in range(100)}) == 100


# -- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256"])
@pytest.mark.parametrize("user", ["101", "102"])
def test_the_right_password_is_right(algorithm: str, user: str) -> None:
    server = challenger(algorithm)
    value = answer(server.challenge(0.0, source_host=HOST), user=user, password=PASSWORDS[user])
    verdict = server.verify([value], "REGISTER", 1.0, HOST, PASSWORDS.get)
    assert (verdict.kind, verdict.username) == (VerdictKind.OK, user)


def test_wrong_password_unknown_user_and_another_method_are_told_apart_only_inside() -> None:
    server = challenger()
    challenges = server.challenge(0.0, source_host=HOST)
    assert judged(server, answer(challenges, password="wrong")) is VerdictKind.BAD
    assert judged(server, answer(challenges, user="999")) is VerdictKind.UNKNOWN_USER
    assert judged(server, answer(challenges), method="INVITE") is VerdictKind.BAD


def test_no_credentials_or_anothers_are_none() -> None:
    server = challenger("MD5")
    other = Challenger(b"key", "elsewhere", ["MD5"]).challenge(0.0, source_host=HOST)
    assert server.verify([], "REGISTER", 0.0, HOST, PASSWORDS.get).kind is VerdictKind.NONE
    assert judged(server, answer(other)) is VerdictKind.NONE
    assert judged(server, "Basic dXNlcjpwYXNz") is VerdictKind.NONE
    assert judged(server, answer(challenger("SHA-256").challenge(0.0, source_host=HOST))) is VerdictKind.NONE


def test_ours_are_found_among_others() -> None:
    server = challenger("MD5")
    value = answer(server.challenge(0.0, source_host=HOST))
    assert (
        server.verify(["Basic x", "Digest =", value], "REGISTER", 0.0, HOST, PASSWORDS.get).kind
        is VerdictKind.OK
    )


def test_each_nonce_count_works_once() -> None:
    server = challenger()
    challenges = server.challenge(0.0, source_host=HOST)
    first, second = answer(challenges, count=1), answer(challenges, count=2)
    assert judged(server, first) is VerdictKind.OK
    assert judged(server, first) is VerdictKind.STALE
    assert judged(server, second) is VerdictKind.OK
    assert judged(server, first) is VerdictKind.STALE
    assert judged(server, answer(challenges, count=0)) is VerdictKind.STALE


def test_a_wrong_password_uses_up_no_count() -> None:
    server = challenger()
    challenges = server.challenge(0.0, source_host=HOST)
    assert judged(server, answer(challenges, password="x", count=9)) is VerdictKind.BAD
    assert judged(server, answer(challenges, count=1)) is VerdictKind.OK


@pytest.mark.parametrize(
    ("now", "kind"), [(9.9, VerdictKind.OK), (10.1, VerdictKind.STALE), (-5.0, VerdictKind.STALE)]
)
def test_a_nonce_lives_as_long_as_it_was_given(now: float, kind: VerdictKind) -> None:
    server = challenger(lifetime_s=10.0)
    assert judged(server, answer(server.challenge(0.0, source_host=HOST)), now=now) is kind


def test_a_stale_challenge_says_so() -> None:
    assert "stale=true" in challenger().challenge(0.0, stale=True, source_host=HOST)[0]
    assert "stale" not in challenger().challenge(0.0, source_host=HOST)[0]


def test_a_nonce_is_good_only_from_where_it_was_asked_for() -> None:
    server = challenger()
    value = answer(server.challenge(0.0, source_host=HOST))
    assert judged(server, value, host="203.0.113.1") is VerdictKind.STALE
    assert judged(server, value) is VerdictKind.OK


def test_a_forged_or_foreign_nonce_is_stale() -> None:
    server = challenger("MD5")
    foreign = Challenger(b"other key", "bellwire", ["MD5"]).challenge(0.0, source_host=HOST)
    assert judged(server, answer(foreign)) is VerdictKind.STALE
    for nonce in ("", "x", "é", "A" * 40, "=" * 40):
        assert (
            judged(server, answer([f'Digest realm="bellwire", nonce="{nonce}", qop="auth"']))
            is VerdictKind.STALE
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qop=auth", "qop=auth-int"),
        (', cnonce="c"', ""),
        (f'uri="{URI}"', 'uri=""'),
        ('response="', 'response="0'),
        ('response="', 'response="é'),
    ],
)
def test_credentials_with_a_piece_missing_are_bad(old: str, new: str) -> None:
    server = challenger()
    value = answer(server.challenge(0.0, source_host=HOST))
    assert old in value
    assert judged(server, value.replace(old, new)) is VerdictKind.BAD
