"""What a decision rests on, read with one query that starts at the customer (3-architecture, "Check").

Own memberships UNION ALL those of the companies the customer belongs to, with their terms and pauses; never the other
way round, which would fan out with the members of a plan or company. Growth: with the terms of the holder's own and
inherited memberships, and with the plans that grant what is asked; not with the club.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from tessera.access.types import PERMISSION, USE, Asked, Target
from tessera.core.intervals import Span
from tessera.db import hot
from tessera.memberships.status import Facts

RowId = UUID | str  # a key as the driver returns it: UUID from PostgreSQL, 32 hexadecimal digits from SQLite
Instant = datetime | str
Row = tuple[Any, ...]

# Joins are CROSS JOINs so that SQLite keeps their order: after ANALYZE it may otherwise start from all that companies
# hold. The first row is the customer's; the others are membership x term x pause.
_WALK: Final = """
SELECT 0, c.merged_into_id, NULL, NULL, NULL, c.status, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, ({granting})
FROM people_customer c
WHERE c.id = ?2 AND c.organization_id = ?1
UNION ALL
SELECT 1, m.id, m.renews, m.pending_until, m.ended_at, m.ended_reason, m.seats, t.starts_at, t.ends_at, t.grace_until,
    pl.id, pl.name, pl.seats, p.starts_at, p.ends_at, p.extends, NULL, NULL, NULL, NULL, NULL, NULL
FROM memberships_membership m
LEFT JOIN memberships_term t ON t.membership_id = m.id
LEFT JOIN plans_plan pl ON pl.id = coalesce(t.plan_id, m.next_plan_id)
LEFT JOIN memberships_pause p ON p.membership_id = m.id
WHERE m.customer_id = ?2 AND m.organization_id = ?1
UNION ALL
SELECT 2, m.id, m.renews, m.pending_until, m.ended_at, m.ended_reason, m.seats, t.starts_at, t.ends_at, t.grace_until,
    pl.id, pl.name, pl.seats, p.starts_at, p.ends_at, p.extends,
    a.id, a.starts_at, a.ends_at, a.queue_at, co.id, co.name
