"""Recording what happened. Numbers are taken and rows written as the outermost transaction closes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import connection

from tessera import db
from tessera.core import clock
from tessera.core.ids import new_id
from tessera.core.instants import instant_text
from tessera.db import bulk
from tessera.events import origins
from tessera.events.models import Event, EventCounter
from tessera.events.reacting import enqueue_reacting
from tessera.events.types import Actor, EventType

_COLUMNS: Final = (
    *("id", "organization_id", "sequence", "type", "at", "recorded_at", "actor"),
    *("customer_id", "company_id", "membership_id", "plan_id", "data"),
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line to be recorded. `data` holds JSON values: public ids, instants as text, names of changed fields."""

    organization_id: UUID
    type: EventType
    at: datetime
    actor: Actor
    customer_id: UUID | None = None
    company_id: UUID | None = None
    membership_id: UUID | None = None
    plan_id: UUID | None = None
    data: Mapping[str, object] = field(default_factory=dict)


def record(*happened: Happened) -> None:
    """Put down what happened, in this order. Kept if and only if the transaction around it is.

    Raises RuntimeError outside a `db.transaction()`: a change without its event must not be possible.
    """
    db.before_commit(_write, list(happened))


def text(instant: datetime | None) -> str | None:
    """Return an instant as the data of a line holds it: RFC 3339, UTC."""
    return instant_text(instant) if instant is not None else None


def _write(happened: list[Happened]) -> None:
    recorded_at = clock.now()
    # Counters are locked in the order of their organizations, so that two transactions never wait for each other.
    for organization_id, lines in groupby(
        sorted(happened, key=attrgetter("organization_id")), key=attrgetter("organization_id")
    ):
        block = list(lines)
        first = _take_numbers(organization_id, len(block)) - len(block) + 1
        keys = [new_id() for _ in block]
        bulk.insert(Event, _COLUMNS, _rows(block, keys, first, recorded_at))
        origins.put_beside(organization_id, [(key, line.actor) for key, line in zip(keys, block, strict=True)])
        enqueue_reacting(organization_id)


def _rows(
    block: Sequence[Happened], keys: Sequence[UUID], first: int, recorded_at: datetime
) -> list[tuple[object, ...]]:
    """The values of `_COLUMNS` of each line, as the driver takes them."""
    prepare, instant = Event._meta.pk.get_db_prep_value, connection.ops.adapt_datetimefield_value
    recorded = instant(recorded_at)
    return [
        (
            prepare(key, connection),
            prepare(line.organization_id, connection),
            sequence,
            str(line.type),
            instant(line.at),
            recorded,
            str(line.actor),
            prepare(line.customer_id, connection),
            prepare(line.company_id, connection),
            prepare(line.membership_id, connection),
            prepare(line.plan_id, connection),
            connection.ops.adapt_json_value(dict(line.data), None),
        )
        for sequence, (key, line) in enumerate(zip(keys, block, strict=True), start=first)
    ]


def _take_numbers(organization_id: UUID, many: int) -> int:
    """Return the last of `many` numbers, which are now this transaction's; others wait for its end."""
    table = connection.ops.quote_name(EventCounter._meta.db_table)
    key = EventCounter._meta.pk.get_db_prep_value(organization_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (organization_id, last) VALUES (%s, %s)"
            f" ON CONFLICT (organization_id) DO UPDATE SET last = {table}.last + %s RETURNING last",
            [key, many, many],
        )
        last: int = cursor.fetchone()[0]
    return last
