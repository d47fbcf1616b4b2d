"""What `tessera doctor` examines. Everything is read in blocks: a database of any size fits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Greatest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.db import health, sealed_columns
from tessera.events.models import Event, EventCounter
from tessera.files import sweeping
from tessera.files.models import Picture
from tessera.memberships.booked import Booked, booked
from tessera.memberships.milestones import milestones
from tessera.memberships.models import Membership, Pause, Term
from tessera.organizations.models import NumberSeries, Organization
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.numbers import Series

_BLOCK = 1_000
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What one part of the examination came to: how much was looked at, and what is wrong, with examples."""

    name: str
    what: str
    examined: int
    wrong: int = 0
    examples: tuple[str, ...] = ()


def examine() -> Iterator[Result]:
    """Yield the parts of the examination one after the other; nothing more if the tables are not of this version."""
    schema = _schema()
    yield schema
    if schema.wrong:
        return
    yield from (part() for part in _PARTS)


def _schema() -> Result:
    found = health.schema()
    faults = [f"missing {name}" for name in found.missing] + [f"unknown {name}" for name in found.unknown]
    return _result("schema", "the database is of this version", 1, faults)


def _database() -> Result:
    if connection.vendor != "sqlite":
        return Result("database", "the database's own files are sound", 0)
    faults = []
    if version := health.sqlite_too_old():
        faults.append(f"SQLite {version} can damage a database in WAL mode")
    if (mode := health.journal_mode()) != "wal":
        faults.append(f"journal mode is {mode}, not wal")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA quick_check({_EXAMPLES})")
        faults += [str(line) for (line,) in cursor.fetchall() if line != "ok"]
    return _result("database", "the database's own files are sound", 3, faults)


def _rules() -> Result:
    return _result("rules", "the database keeps every rule it was told", 1, health.missing_rules())


def _memberships() -> Result:
    what = "stored ends and announcements of memberships follow from their terms"
    examined, faults = 0, _Faults()
    for block in _blocks():
        keys = [row.pk for row in block]
        found = booked(keys)
        for row in block:
            examined += 1
            fault = _membership_fault(row, found[row.pk])
            if fault is not None:
                faults.add(f"{ids.to_text(Prefix.MEMBERSHIP, row.pk)}: {fault}")
    return Result("memberships", what, examined, faults.many, tuple(faults.examples))


def _membership_fault(row: Membership, held: Booked) -> str | None:
    terms, pauses = held
    if not terms and row.next_plan_id is None:
        return "it has neither a term nor a plan that is asked for"
    if _overlap(terms) or _overlap(pauses):
        return "its terms or pauses overlap"
    if row.ends_at != (terms[-1].ends_at if terms else None):
        return "its stored end is not that of the last term"
    coming = milestones(row, terms, pauses, after=row.announced_until)
    if row.announce_at != (coming[0].at if coming else None):
        return "what comes of it next would be announced at another instant"
    return None


def _overlap(intervals: Sequence[Term | Pause]) -> bool:
    return any(one.ends_at is None or one.ends_at > other.starts_at for one, other in pairwise(intervals))


def _events() -> Result:
    counters = dict(EventCounter.objects.values_list("organization_id", "last"))
    found = (
        Event.objects.order_by()
        .values("organization_id")
        .annotate(many=Count("sequence"), first=Min("sequence"), last=Max("sequence"))
    )
    faults, examined, seen = [], 0, set()
    for row in found:
        key = row["organization_id"]
        seen.add(key)
        examined += row["many"]
        if row["first"] != 1 or not row["many"] == row["last"] == counters.get(key):
            faults.append(f"{_organization(key)}: {row['many']} events, numbered {row['first']} to {row['last']}")
    faults += [
        f"{_organization(key)}: no events, counted to {last}"
        for key, last in counters.items()
        if key not in seen and last
    ]
    return _result("events", "events are numbered without gaps", examined, faults)


