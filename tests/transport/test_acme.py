"""When certificates are ordered, and who is shown which one."""

from __future__ import annotations

import contextlib
import itertools
import ssl
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pbx.core.config_sources import load as load_config
from pbx.core.errors import StartupError
from pbx.transport.acme import FOLDER, State, Wanted, load, save
from pbx.transport.acme_answers import Answers
from pbx.transport.acme_order import Answer, Failed, Issued, proof
from pbx.transport.certificate import CertificateFiles, ensure
from pbx.transport.tls import ServerTls

DAY = 86400.0
WANTED = Wanted(("phone.example.com",), "https://ca.example/dir", "", "http-01")
FRESH = State(directory=WANTED.directory, domains=WANTED.domains, challenge="http-01")
chances = st.floats(0, 1)


@given(chances, st.floats(DAY, 400 * DAY))
def test_a_third_of_the_life_is_left_for_renewing(chance: float, life_s: float) -> None:
    state = FRESH.issued(Issued(since=0.0, expires_at=life_s), 0.0, chance)
    left = (state.expires_at - state.due_at) / life_s
    assert 1 / 3 - 1e-9 <= left <= 1 / 3 + 1 / 20 + 1e-9


@given(st.lists(chances, min_size=1, max_size=12), st.floats(0, 3 * DAY))
def test_failures_are_tried_again_later_each_time(dice: list[float], wanted_s: float) -> None:
    state, now, waits = FRESH, 1e9, []
    for chance in dice:
        state = state.failed(Failed(reason="no", wait_s=wanted_s), now, chance)
        waits.append(state.due_at - now)
        now = state.due_at
    assert all(wait >= wanted_s - 1e-6 for wait in waits), "the CA said how long"
    assert all(wait >= 600 * 0.9 - 1e-6 for wait in waits)
    assert all(wait <= max(DAY * 1.1, wanted_s) + 1e-6 for wait in waits)
    assert all(later >= earlier - 1e-6 for earlier, later in itertools.pairwise(waits) if earlier < DAY * 0.9)
    assert state.failures == len(dice)


def test_a_restart_tries_again_but_not_at_once_and_not_against_a_limit() -> None:
    state = FRESH
    for _ in range(4):
        state = state.failed(Failed(reason="port closed"), 1000.0, 0.5)
    assert state.started(1010.0).due_at == 1600.0
    assert state.started(99_999.0).due_at <= 99_999.0
    limited = state.failed(Failed(reason="too many", wait_s=3600, limited=True), 1000.0, 0.5)
    assert limited.started(5000.0) == limited


def test_a_clock_that_was_set_back_holds_no_order_up() -> None:
    """A machine that believed in 2036 for a while renews in 2026, not ten years later."""
    now, ten_years_s = 1.8e9, 10 * 365 * 86400.0
    begun = State(directory="d", domains=("a",), challenge="http-01")
    failed = begun.failed(Failed(reason="x"), now + ten_years_s, 0.5)
    assert failed.in_time(now).due_at == pytest.approx(now + 600.0)
    issued = begun.issued(Issued(since=now, expires_at=now + 90 * 86400.0), now + ten_years_s, 0.5)
    assert issued.in_time(now).due_at == pytest.approx(now + 60 * 86400.0)
    for state in (failed, issued):
        assert state.in_time(state.tried_at) is state
        assert state.in_time(now).in_time(now) == state.in_time(now)


def test_what_was_learned_outlives_a_restart_and_not_a_change(tmp_path: Path) -> None:
    failed = FRESH.failed(Failed(reason="no"), 1000.0, 0.5)
    save(tmp_path, failed)
    assert load(tmp_path, WANTED) == failed
    assert load(tmp_path, replace(WANTED, domains=("other.example",))).failures == 0
    assert load(tmp_path, replace(WANTED, challenge="tls-alpn-01")).failures == 0
    (tmp_path / FOLDER / "state.json").write_bytes(b"{")
    assert load(tmp_path, WANTED).due_at == 0
    lost = msgspec.structs.replace(FRESH, since=0.0, expires_at=9e9, due_at=8e9)
    save(tmp_path, lost)
    assert load(tmp_path, WANTED).due_at == 0, "the file of the certificate is gone"


@pytest.mark.parametrize(
    "wrong",
    [{"acme_domain": "phone"}, {"acme_domain": "a.example", "tls": "off"}, {"acme_contact": "it"}],
    ids=str,
)
def test_what_cannot_work_is_refused_at_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(StartupError):
        load_config(wrong, {})


def seen(server: ssl.SSLContext, name: str | None, protocol: str = "") -> bytes:
    """The certificate that a client gets, in memory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocol:
        context.set_alpn_protocols([protocol])
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(back, there, server_hostname=name)
    served = server.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for side in (client, served):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    if protocol:
        assert client.selected_alpn_protocol() == protocol
    return client.getpeercert(binary_form=True) or b""


def test_who_asks_for_which_name_gets_which_certificate(tmp_path: Path) -> None:
    tls = ServerTls(ensure(tmp_path / "own", ["office.local"]))
    public = ensure(tmp_path / "public", ["phone.example.com"])
    own = seen(tls.context, "office.local")
    tls.also(CertificateFiles(tmp_path / "site.pem", tmp_path / "site.pem"), ["phone.example.com"])
    assert seen(tls.context, "phone.example.com") == own, "until there is one"
    (tmp_path / "site.pem").write_bytes(public.key.read_bytes() + public.certificate.read_bytes())
    assert tls.reload()
    assert not tls.reload()
    theirs = seen(tls.context, "phone.example.com")
    assert theirs != own
    assert seen(tls.web_context, "Phone.Example.COM") == theirs
    assert seen(tls.context, "office.local") == own
    assert seen(tls.context, None) == theirs, "a carrier that tells no name wants what it can check"
    assert seen(tls.web_context, None) == own, "a browser at an address trusts our CA or nobody"
    (tmp_path / "site.pem").write_bytes(b"half")
    assert not tls.reload()
    assert seen(tls.context, "phone.example.com") == theirs


def test_only_the_ca_sees_the_proof(tmp_path: Path) -> None:
    tls = ServerTls(ensure(tmp_path / "own", ["office.local"]))
    own = seen(tls.web_context, "phone.example.com")
    answers, file = Answers(tls), tmp_path / "proof.pem"
    file.write_bytes(proof("phone.example.com", "token.thumbprint"))
    answers.place(Answer(domain="phone.example.com", file=str(file)))
    assert seen(tls.web_context, "phone.example.com", "acme-tls/1") != own
    assert seen(tls.web_context, "phone.example.com") == own
    assert seen(tls.context, "phone.example.com") == own
    answers.clear()
    assert seen(tls.web_context, "phone.example.com") == own
