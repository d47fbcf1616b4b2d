"""Tokens that come back: only what we signed, of the right kind, for the right one, in time."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tessera.identity import signatures, signing_keys
from tessera.identity.errors import TokenInvalid
from tessera.identity.signatures import Kind
from tessera.organizations.models import Organization
from tests import make
from tests.make import JAN_10

pytestmark = pytest.mark.django_db

AUDIENCE = "https://club.example"
SUBJECT = "cus_01h2xcejqtf2nbrexx3vqjhp41"
IN_FIVE_MINUTES = int(JAN_10.timestamp()) + 300


@pytest.fixture
def club() -> Organization:
    return make.organization()


@pytest.fixture
def token(club: Organization) -> str:
    return signed(club)


def signed(club: Organization, kind: Kind = Kind.ACCESS, *, expires_at: int = IN_FIVE_MINUTES, **claims: object) -> str:
    return signatures.signed(
        kind,
        organization=club,
        audience=AUDIENCE,
        subject=SUBJECT,
        issued_at=JAN_10,
        expires_at=expires_at,
        claims=claims,
    )


def verified(
    club: Organization, token: str, *, kind: Kind = Kind.ACCESS, audience: str | None = AUDIENCE, at: datetime = JAN_10
) -> signatures.Verified:
    return signatures.verified(token, kinds=(kind,), organization=club, audience=audience, at=at)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_what_was_signed_is_read_back(club: Organization) -> None:
    found = verified(club, signed(club, permissions=["pool"]))
    assert (found.kind, found.customer, found.claims["permissions"]) == (Kind.ACCESS, SUBJECT, ["pool"])


def test_it_counts_until_its_last_second(club: Organization, token: str) -> None:
    end = JAN_10 + timedelta(minutes=5)
    verified(club, token, at=end - timedelta(microseconds=1))
    with pytest.raises(TokenInvalid, match="over"):
        verified(club, token, at=end)


def test_it_does_not_count_before_it_was_signed_but_clocks_may_differ(club: Organization, token: str) -> None:
    verified(club, token, at=JAN_10 - timedelta(seconds=30))
    with pytest.raises(TokenInvalid, match="instants"):
        verified(club, token, at=JAN_10 - timedelta(seconds=31))


def test_one_kind_never_stands_for_another(club: Organization, token: str) -> None:
    with pytest.raises(TokenInvalid, match="another kind"):
        verified(club, token, kind=Kind.APP)
    with pytest.raises(TokenInvalid, match="another kind"):
        verified(club, signed(club, Kind.APP))


def test_it_counts_in_its_organization_and_for_its_audience_alone(club: Organization, token: str) -> None:
    with pytest.raises(TokenInvalid, match="another organization"):
        verified(make.organization(), token)
    for audience in ("https://club.example/", "", "https://CLUB.example"):
        with pytest.raises(TokenInvalid, match="somebody else"):
            verified(club, token, audience=audience)


def test_a_token_longer_than_its_key_is_published_is_a_fault_of_ours(club: Organization) -> None:
    with pytest.raises(ValueError, match="before it"):
        signed(club, expires_at=int(JAN_10.timestamp()) + 3601)


def forged(header: dict[str, Any] | None = None, payload: dict[str, Any] | None = None) -> Callable[[str], str]:
    """Return what changes parts of a token and leaves its signature."""

    def change(token: str) -> str:
        first, second, signature = token.split(".")
        old_header, old_payload = (
            json.loads(base64.urlsafe_b64decode(each + "=" * (-len(each) % 4))) for each in (first, second)
        )
        return ".".join((part({**old_header, **(header or {})}), part({**old_payload, **(payload or {})}), signature))

    return change


FORGED: dict[str, Callable[[str], str]] = {
    "permissions added": forged(payload={"permissions": ["everything"]}),
    "moved on": forged(payload={"exp": IN_FIVE_MINUTES + 9}),
    "no algorithm": forged(header={"alg": "none"}),
    "no algorithm and no signature": lambda token: forged(header={"alg": "none"})(token).rpartition(".")[0] + ".",
    "algorithm in other letters": forged(header={"alg": "eddsa"}),
    "secret algorithm": forged(header={"alg": "HS256"}),
    "another key": forged(header={"kid": "unknown"}),
    "no key": forged(header={"kid": None}),
    "a list of keys": forged(header={"kid": ["a"]}),
    "a key of its own": forged(header={"jwk": {"kty": "OKP"}, "kid": "x"}),
    "an extension that must be understood": forged(header={"crit": ["exp"]}),
    "no type": forged(header={"typ": None}),
    "the type of any token": forged(header={"typ": "JWT"}),
    "signature cut": lambda token: token[:-8],
    "signature of another": lambda token: token.rpartition(".")[0] + "." + "A" * 86,
    "two tokens": lambda token: f"{token}.{token}",
    "no token": lambda _: "abc",
    "nothing": lambda _: "",
    "dots": lambda _: "..",
    "not text of ASCII": lambda token: token + "é",
    "a megabyte": lambda token: token + "A" * 1_000_000,
    "deep JSON": lambda _: base64.urlsafe_b64encode(b"[" * 8000).decode() + ".e30.AA",
    "a header that is a list": lambda _: f"{part([])}.e30.AA",
}


@pytest.mark.parametrize("how", FORGED)
def test_what_was_altered_is_refused(club: Organization, token: str, how: str) -> None:
    altered = FORGED[how](token)
    assert altered != token
    with pytest.raises(TokenInvalid):
        verified(club, altered)


def test_what_others_sign_is_refused(club: Organization) -> None:
    """With a key of their own under our id, with our public key as a secret, and with another algorithm."""
    kid = signing_keys.signer(JAN_10).kid
    claims = {
        "iss": signatures.issuer(club), "aud": AUDIENCE, "sub": SUBJECT,
        "iat": int(JAN_10.timestamp()), "exp": IN_FIVE_MINUTES,
    }  # fmt: skip
    headers = {"typ": Kind.ACCESS.value, "kid": kid}
    public = signing_keys.public_key(kid)
    assert public is not None
    for key, algorithm in (
        (Ed25519PrivateKey.generate(), "EdDSA"),
        (public.public_bytes_raw(), "HS256"),
        (generate_private_key(65537, 2048), "RS256"),
    ):
        token = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
        with pytest.raises(TokenInvalid):
            verified(club, token)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": [AUDIENCE]},
        {"aud": None},
        {"iss": None},
        {"iss": ["http://127.0.0.1:8000"]},
        {"exp": None},
        {"exp": str(IN_FIVE_MINUTES)},
        {"exp": True},
        {"exp": 1e12},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
    ],
)
def test_our_own_signature_is_not_enough(club: Organization, wrong: dict[str, Any]) -> None:
    """Claims that we never write are refused even where the signature is right."""
    key = signing_keys.signer(JAN_10)
    claims = {
        "iss": signatures.issuer(club), "aud": AUDIENCE, "sub": SUBJECT,
        "iat": int(JAN_10.timestamp()), "exp": IN_FIVE_MINUTES, **wrong,
    }  # fmt: skip
    payload = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    token = jwt.PyJWS().encode(payload, key.private, "EdDSA", headers={"typ": Kind.ACCESS.value, "kid": key.kid})
    with pytest.raises(TokenInvalid):
        verified(club, token)
