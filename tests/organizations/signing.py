"""Keys of sites that sign: made here, in the forms in which people paste them."""

import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: PublicKeyTypes) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def ed25519_pem() -> str:
    return pem(ed25519.Ed25519PrivateKey.generate().public_key())


def private_pem(key: PrivateKeyTypes | None = None) -> str:
    return (key or p256_key()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def rsa_jwk() -> dict[str, object]:
    return {**RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True), "kid": "rsa-1"}


def p256_jwk() -> dict[str, object]:
    return {**ECAlgorithm.to_jwk(p256_key().public_key(), as_dict=True), "kid": "p256-1", "use": "sig"}


def jwks_text() -> str:
    return json.dumps({"keys": [rsa_jwk(), p256_jwk()]})
