"""The numbers of people and companies: CUS-000001, COM-000001, one series of each an organization."""

import re
from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from django.db import connection

from tessera.organizations.models import NumberSeries, Organization
from tessera.people.errors import NumberInvalid
from tessera.people.models import Company, Customer

_OF_SERIES = re.compile(r"(?P<kind>CUS|COM)-(?P<place>[0-9]{6,16})")
_FURTHEST_MOVED = 999_999_999
_GRAMMAR = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,19}")


class Series(StrEnum):
    CUSTOMER = "CUS"
    COMPANY = "COM"


def canonical(text: str) -> str | None:
    """Return a number as it is stored, in capitals, or None if it cannot be one.

    1 to 20 letters, digits and `. / -`, beginning with a letter or digit: so it is never mistaken for an id
    (`cus_…`) or a reference (`email:…`).
    """
    number = text.strip().upper()
    return number if _GRAMMAR.fullmatch(number) else None


def chosen(text: str) -> str:
    """Return a number that somebody chose, as it is stored. Raises NumberInvalid if it cannot be one."""
    number = canonical(text)
    if number is None:
        raise NumberInvalid(
            "1 to 20 letters, digits and . / - such as CUS-000001, a letter or digit first", pointer="/number"
        )
    return number


def take(series: Series, *, organization_id: UUID) -> str:
    """Return the next number of the series that nobody has. Whoever else wants one waits for this transaction's end."""
    while True:
        place = _advance(series, organization_id, by=1, to_at_least=0)
        number = f"{series}-{place:06}"
        if place <= _FURTHEST_MOVED or not _in_use(number, series, organization_id):
            return number


def take_many(series: Series, many: int, *, organization_id: UUID) -> list[str]:
    """Return the next `many` numbers of the series that nobody has, in order; else as `take`."""
    last = _advance(series, organization_id, by=many, to_at_least=0)
    if last <= _FURTHEST_MOVED:
        return [f"{series}-{place:06}" for place in range(last - many + 1, last + 1)]
    return [take(series, organization_id=organization_id) for _ in range(many)]


def hold(series: Series, *, organization_id: UUID) -> None:
    """Let whoever else wants a number of the series wait until this transaction ends."""
    _advance(series, organization_id, by=0, to_at_least=0)


def reserve(number: str, series: Series, *, organization_id: UUID) -> None:
    """See to it that the series never gives out `number`, which somebody chose themselves.

    A chosen number of the series' own form moves the series on to it, up to 999999999; one further on, which would use
    the series up, is left out when its turn comes. Any other cannot be given out anyway.
    """
    form = _OF_SERIES.fullmatch(number)
    if form and form["kind"] == series:
        place = int(form["place"])
        # The row is locked in either case: who takes a number meanwhile waits, and then sees this one in use.
        _advance(series, organization_id, by=0, to_at_least=place if place <= _FURTHEST_MOVED else 0)


def reserve_all(chosen: Iterable[str], series: Series, *, organization_id: UUID) -> None:
    """As `reserve` for each of them, in few statements: of those in the series' form the furthest stands for all."""
    furthest, others = 0, []
    for number in chosen:
        form = _OF_SERIES.fullmatch(number)
        if form and form["kind"] == series and int(form["place"]) <= _FURTHEST_MOVED:
            furthest = max(furthest, int(form["place"]))
        else:
            others.append(number)
    for number in others:
        reserve(number, series, organization_id=organization_id)
    if furthest:
        _advance(series, organization_id, by=0, to_at_least=furthest)


def _in_use(number: str, series: Series, organization_id: UUID) -> bool:
    rows = Customer.objects if series is Series.CUSTOMER else Company.objects
    return rows.filter(organization_id=organization_id, number=number).exists()


def _advance(series: Series, organization_id: UUID, *, by: int, to_at_least: int) -> int:
    table = connection.ops.quote_name(NumberSeries._meta.db_table)
    key = Organization._meta.pk.get_db_prep_value(organization_id, connection)
    further = f"{table}.last + %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (organization_id, kind, last) VALUES (%s, %s, %s)"
            f" ON CONFLICT (organization_id, kind) DO UPDATE"
            f" SET last = CASE WHEN {further} > %s THEN {further} ELSE %s END RETURNING last",
            [key, series, max(by, to_at_least), by, to_at_least, by, to_at_least],
        )
        last: int = cursor.fetchone()[0]
    return last
