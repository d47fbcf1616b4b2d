"""What is asked of a database that is copied or replaced: in SQL, because it may be of an older or a later version."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.cli.backups.manifest import OrganizationLine
from tessera.core import ids
from tessera.db import sealed, sealed_columns
from tessera.events.lineage import Fork

# Runs a statement on the database in question and returns its rows.
Ask = Callable[[str], list[tuple[Any, ...]]]

MIGRATIONS = "django_migrations"
_COUNTED = (
    ("organizations_organization", "organizations"),
    ("organizations_user", "staff sign-ins"),
    ("people_customer", "customers"),
    ("people_company", "companies"),
    ("memberships_membership", "memberships"),
    ("events_event", "events"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a backup's manifest says of its database."""

    migrations: list[str]
    encryption_keys: Mapping[str, int]
    organizations: list[OrganizationLine]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds that is to be replaced. `says` is for people; `forks`: its feed epochs, by organization."""

    empty: bool
    says: str
    organizations: list[OrganizationLine]
    forks: Mapping[UUID, list[Fork]]


def facts(ask: Ask, tables: set[str]) -> Facts:
    """Return what the manifest is to say of the database."""
    return Facts(
        migrations=[f"{app}.{name}" for app, name in ask(f"SELECT app, name FROM {MIGRATIONS} ORDER BY app, name")],
        encryption_keys=_encryption_keys(ask, tables),
        organizations=_organizations(ask, tables),
    )


def contents(ask: Ask, tables: set[str]) -> Contents:
    """Return what the database holds. It is empty without tables, or if nobody has been put into them."""
    counts = {what: ask(f"SELECT count(*) FROM {table}")[0][0] for table, what in _COUNTED if table in tables}
    organizations = _organizations(ask, tables)
    said = [f"{what}: {many:,}" for what, many in counts.items() if many]
    if organizations:
        said.append(f"called {', '.join(each.slug for each in organizations[:10])}")
    return Contents(
        empty=not any(counts.values()),
        says="; ".join(said),
        organizations=organizations,
        forks=_forks(ask, tables),
    )


def _organizations(ask: Ask, tables: set[str]) -> list[OrganizationLine]:
    if not {"organizations_organization", "events_eventcounter"} <= tables:
        return []
    epochs = {}
    if "events_feedepoch" in tables:
        epochs = {_uuid(owner): _uuid(epoch) for owner, epoch in ask(_EPOCHS)}
    return [
        OrganizationLine(
            id=ids.to_text(ids.Prefix.ORGANIZATION, _uuid(key)),
            slug=slug,
            epoch=ids.to_text(ids.Prefix.FEED_EPOCH, epochs.get(_uuid(key), _uuid(key))),
            last_event=last or 0,
        )
        for key, slug, last in ask(_ORGANIZATIONS)
    ]


_ORGANIZATIONS = (
    "SELECT o.id, o.slug, c.last FROM organizations_organization o"
    " LEFT JOIN events_eventcounter c ON c.organization_id = o.id ORDER BY o.slug"
)
_EPOCHS = "SELECT organization_id, id FROM events_feedepoch ORDER BY number"  # of each, the last one wins
_FORKS = "SELECT organization_id, id, forked_from, after FROM events_feedepoch ORDER BY number"


def _forks(ask: Ask, tables: set[str]) -> dict[UUID, list[Fork]]:
    found: dict[UUID, list[Fork]] = {}
    for owner, epoch, forked_from, after in ask(_FORKS) if "events_feedepoch" in tables else []:
        found.setdefault(_uuid(owner), []).append(Fork(_uuid(epoch), _uuid(forked_from), after))
    return found


def _encryption_keys(ask: Ask, tables: set[str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for column in sealed_columns.declared():
        table = column.model._meta.db_table
        value_of = f"{column.field} ->> '{column.part}'" if column.part else column.field
        if table in tables:
            found.update(sealed.key_of(value) or "?" for (value,) in ask(f"SELECT {value_of} FROM {table}") if value)
    return dict(sorted(found.items()))


def _uuid(value: object) -> UUID:
    """SQLite keeps UUIDs as text."""
    return value if isinstance(value, UUID) else UUID(str(value))