FROM people_affiliation a
CROSS JOIN people_company co
CROSS JOIN memberships_membership m
LEFT JOIN memberships_term t ON t.membership_id = m.id
LEFT JOIN plans_plan pl ON pl.id = coalesce(t.plan_id, m.next_plan_id)
LEFT JOIN memberships_pause p ON p.membership_id = m.id
WHERE a.customer_id = ?2 AND a.organization_id = ?1 AND co.id = a.company_id AND m.company_id = a.company_id
"""
# Each permission that matches, with each plan that grants it; with none where no plan does.
_GRANTING: Final = """
    SELECT group_concat(coalesce(pp.plan_id, '') || ' ' || x.key)
    FROM plans_permission x LEFT JOIN plans_planpermission pp ON pp.permission_id = x.id WHERE """
_BY_KEY: Final = "x.organization_id = ?1 AND x.key = ?3"
_BY_TARGET: Final = """x.id IN (
    SELECT id FROM plans_permission WHERE organization_id = ?1 AND key = ?3
    UNION ALL
    SELECT permission_id FROM plans_permissiontarget
    WHERE organization_id = ?1 AND action = ?4 AND resource_type = ?5
        AND resource_id IN (SELECT value FROM json_each(?6)))"""


def _sqlite(matching: str) -> str:
    # With statistics SQLite plans again whenever a parameter that it compares a column with has a new value, which
    # takes five times as long as the query itself; the value of a subquery it does not ask for while planning.
    return re.sub(r"(\?\d)", r"(SELECT \1)", _WALK.format(granting=_GRANTING + matching))


SQLITE_BY_KEY: Final = _sqlite(_BY_KEY)
SQLITE_BY_TARGET: Final = _sqlite(_BY_TARGET)
# PostgreSQL plans a query of this size in several times what it takes to run it. A function keeps its plans, behind a
# transaction pooler too, where prepared statements do not last. It is made by this package's first migration.
POSTGRESQL: Final = "SELECT * FROM access_facts_1(%s, %s, %s, %s, %s, %s)"

_LONGEST_TARGET: Final = 200


class TermRow:
    """A term of a membership, with its plan."""

    __slots__ = ("ends_at", "grace_until", "plan_id", "plan_name", "seats", "starts_at")

    def __init__(
        self,
        starts_at: datetime,
        ends_at: datetime | None,
        grace_until: datetime | None,
        plan_id: RowId,
        plan_name: str,
        seats: int | None,
    ) -> None:
        self.starts_at = starts_at
        self.ends_at = ends_at
        self.grace_until = grace_until
        self.plan_id = plan_id
        self.plan_name = plan_name
        self.seats = seats  # the membership's own number, else the plan's; null: no limit


class PauseRow:
    """A pause of a membership."""

    __slots__ = ("ends_at", "extends", "starts_at")

    def __init__(self, starts_at: datetime, ends_at: datetime | None, extends: bool) -> None:
        self.starts_at = starts_at
        self.ends_at = ends_at
        self.extends = extends


class AffiliationRow:
    """The affiliation through which a membership is inherited."""

    __slots__ = ("company_id", "company_name", "ends_at", "free", "id", "queue_at", "starts_at")

    def __init__(
        self,
        row_id: RowId,
        starts_at: datetime,
        ends_at: datetime | None,
        queue_at: Instant,
        company_id: RowId,
        company_name: str,
    ) -> None:
        self.id = row_id
        self.starts_at = starts_at
        self.ends_at = ends_at
        self.queue_at = queue_at
        self.company_id = company_id
        self.company_name = company_name
        self.free: dict[int, list[Span]] = {}  # by the number of seats: when one is free for it (`seats.py`)


class SourceRow:
    """A membership as one customer has it: their own, or a company's through one affiliation."""

    __slots__ = (
        "affiliation", "ended_at", "ended_reason", "id", "next_plan", "pauses", "pending_until", "renews", "terms",
    )  # fmt: skip

    def __init__(
        self,
        row_id: RowId,
        renews: bool,
        pending_until: datetime | None,
        ended_at: datetime | None,
        ended_reason: str,
        affiliation: AffiliationRow | None,
    ) -> None:
        self.id = row_id
        self.renews = renews
        self.pending_until = pending_until
        self.ended_at = ended_at
        self.ended_reason = ended_reason
        self.affiliation = affiliation
        self.terms: list[TermRow] = []
        self.pauses: list[PauseRow] = []
        self.next_plan: tuple[RowId, str] | None = None  # asked for while there is no term

    def status_facts(self) -> Facts:
        """What `memberships.status` derives the status from."""
        return Facts(self, self.terms, self.pauses)


