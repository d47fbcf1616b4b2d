"""What a member may do on this site: asked of Tessera, answered with a signed token, checked here.

The API key stays on this back end. The token it fetches could be given to a browser or to another program: whoever has
Tessera's public keys can check it, without asking again.
"""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWKSet

TYPE = "tessera-access+jwt"
_CATALOGUE_SECONDS = 30
_KEYS_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody may do here, and until when that is certain (seconds since 1970)."""

    permissions: tuple[str, ...]
    number: str
    certain_until: int


class Unreachable(Exception):
    """Tessera did not answer, or not as it should."""


class Tessera:
    """An organization at a Tessera installation, as this site's back end sees it."""

    def __init__(self, *, address: str, slug: str, issuer: str, key: str, audience: str) -> None:
        self.address, self.slug, self.audience = address, slug, audience
        self._issuer, self._key = issuer, key
        self._kept: dict[str, tuple[float, Any]] = {}
        self._tokens: dict[str, Membership] = {}
        self._lock = threading.Lock()

    def plans(self) -> list[dict[str, Any]]:
        """Return what can be joined, with prices: nobody types them into this site. Raises Unreachable."""
        found: list[dict[str, Any]] = self._asked_now_and_then(f"/embed/{self.slug}/plans.json", _CATALOGUE_SECONDS)[
            "plans"
        ]
        return found

    def membership(self, reference: str) -> Membership | None:
        """Return what a customer may do, None if the club does not know them. Raises Unreachable.

        `reference` is how the club knows them, such as `external:17` or `email:ada@club.example`.
        """
        held = self._tokens.get(reference)
        if held is not None and held.certain_until > time.time() + 5:
            return held
        path = f"/api/v1/customers/{urllib.parse.quote(reference, safe='')}/token"
        answer = self._ask("POST", path, {"audience": self.audience}, known=(404,))
        found = None if answer is None else self.checked(answer["token"])
        if found is not None:
            with self._lock:
                self._tokens[reference] = found
        return found

    def forget(self, reference: str) -> None:
        """Ask anew next time: something has just changed."""
        with self._lock:
            self._tokens.pop(reference, None)

    def checked(self, token: str) -> Membership:
        """Return what a token of Tessera's says. Raises Unreachable unless every check passes.

        Signature, algorithm, kind, issuer, audience and life: a token that is right in all but one of them was made
        for something else.
        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TYPE:
                raise Unreachable("a token of another kind")
            keys = PyJWKSet.from_dict(self._asked_now_and_then("/.well-known/jwks.json", _KEYS_SECONDS))
            claims = jwt.decode(
                token, keys[header["kid"]], algorithms=["EdDSA"], audience=self.audience, issuer=self._issuer,
                options={"require": ["exp", "iat", "aud", "iss", "sub"]},
            )  # fmt: skip
        except (jwt.PyJWTError, KeyError) as reason:
            raise Unreachable(f"a token that does not count: {reason}") from reason
        return Membership(tuple(claims["permissions"]), claims.get("number", ""), claims["exp"])

    def _asked_now_and_then(self, path: str, seconds: int) -> Any:
        asked_at, found = self._kept.get(path, (0.0, None))
        if time.monotonic() - asked_at > seconds or found is None:
            found = self._ask("GET", path)
            self._kept[path] = (time.monotonic(), found)
        return found

    def _ask(self, method: str, path: str, body: object = None, known: tuple[int, ...] = ()) -> Any:
        headers = {"Accept": "application/json"}
        if path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        # The address is the settings', http or https.
        request = urllib.request.Request(f"{self.address}{path}", data=data, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code in known:
                    return None
                raise Unreachable(f"{path} answered {refusal.code}") from refusal
        except (OSError, ValueError) as reason:
            raise Unreachable(f"{path}: {reason}") from reason
