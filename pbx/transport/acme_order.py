"""One order of a certificate (RFC 8555), in a process of its own: `python -m pbx.transport.acme_order`.

The `acme` library blocks and takes 38 MB, so it lives only as long as the order. Lines of JSON go both ways:

    node → order   Order                    what is wanted
    order → node   Answer, Answer …, Asked  what the CA will look for, and that it will be asked to look now
    node → order   an empty line            the answers are in place
    order → node   Issued or Failed         and the end

With TLS-ALPN-01 (RFC 8737), which the library left to its users, an answer is a certificate that says the proof.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pbx.transport.certificate import write_whole
from pbx.transport.tls import client_context

if TYPE_CHECKING:
    from acme.challenges import KeyAuthorizationChallenge
    from acme.client import ClientV2
    from acme.messages import ChallengeBody, OrderResource
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from josepy.jwk import JWK
    from requests import Session

__all__ = ["CERTIFICATE", "Answer", "Asked", "Failed", "Issued", "Message", "Order"]

CERTIFICATE = "site.pem"
"""The key and the chain in one file, so that both are replaced at once."""
ACCOUNT = "account.json"
PATIENCE = timedelta(seconds=90)
ALPN_EXTENSION = "1.3.6.1.5.5.7.1.31"
"""id-pe-acmeIdentifier, RFC 8737 section 3."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. `folder` keeps the account and the certificate; `trust` are more CAs for the directory."""

    directory: str
    domains: tuple[str, ...]
    contact: str
    challenge: Literal["http-01", "tls-alpn-01"]
    folder: str
    trust: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """What the CA will look for: `text` at the address of `token`, or the certificate in `file` for `domain`."""

    domain: str
    token: str = ""
    text: str = ""
    file: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag="asked"):
    """No more answers. The CA is asked to look when the node has them in place."""


class Issued(msgspec.Struct, frozen=True, kw_only=True, tag="issued"):
    """The certificate is there. Unix seconds."""

    since: float
    expires_at: float


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """It is not. `wait_s` is how long the CA wants to be left alone; 0 when it did not say."""

    reason: str
    wait_s: float = 0.0
    limited: bool = False


Message = Answer | Asked | Issued | Failed


def main() -> int:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    try:
        for message in perform(order):
            print(msgspec.json.encode(message).decode(), flush=True)
            if isinstance(message, Asked):
                sys.stdin.buffer.readline()
    except Exception as error:  # whatever it is, the node says it and tries again
        print(msgspec.json.encode(_failure(error)).decode(), flush=True)
        return 1
    return 0


