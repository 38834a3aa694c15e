"""What judging credentials costs, and that no text can break it."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip import digest
from pbx.sip.digest import Challenger, VerdictKind, parse_params
from pbx.sip.errors import ParseError
from tests.sip.test_digest import HOST, answer, challenger, judged


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts hashed so far."""
    seen: list[str] = []
    real = digest._hash

    def counting(algorithm: str, text: str) -> str:
        seen.append(text)
        return real(algorithm, text)

    monkeypatch.setattr(digest, "_hash", counting)
    return seen


def test_an_unknown_user_costs_what_a_known_one_does(hashes: list[str]) -> None:
    server = challenger("MD5")
    costs = []
    for user in ("101", "101", "999"):
        value = answer(server.challenge(0.0, source_host=HOST), user=user)
        hashes.clear()
        judged(server, value)
        costs.append(len(hashes))
    assert costs == [3, 2, 2], "the first time of somebody known costs one more"


def test_a_changed_password_counts_at_once() -> None:
    server = challenger()
    passwords = {"101": "secret"}
    challenges = server.challenge(0.0, source_host=HOST)
    assert server.verify([answer(challenges)], "REGISTER", 0.0, HOST, passwords.get).kind is VerdictKind.OK
    passwords["101"] = "new"
    old = answer(challenges, count=2)
    assert server.verify([old], "REGISTER", 0.0, HOST, passwords.get).kind is VerdictKind.BAD


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_NONCES", 5)
    monkeypatch.setattr(digest, "MAX_KNOWN", 5)
    server = challenger("MD5")
    for number in range(20):
        value = answer(server.challenge(number, source_host=HOST), user=f"u{number}", password="p")
        assert server.verify([value], "REGISTER", number, HOST, lambda user: "p").kind is VerdictKind.OK
        kept = sum(len(each.counts) for each in server._used.values())
        assert kept == server._nonces <= 5
    assert len(server._used) <= 5
    assert len(server._ha1) <= 5


def test_a_greedy_phone_pushes_out_only_its_own_nonces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_NONCES_EACH", 3)
    server = challenger("MD5")
    verdict = partial(server.verify, method="REGISTER", source_host=HOST, lookup=lambda _: "p")

    def signed(user: str, challenges: list[str], count: int = 1) -> list[str]:
        return [answer(challenges, user=user, password="p", count=count)]

    honest = server.challenge(0.0, source_host=HOST)
    assert verdict(signed("101", honest), now=0.0).kind is VerdictKind.OK
    greedy = [server.challenge(now, source_host=HOST) for now in range(1, 10)]
    for challenges in greedy:
        assert verdict(signed("102", challenges), now=10.0).kind is VerdictKind.OK
    assert verdict(signed("101", honest, 2), now=10.0).kind is VerdictKind.OK
    # What was pushed out has not become new again: not for a replay, not for a higher count.
    for count in (1, 2):
        assert verdict(signed("102", greedy[0], count), now=10.0).kind is VerdictKind.STALE
    assert verdict(signed("102", greedy[-1], 2), now=10.0).kind is VerdictKind.OK


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 3)), max_size=40))
def test_no_count_ever_works_twice(uses: list[tuple[str, int, int]]) -> None:
    """Whatever is pushed out of however small a table: what was good once is never good again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "MAX_NONCES_EACH", 2)
        patch.setattr(digest, "MAX_NONCES", 3)
        server = challenger("MD5")
        nonces = [server.challenge(now, source_host=HOST) for now in range(6)]
        good: set[tuple[str, int, int]] = set()
        for use in uses:
            user, nonce, count = use
            value = answer(nonces[nonce], user=user, password="p", count=count)
            kind = server.verify([value], "REGISTER", 6.0, HOST, lambda _: "p").kind
            assert kind in (VerdictKind.OK, VerdictKind.STALE)
            if kind is VerdictKind.OK:
                assert use not in good
                good.add(use)


@given(st.text(max_size=80))
def test_any_text_is_credentials_or_a_parse_error(text: str) -> None:
    server = challenger()
    for value in (text, f"Digest {text}"):
        try:
            parse_params(value)
        except ParseError:
            continue
        finally:
            assert judged(server, value) is not VerdictKind.OK


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20))
def test_any_name_and_realm_survive_quoting(text: str) -> None:
    server = Challenger(b"k", "r", ["MD5"])
    value = answer(server.challenge(0.0, source_host=HOST), user=text)
    assert parse_params(value)["username"] == text
