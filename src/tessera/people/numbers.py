"""The numbers of people and companies: CUS-000001, COM-000001, one series of each an organization."""

import re
from enum import StrEnum
from uuid import UUID

from django.db import connection

from tessera.organizations.models import NumberSeries, Organization

_GIVEN_OUT = re.compile(r"(?P<kind>CUS|COM)-(?P<place>[0-9]{6,9})")
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


def take(series: Series, *, organization_id: UUID) -> str:
    """Return the next number of the series. Whoever else wants one waits until this transaction is over."""
    return f"{series}-{_advance(series, organization_id, by=1, to_at_least=0):06}"


def reserve(number: str, series: Series, *, organization_id: UUID) -> None:
    """See to it that the series never gives out `number`, which somebody chose themselves.

    A chosen number of the series' own form moves the series on to it; any other cannot be given out anyway.
    """
    form = _GIVEN_OUT.fullmatch(number)
    if form and form["kind"] == series:
        _advance(series, organization_id, by=0, to_at_least=int(form["place"]))


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
