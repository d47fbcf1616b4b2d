"""The one read that verifies a key: key, organization and maker by the hash of the secret.

Written by hand because every call of the API pays for it; Django's own converters turn columns into values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Field

from tessera.db import hot
from tessera.organizations.models import ApiKey, Organization, Staff, User
from tessera.organizations.rights import Role

_Converter = Callable[[Any, Any, Any], Any]
_KEY: Final = ("id", "scopes", "expires_at", "revoked_at")
_STAFF: Final = ("role", "disabled_at")
_USER: Final = ("is_active",)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key. `maker` is the role of who made it; `maker_left`: it has a maker, who no longer may do anything."""

    id: UUID
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    maker: Role | None
    maker_left: bool
    organization: Organization


@dataclass(frozen=True, slots=True)
class _Reading:
    sql: str
    converters: tuple[tuple[int, Any, tuple[_Converter, ...]], ...]
    names: list[str]


def key_by_hash(secret_hash: str) -> FoundKey | None:
    """Return the key whose secret has this SHA-256, or None. One indexed read."""
    reading = _reading(connection.vendor)
    found = hot.rows(reading.sql, [secret_hash])
    if not found:
        return None
    values = list(found[0])
    for position, column, converters in reading.converters:
        value = values[position]
        for convert in converters:
            value = convert(value, column, connection)
        values[position] = value
    key_id, scopes, expires_at, revoked_at, role, disabled_at, is_active, *rest = values
    return FoundKey(
        id=key_id,
        scopes=scopes,
        expires_at=expires_at,
        revoked_at=revoked_at,
        maker=None if role is None else Role(role),
        maker_left=role is not None and (disabled_at is not None or not is_active),
        organization=Organization.from_db("default", reading.names, rest),
    )


@cache
def _reading(vendor: str) -> _Reading:
    """Return the statement and what its columns need on this kind of database (`vendor`)."""
    parts = (
        (ApiKey, "k", _KEY),
        (Staff, "s", _STAFF),
        (User, "u", _USER),
        (Organization, "o", tuple(each.attname for each in Organization._meta.concrete_fields)),
    )
    quote = connection.ops.quote_name
    columns: list[str] = []
    converters: list[tuple[int, Any, tuple[_Converter, ...]]] = []
    for model, alias, names in parts:
        for name in names:
            field = model._meta.get_field(name)
            if not isinstance(field, Field):
                raise TypeError(name)
            column = field.get_col(alias)
            needed = (*connection.ops.get_db_converters(column), *column.get_db_converters(connection))
            if needed:
                converters.append((len(columns), column, needed))
            columns.append(f"{alias}.{quote(str(field.column))}")
    tables = {alias: quote(model._meta.db_table) for model, alias, _ in parts}
    sql = (
        f"SELECT {', '.join(columns)} FROM {tables['k']} k"
        f" JOIN {tables['o']} o ON o.id = k.organization_id"
        f" LEFT JOIN {tables['s']} s ON s.id = k.made_by_id"
        f" LEFT JOIN {tables['u']} u ON u.id = s.user_id"
        f" WHERE k.secret_hash = {'?' if vendor == 'sqlite' else '%s'} AND o.deleting_since IS NULL"
    )
    return _Reading(sql, tuple(converters), [each.attname for each in Organization._meta.concrete_fields])
