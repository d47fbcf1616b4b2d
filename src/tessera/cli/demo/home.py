"""Where the demo lives: a folder with its database, its secret key and the API keys it shows."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

DEFAULT: Final = Path("var/demo")
_SECRET_KEY: Final = "secret-key"  # noqa: S105  (a file's name)
_KEYS: Final = "keys.json"
_WEBHOOK_SECRET: Final = "webhook-secret"  # noqa: S105  (a file's name)
_WEBSITE: Final = "website"
_MAILBOX: Final = "mailbox"
_DATABASE: Final = ("tessera.sqlite3", "tessera.sqlite3-wal", "tessera.sqlite3-shm")


def website_port(port: int) -> int:
    """Return where the club's own website listens, called `localhost`: another site than 127.0.0.1."""
    return port + 1


def receiver_port(port: int) -> int:
    """Return where the demo's receiver of webhooks listens."""
    return port + 2


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of the demo's API keys: of Strand House, and of its test organization."""

    key: str
    lab_key: str


@dataclass(frozen=True, slots=True)
class Home:
    """A folder that only its owner reads."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Home":
        """Return the home in this folder, made if it is not there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(folder)

    @property
    def may_be_cleared(self) -> bool:
        """Whether no database is here, or one whose keys say that a demo was made in it."""
        return (self.folder / _KEYS).exists() or not (self.folder / _DATABASE[0]).exists()

    def settings(self, port: int) -> Mapping[str, str]:
        """Return the settings the demo runs with; the secret key is made the first time."""
        return {
            "TESSERA_HOME": str(self.folder),
            "TESSERA_SECRET_KEY": self._secret_key(),
            "TESSERA_BASE_URL": f"http://127.0.0.1:{port}",
            "TESSERA_DEMO": "true",
            "TESSERA_OUTBOUND_ALLOWED": f"127.0.0.1:{receiver_port(port)}",
            "TESSERA_MAIL_URL": "mailbox:",
            "TESSERA_MAIL_FROM": "Strand House <hello@strand-house.example>",
        }

    def keys(self) -> Keys | None:
        """Return the keys that were kept; None if there are none."""
        path = self.folder / _KEYS
        return Keys(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def keep(self, keys: Keys) -> None:
        """Keep the keys, so that the next run can show them again."""
        _write(self.folder / _KEYS, json.dumps(asdict(keys), indent=2))

    @property
    def webhook_secret(self) -> Path:
        """The file with the secret that the receiver verifies signatures with."""
        return self.folder / _WEBHOOK_SECRET

    def keep_webhook_secret(self, secret: str) -> None:
        """Keep it, so that the receiver can read it."""
        _write(self.webhook_secret, secret)

    @property
    def website(self) -> Path:
        """The folder of what the club's own website is told and keeps; made if it is not there."""
        folder = self.folder / _WEBSITE
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def keep_of_website(self, name: str, text: str) -> None:
        """Keep one of its files."""
        _write(self.website / name, text)

    def clear(self) -> None:
        """Remove the database, the secrets that belong to it, the mailbox and what the website keeps; nothing else."""
        for name in (*_DATABASE, _KEYS, _WEBHOOK_SECRET):
            (self.folder / name).unlink(missing_ok=True)
        for folder in (_MAILBOX, _WEBSITE):
            shutil.rmtree(self.folder / folder, ignore_errors=True)

    def _secret_key(self) -> str:
        path = self.folder / _SECRET_KEY
        if not path.exists():
            _write(path, secrets.token_urlsafe(60))
        return path.read_text(encoding="utf-8").strip()


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner reads, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
