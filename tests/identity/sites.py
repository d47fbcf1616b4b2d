"""A website of a club that signs its visitors in: keys of every kind, and tokens, right and wrong."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tessera.http.outbound import Answer
from tessera.identity import injection, site_tokens
from tessera.identity.types import Injected
from tessera.organizations import issuer_keys, issuers
from tessera.organizations.models import Organization, TrustedIssuer
from tests import make

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
ORIGIN = "https://club.example"
NONCE = "a nonce of this very frame"
_serials = count(1)
_RSA = generate_rsa_key(public_exponent=65537, key_size=2048)


def private_key(algorithm: str) -> PrivateKey:
    if algorithm == "RS256":
        return _RSA
    return generate_ec_key(SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()


def pem(key: PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass(slots=True)
class Site:
    """A site that the club trusts, with one key, pasted or published."""

    club: Organization
    algorithm: str = "EdDSA"
    jwks_url: str = ""
    key: PrivateKey = field(init=False)
    row: TrustedIssuer = field(init=False)
    asked: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.key = private_key(self.algorithm)
        self.club.allowed_origins = [ORIGIN]
        self.club.save(update_fields=["allowed_origins"])
        self.row = make.trusted_issuer(self.club)
        self.row.jwks_url, self.row.keys = self.jwks_url, [] if self.jwks_url else issuer_keys.read(pem(self.key))
        self.row.save()

    @property
    def jwk(self) -> dict[str, str]:
        return issuer_keys.read(pem(self.key))[0]

    def publish(self, *args: Any, **kwargs: Any) -> Answer:
        """Answer as the site's address of published keys does; counted."""
        self.asked += 1
        return Answer(200, {}, json.dumps({"keys": [self.jwk]}).encode(), 5)

    def claims(self, **said: object) -> dict[str, object]:
        now = int(time.time())
        claims = {
            "iss": self.row.issuer,
            "aud": issuers.audience(self.club),
            "sub": "u-1",
            "iat": now,
            "exp": now + 60,
            "jti": f"token-{next(_serials)}",
            "nonce": NONCE,
            "email": "ada@member.example",
            "email_verified": True,
            "given_name": "Ada",
            "family_name": "Okonkwo",
        }
        return {name: value for name, value in {**claims, **said}.items() if value is not ...}

    def header(self, **said: object) -> dict[str, object]:
        header = {"typ": site_tokens.TYPE, "alg": self.algorithm, "kid": self.jwk["kid"]}
        return {name: value for name, value in {**header, **said}.items() if value is not ...}

    def token(self, header: Mapping[str, object] | None = None, /, **said: object) -> str:
        """A good token, but for what is said differently; `...` leaves something out."""
        return self.signed(json.dumps(self.header(**(header or {}))), json.dumps(self.claims(**said)))

    def signed(self, header: str, claims: str, key: PrivateKey | None = None) -> str:
        """Whatever that is, signed with the site's key."""
        what = f"{b64(header.encode())}.{b64(claims.encode())}"
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        return f"{what}.{b64(algorithm.sign(what.encode(), key or self.key))}"

    def inject(
        self, token: str, *, origin: str = ORIGIN, nonce: str = NONCE, club: Organization | None = None
    ) -> Injected:
        return injection.inject(
            organization=club or self.club,
            token=token,
            origin=origin,
            nonce=nonce,
            client_address="192.0.2.7",
            ask=self.publish,
        )