def _numbers() -> Result:
    given_out = {(row.organization_id, row.kind): row.last for row in NumberSeries.objects.all()}
    faults, examined = [], 0
    for organization_id in Organization.objects.values_list("pk", flat=True):
        for kind, model in ((Series.CUSTOMER, Customer), (Series.COMPANY, Company)):
            highest = 0
            numbers = model._default_manager.filter(organization=organization_id, number__startswith=f"{kind}-")
            for number in numbers.values_list("number", flat=True).iterator(chunk_size=_BLOCK):
                examined += 1
                place = number.removeprefix(f"{kind}-")
                if place.isascii() and place.isdigit() and 6 <= len(place) <= 9:
                    highest = max(highest, int(place))
            if highest > given_out.get((organization_id, kind), 0):
                faults.append(f"{_organization(organization_id)}: {kind}-{highest:06} would be given out again")
    return _result("numbers", "numbers of customers and companies are never given out twice", examined, faults)


def _seats() -> Result:
    wrong_place = Affiliation.objects.exclude(queue_at=Greatest("starts_at", "recorded_at"))
    backwards = Affiliation.objects.filter(ends_at__lt=F("starts_at"))
    misplaced = Membership.objects.filter(~Q(seats=None), company=None)
    faults = [
        *(f"{ids.to_text(Prefix.AFFILIATION, key)}: another place in the queue is due" for key in _keys(wrong_place)),
        *(f"{ids.to_text(Prefix.AFFILIATION, key)}: it ends before it starts" for key in _keys(backwards)),
        *(f"{ids.to_text(Prefix.MEMBERSHIP, key)}: a customer's membership has seats" for key in _keys(misplaced)),
    ]
    wrong = wrong_place.count() + backwards.count() + misplaced.count()
    examined = Affiliation.objects.count()
    return Result("seats", "seats are taken in the order of joining", examined, wrong, tuple(faults[:_EXAMPLES]))


def _secrets() -> Result:
    examined, faults = 0, _Faults()
    for column in sealed_columns.declared():
        for key, why in sealed_columns.opened(column):
            examined += 1
            if why is not None:
                faults.add(f"{column.name} of {key}: {why}")
    return Result(
        "secrets", "a configured key opens every sealed secret", examined, faults.many, tuple(faults.examples)
    )


def _pictures() -> Result:
    faults = _Faults()
    for key, path in sweeping.missing():
        faults.add(f"{ids.to_text(Prefix.PICTURE, key)}: {path.name} is missing")
    examined = Picture.objects.count()
    return Result("pictures", "photos and logos have their files", examined, faults.many, tuple(faults.examples))


_PARTS: tuple[Callable[[], Result], ...] = (
    _database,
    _rules,
    _memberships,
    _events,
    _numbers,
    _seats,
    _secrets,
    _pictures,
)


class _Faults:
    """Counts them all, keeps a few."""

    def __init__(self) -> None:
        self.many = 0
        self.examples: list[str] = []

    def add(self, text: str) -> None:
        self.many += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(text)


def _result(name: str, what: str, examined: int, faults: Sequence[str]) -> Result:
    return Result(name, what, examined, len(faults), tuple(faults[:_EXAMPLES]))


def _blocks() -> Iterator[list[Membership]]:
    stored = ("next_plan_id", "ends_at", "remind_at", "announce_at", "announced_until")
    facts = ("renews", "pending_until", "cancel_booked_at", "ended_at", "ended_reason")
    rows = Membership.objects.only(*facts, *stored).order_by("pk")
    block = list(rows[:_BLOCK])
    while block:
        yield block
        block = list(rows.filter(pk__gt=block[-1].pk)[:_BLOCK])


def _keys(rows: QuerySet[Affiliation] | QuerySet[Membership]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:_EXAMPLES])


def _organization(key: UUID) -> str:
    return ids.to_text(Prefix.ORGANIZATION, key)
