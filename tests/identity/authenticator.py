"""A device that makes passkeys and signs with them, in software: what a browser would send, as JSON."""

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tessera.identity import passkeys
from tessera.identity.types import SignedIn

DOMAIN: Final = "localhost"
_NOTHING = AuthenticatorData.FLAG(0)


@dataclass
class Device:
    """Keeps one key. `verifies`: it knows its owner by a finger or PIN; `count` None: it counts no uses."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    present: bool = True
    count: int | None = 0
    rp_id: str | None = None  # what it believes it is on, where that is not what it is told
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    handle: str = ""

    def made(self, options: str, **changed: str) -> str:
        """Make a passkey for what a page asks."""
        asked = json.loads(options)["publicKey"]
        self.handle = asked["user"]["id"]
        data = AttestedCredentialData.create(
            b"\0" * 16,
            self.credential_id,
            ES256.from_cryptography_key(self.key.public_key()),  # type: ignore[no-untyped-call]
        )
        authenticator = self._data(asked["rp"]["id"], data)
        told = self._client_data("webauthn.create", asked["challenge"], changed)
        attested = AttestationObject.create("none", authenticator, {})
        return self._json({"clientDataJSON": websafe_encode(told), "attestationObject": websafe_encode(attested)})

    def signed(self, options: str, **changed: str) -> str:
        """Sign what a page asks."""
        asked = json.loads(options)["publicKey"]
        if self.count is not None:
            self.count += 1
        authenticator = self._data(asked["rpId"], None)
        told = self._client_data("webauthn.get", asked["challenge"], changed)
        signature = self.key.sign(authenticator + sha256(told).digest(), ECDSA(SHA256()))
        return self._json(
            {
                "clientDataJSON": websafe_encode(told),
                "authenticatorData": websafe_encode(authenticator),
                "signature": websafe_encode(signature),
                "userHandle": changed.get("handle", self.handle),
            }
        )

    def _data(self, rp_id: str, made: AttestedCredentialData | None) -> AuthenticatorData:
        flag = AuthenticatorData.FLAG
        flags = flag.UP if self.present else _NOTHING
        flags |= flag.UV if self.verifies else _NOTHING
        flags |= flag.AT if made else _NOTHING
        found: AuthenticatorData = AuthenticatorData.create(
            sha256((self.rp_id or rp_id).encode()).digest(), flags, self.count or 0, made or b""
        )
        return found

    def _client_data(self, kind: str, challenge: str, changed: dict[str, str]) -> bytes:
        told = {
            "type": changed.get("type", kind),
            "challenge": changed.get("challenge", challenge),
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(told).encode()

    def _json(self, response: dict[str, str]) -> str:
        name = websafe_encode(self.credential_id)
        told: dict[str, Any] = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps({**told, "clientExtensionResults": {}})


def challenge_of(options: str) -> bytes:
    """The challenge in a question."""
    return websafe_decode(json.loads(options)["publicKey"]["challenge"])


def made(signed_in: SignedIn, device: Device, name: str = "Phone") -> passkeys.PasskeyView:
    """A passkey that whoever is signed in has just made on the device."""
    asked = passkeys.question_to_make(signed_in, domain=DOMAIN)
    return passkeys.make(signed_in, domain=DOMAIN, state=asked.state, answer=device.made(asked.options), name=name)
