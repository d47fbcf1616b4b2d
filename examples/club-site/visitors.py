"""Who has an account on this site, and who is signed in. Nothing of it is Tessera's: a real site has its own."""

import hmac
import json
import secrets
import threading
from dataclasses import dataclass
from hashlib import scrypt
from pathlib import Path

COOKIE = "club_session"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in to this site. `id` is this site's own number for them."""

    id: str
    email: str
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


class Visitors:
    """The accounts, from a file, and the sessions, in memory: they end when the site is stopped."""

    def __init__(self, file: Path) -> None:
        rows = json.loads(file.read_text(encoding="utf-8"))
        self._accounts = {
            row["email"].lower(): (Account(row["id"], row["email"], row["first"], row["last"]), row) for row in rows
        }
        self._sessions: dict[str, Account] = {}
        self._lock = threading.Lock()

    def sign_in(self, email: str, password: str) -> str | None:
        """Return the secret of a new session, None unless address and password are right."""
        account, row = self._accounts.get(email.strip().lower(), (None, {"salt": "00", "password": "00"}))
        given = hashed(password, bytes.fromhex(row["salt"]))  # for strangers too: it takes as long
        if not hmac.compare_digest(given, row["password"]) or account is None:
            return None
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[secret] = account
        return secret

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(secret, None)

    def signed_in(self, secret: str) -> Account | None:
        """Return whose session it is."""
        return self._sessions.get(secret)


def hashed(password: str, salt: bytes) -> str:
    """Return a password as it is kept."""
    return scrypt(password.encode()[:200], salt=salt, n=2**14, r=8, p=1).hex()


def entry(*, number: str, email: str, first: str, last: str, password: str) -> dict[str, str]:
    """Return an account as the file has it."""
    salt = secrets.token_bytes(16)
    return {
        "id": number, "email": email, "first": first, "last": last, "salt": salt.hex(),
        "password": hashed(password, salt),
    }  # fmt: skip
