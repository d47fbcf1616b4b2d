"""Which keys may sign for a site, and how they are read."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa

from tessera.organizations import issuer_keys
from tessera.organizations.errors import IssuerKeyInvalid
from tests.organizations.signing import ed25519_pem, jwks_text, p256_jwk, p256_key, pem, private_pem, rsa_jwk, rsa_key


def test_pem_blocks_jwk_and_set_are_read() -> None:
    both = issuer_keys.read(f"{pem(rsa_key().public_key())}\n\n{ed25519_pem()}")
    assert [(key["kty"], key["alg"]) for key in both] == [("RSA", "RS256"), ("OKP", "EdDSA")]
    assert [key["kid"] for key in issuer_keys.read(jwks_text())] == ["rsa-1", "p256-1"]
    assert issuer_keys.read(json.dumps(p256_jwk()))[0]["alg"] == "ES256"


def test_only_what_is_public_is_kept() -> None:
    (kept,) = issuer_keys.read(json.dumps({**p256_jwk(), "x5u": "https://evil.example", "note": "hello"}))
    assert kept.keys() == {"kty", "crv", "x", "y", "alg", "use", "kid"}


def test_a_key_without_an_id_is_called_by_its_thumbprint() -> None:
    # RFC 7638, 3.1
    rfc = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF"
        "V4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ"
        "zKnqDKgw",
        "e": "AQAB",
    }
    assert issuer_keys.read(json.dumps(rfc))[0]["kid"] == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" ", "paste a public key"),
        ("hello", "-----BEGIN PUBLIC KEY-----"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "not a public key that can be read"),
        ("{", "begins like JSON and is none"),
        ("[1]", "should be a JSON object"),
        ('{"keys": []}', "with a key in it"),
        ('{"keys": "x"}', "with a key in it"),
        ('{"kty": "oct", "k": "c2VjcmV0"}', "secret part"),
        ('{"kty": ["RSA"]}', "RSA, EC on P-256, or Ed25519"),
        ('{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "with all its parts"),
        ('{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}', "RSA, EC on P-256, or Ed25519"),
        ("x" * 20_001, "more than 20000 characters"),
        ("[" * 20_000, "begins like JSON"),
    ],
)
def test_what_is_no_key_is_refused_and_says_why(text: str, said: str) -> None:
    with pytest.raises(IssuerKeyInvalid, match=said.replace("(", r"\(")):
        issuer_keys.read(text)


def test_private_keys_are_refused_in_every_form() -> None:
    with_secret = {**p256_jwk(), "d": "AAAA"}
    for text in (private_pem(), private_pem(rsa_key()), json.dumps(with_secret), json.dumps({"keys": [with_secret]})):
        with pytest.raises(IssuerKeyInvalid, match="must never leave the site"):
            issuer_keys.read(text)


def test_kinds_that_are_not_taken_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    others = [
        pem(weak.public_key()),
        pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        pem(ec.generate_private_key(ec.SECP256K1()).public_key()),
        pem(ed448.Ed448PrivateKey.generate().public_key()),
        pem(dsa.generate_private_key(2048).public_key()),
    ]
    for text in others:
        with pytest.raises(IssuerKeyInvalid):
            issuer_keys.read(text)


@pytest.mark.parametrize(
    "change", [{"alg": "HS256"}, {"alg": "none"}, {"alg": "PS256"}, {"use": "enc"}, {"kid": 7}, {"kid": "a\nb"}]
)
def test_an_algorithm_that_is_not_the_keys_own_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(IssuerKeyInvalid):
        issuer_keys.read(json.dumps({**rsa_jwk(), **change}))


def test_two_keys_of_one_id_and_more_than_ten_are_refused() -> None:
    with pytest.raises(IssuerKeyInvalid, match="same key id"):
        issuer_keys.read(json.dumps({"keys": [rsa_jwk(), {**p256_jwk(), "kid": "rsa-1"}]}))
    with pytest.raises(IssuerKeyInvalid, match="at most 10"):
        issuer_keys.read(json.dumps({"keys": [{**p256_jwk(), "kid": str(number)} for number in range(11)]}))


def test_of_a_published_set_others_kinds_are_passed_over() -> None:
    published = {"keys": [{"kty": "oct", "k": "AA"}, "x", {**p256_jwk(), "use": "enc"}, rsa_jwk()]}
    assert [key["kid"] for key in issuer_keys.from_set(published)] == ["rsa-1"]
    nothings: list[object] = [{}, [], {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}]}, {"keys": "abc"}, None]
    for nothing in nothings:
        with pytest.raises(IssuerKeyInvalid):
            issuer_keys.from_set(nothing)


def test_a_key_is_described_as_people_call_it() -> None:
    described = [
        issuer_keys.described(key) for key in issuer_keys.read(f"{pem(rsa_key().public_key())}{ed25519_pem()}")
    ]
    assert described == ["RSA, 2048 bits", "Ed25519"]
    assert issuer_keys.described(issuer_keys.read(pem(p256_key().public_key()))[0]) == "P-256"