def perform(order: Order) -> Iterator[Message]:
    """The order, up to the file with the certificate."""
    folder = Path(order.folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    client, account = _client(order, folder)
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    placed = client.new_order(_request(key, order.domains))
    wanted = list(_challenges(placed, order.challenge))
    made: list[Path] = []
    try:
        for domain, body in wanted:
            answer = _answer(body.chall, domain, account, folder)
            made += [Path(answer.file)] if answer.file else []
            yield answer
        yield Asked()
        for _, body in wanted:
            client.answer_challenge(body, body.response(account))
        done = client.poll_and_finalize(placed, datetime.now() + PATIENCE)  # the library's clock
    finally:
        for path in made:
            path.unlink(missing_ok=True)
    chain = done.fullchain_pem
    from cryptography import x509

    leaf = x509.load_pem_x509_certificate(chain.encode())
    write_whole(folder / CERTIFICATE, _pem_key(key) + chain.encode())
    yield Issued(since=leaf.not_valid_before_utc.timestamp(), expires_at=leaf.not_valid_after_utc.timestamp())


def _client(order: Order, folder: Path) -> tuple[ClientV2, JWK]:
    """With the account of this directory, which is made when there is none; its key is readable by this user only."""
    from acme import client, errors, messages
    from josepy.jwa import ES256

    path = folder / ACCOUNT
    key, known = _account(path, order.directory)
    net = client.ClientNetwork(key, user_agent="bellwire", timeout=30, alg=ES256)
    if order.trust is not None:
        _trust(net.session, Path(order.trust))
    directory = client.ClientV2.get_directory(order.directory, net)
    made = client.ClientV2(directory, net)
    if directory.meta.external_account_required:
        raise errors.Error("this CA wants an account that is bound to another one, which is not supported")
    if not known:
        write_whole(path, json.dumps({"directory": order.directory, "key": key.to_json()}).encode())
    wanted = messages.NewRegistration.from_data(email=order.contact or None, terms_of_service_agreed=True)
    try:
        made.new_account(wanted)
    except errors.ConflictError as known_as:
        net.account = messages.RegistrationResource(uri=known_as.location, body=messages.Registration())
    return made, key


def _trust(session: Session, more: Path) -> None:
    """These CAs, besides the usual ones, which the library adds."""
    from requests.adapters import HTTPAdapter

    class Trusting(HTTPAdapter):
        def init_poolmanager(self, *places: Any, **named: Any) -> None:
            super().init_poolmanager(*places, **named, ssl_context=client_context(None, more))

    session.mount("https://", Trusting())


def _account(path: Path, directory: str) -> tuple[JWK, bool]:
    """The key of our account there, and whether it was there already."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from josepy.errors import DeserializationError
    from josepy.jwk import JWKEC

    with contextlib.suppress(OSError, ValueError, KeyError, DeserializationError):
        found = json.loads(path.read_bytes())
        if found["directory"] == directory:
            key = JWKEC.from_json(found["key"])
            if isinstance(key, JWKEC):
                return key, True
    return JWKEC(key=ec.generate_private_key(ec.SECP256R1())), False


def _challenges(placed: OrderResource, kind: str) -> Iterator[tuple[str, ChallengeBody]]:
    """Of each name that is not proven yet, the challenge of our kind."""
    from acme import errors, messages

    _know_alpn()
    for each in placed.authorizations:
        name = each.body.identifier.value
        if each.body.status == messages.STATUS_VALID:
            continue
        # Read anew: at import the library did not know TLS-ALPN-01 yet.
        offered = [messages.ChallengeBody.from_json(one.to_json()) for one in each.body.challenges]
        found = next((one for one in offered if getattr(one.chall, "typ", "") == kind), None)
        if found is None:
            raise errors.Error(f"the CA does not offer {kind} for {name}")
        yield name, found


def _know_alpn() -> None:
    """Teach the library the challenge that it knows no more."""
    from acme import challenges

    if "tls-alpn-01" in challenges.Challenge.TYPES:
        return

    class Response(challenges.KeyAuthorizationChallengeResponse):
        typ = "tls-alpn-01"

    class TlsAlpn01(challenges.KeyAuthorizationChallenge):
        typ = "tls-alpn-01"
        response_cls = Response

        def validation(self, account_key: JWK, **_: Any) -> str:
            return self.key_authorization(account_key)

    challenges.ChallengeResponse.register(Response)
    challenges.Challenge.register(TlsAlpn01)


def _answer(challenge: KeyAuthorizationChallenge, domain: str, account: JWK, folder: Path) -> Answer:
    text = challenge.key_authorization(account)
    if challenge.typ == "http-01":
        return Answer(domain=domain, token=challenge.encode("token"), text=text)
    path = folder / f"challenge-{hashlib.sha256(domain.encode()).hexdigest()[:16]}.pem"
    write_whole(path, proof(domain, text))
    return Answer(domain=domain, file=str(path))


def proof(domain: str, text: str) -> bytes:
    """A key and the certificate that answers TLS-ALPN-01 (RFC 8737 section 3), as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme challenge")])
    now = datetime.now(UTC)
    digest = hashlib.sha256(text.encode()).digest()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier(ALPN_EXTENSION), b"\x04\x20" + digest),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return _pem_key(key) + certificate.public_bytes(Encoding.PEM)


def _request(key: EllipticCurvePrivateKey, domains: tuple[str, ...]) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in domains])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _pem_key(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _failure(error: Exception) -> Failed:
    """In words for the administrator."""
    from acme import errors, messages
    from requests.exceptions import RequestException

    if isinstance(error, errors.ValidationError):
        reasons = [
            f"{authorization.body.identifier.value}: {each.error.detail or each.error.typ}"
            for authorization in error.failed_authzrs
            for each in authorization.body.challenges
            if each.error is not None
        ]
        return Failed(reason="the CA could not see that the name is ours – " + "; ".join(reasons)[:600])
    if isinstance(error, messages.Error):
        limited = error.code == "rateLimited"
        return Failed(
            reason=f"the CA refused: {error.detail or error.typ}"[:600],
            limited=limited,
            wait_s=3600.0 if limited else 0.0,
        )
    if isinstance(error, errors.TimeoutError):
        return Failed(reason="the CA took too long")
    if isinstance(error, RequestException):
        return Failed(reason=f"the CA cannot be reached: {error}"[:600])
    return Failed(reason=f"{str(error) or type(error).__name__}"[:600])


if __name__ == "__main__":
    sys.exit(main())
