"""What a backup says of itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

FORMAT: Final = 1

Kind = Literal["sqlite", "postgresql"]


class Database(msgspec.Struct, frozen=True):
    """The database it is of. `schema`: PostgreSQL's; empty on SQLite. `server`: the version of what wrote it."""

    kind: Kind
    server: str
    schema: str = ""


class OrganizationLine(msgspec.Struct, frozen=True):
    """An organization in it, and how far its feed goes: `last_event` is the last number given, in this epoch."""

    id: str
    slug: str
    epoch: str
    last_event: int


class Media(msgspec.Struct, frozen=True):
    """Uploaded files."""

    files: int
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """All that can be known of a backup without opening its database.

    `encryption_keys`: by id, how many secrets are sealed under each; the keys themselves are not in the backup.
    """

    format: int
    tessera: str
    made_at: datetime
    database: Database
    migrations: list[str]
    encryption_keys: Mapping[str, int]
    organizations: list[OrganizationLine]
    media: Media


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as it is written: JSON, indented, for people too."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)