class Question(NamedTuple):
    """What a question comes to in the club's catalogue.

    `known` is the first key that matches it, None if no permission does; `granting` maps each plan that grants a
    matching permission to the first such key.
    """

    known: str | None
    granting: Mapping[RowId, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer and all that may grant: own memberships first. `status` is null if there is no such customer.

    `question` is what the question it was read for comes to.
    """

    status: str | None
    merged_into: RowId | None
    question: Question
    sources: list[SourceRow]


def read(*, organization_id: UUID, customer_id: UUID, asked: Asked | None) -> Standing:
    """Return what a decision about this customer and question rests on, with one query.

    Without a question nothing is known and nothing grants: the caller brings that itself (`catalogue.py`).
    """
    return standing(fetch(organization_id, customer_id, asked))


def standing(rows: Sequence[Row]) -> Standing:
    """Return what the rows of `fetch` say."""
    status, merged_into, granting = None, None, None
    sources: dict[tuple[RowId, RowId | None], SourceRow] = {}
    for row in rows:
        if row[0]:
            _add(sources, row)
        else:
            merged_into, status, granting = row[1], row[5], row[21]
    for source in sources.values():
        if len(source.terms) > 1:
            source.terms.sort(key=_start)
        if len(source.pauses) > 1:
            source.pauses.sort(key=_start)
    return Standing(status, merged_into, question(granting), list(sources.values()))


def fetch(organization_id: UUID, customer_id: UUID, asked: Asked | None) -> list[Row]:
    """Return the rows of the query; those of own memberships come before inherited ones."""
    sql, parameters = statement(organization_id, customer_id, asked, on_sqlite=connection.vendor == "sqlite")
    return hot.rows(sql, parameters)


def statement(
    organization_id: UUID, customer_id: UUID, asked: Asked | None, *, on_sqlite: bool
) -> tuple[str, tuple[Any, ...]]:
    """Return the query of `read` and its parameters, as the driver takes them."""
    key, action, kind, patterns = "", None, None, None
    if isinstance(asked, Target):
        action, kind, patterns = asked.action, asked.resource_type, _patterns(asked.resource_id)
        if action == USE and kind == PERMISSION:
            key = asked.resource_id
    elif asked is not None:
        key = asked
    if not on_sqlite:
        return POSTGRESQL, (organization_id, customer_id, key, action, kind, patterns and patterns[0])
    if patterns is None:
        return SQLITE_BY_KEY, (organization_id.hex, customer_id.hex, key)
    return SQLITE_BY_TARGET, (organization_id.hex, customer_id.hex, key, action, kind, patterns[1])


def _patterns(resource_id: str) -> tuple[list[str], str]:
    """Return every way in which a target may name this resource, as a list and in JSON.

    Exactly, `*`, or a prefix that ends in `*`; a target's resource id has at most 200 characters, so a longer resource
    is named by a prefix only.
    """
    if len(resource_id) <= _LONGEST_TARGET:
        return _patterns_of_short(resource_id)
    found = _prefixes(resource_id)
    return found, json.dumps(found)


@lru_cache(maxsize=1024)
def _patterns_of_short(resource_id: str) -> tuple[list[str], str]:
    found = [resource_id, *_prefixes(resource_id)]
    return found, json.dumps(found)


def _prefixes(resource_id: str) -> list[str]:
    return [resource_id[:length] + "*" for length in range(min(len(resource_id), _LONGEST_TARGET - 1) + 1)]


@lru_cache(maxsize=4096)
def key_of(row_id: RowId) -> UUID:
    """Return a key that the driver returned as a UUID."""
    return row_id if isinstance(row_id, UUID) else UUID(int=int(row_id, 16))


def _add(sources: dict[tuple[RowId, RowId | None], SourceRow], row: Row) -> None:
    source = sources.get((row[1], row[16]))
    if source is None:
        affiliation = None
        if row[16] is not None:
            affiliation = AffiliationRow(row[16], instant(row[17]), _end(row[18]), row[19], row[20], row[21])
        source = SourceRow(row[1], bool(row[2]), _end(row[3]), _end(row[4]), row[5], affiliation)
        sources[(row[1], row[16])] = source
    if row[7] is None:
        source.next_plan = (row[10], row[11]) if row[10] is not None else None
    else:
        starts_at = instant(row[7])
        if row[13] is None or all(term.starts_at != starts_at for term in source.terms):
            seats = row[6] if row[6] is not None else row[12]
            source.terms.append(TermRow(starts_at, _end(row[8]), _end(row[9]), row[10], row[11], seats))
    if row[13] is not None:
        paused_at = instant(row[13])
        if all(pause.starts_at != paused_at for pause in source.pauses):
            source.pauses.append(PauseRow(paused_at, _end(row[14]), bool(row[15])))


def instant(value: Any) -> datetime:
    """Return an instant that the driver returned, aware.

    SQLite's are in UTC without saying so: text, or a naive datetime where the driver knows the column.
    """
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _end(value: Any) -> datetime | None:
    return None if value is None else instant(value)


@lru_cache(maxsize=1024)
def question(text: str | None) -> Question:
    """Return the question that the first row's text comes to: `plan key,plan key`, the plan empty where none grants."""
    return question_of(part.split(" ") for part in text.split(",")) if text else _UNKNOWN


def question_of(matching: Iterable[Iterable[str]]) -> Question:
    """Return the question that pairs of a plan (32 hexadecimal digits; empty: none) and a permission's key come to."""
    known: str | None = None
    granting: dict[RowId, str] = {}
    on_sqlite = connection.vendor == "sqlite"
    for plan, key in matching:
        if known is None or key < known:
            known = key
        if plan:
            plan_id: RowId = plan if on_sqlite else UUID(hex=plan)
            granting[plan_id] = min(key, granting.get(plan_id, key))
    return Question(known, granting)


_UNKNOWN: Final = Question(None, {})


def _start(row: TermRow | PauseRow) -> datetime:
    return row.starts_at
