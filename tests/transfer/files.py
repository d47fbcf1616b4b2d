"""Imports as people make them: a file, what its columns are, and all that follows until it is over."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.transfer import blocks, importing, queries
from tessera.transfer.fields import MATCHES
from tessera.transfer.models import Import
from tessera.transfer.queries import ImportFacts
from tessera.transfer.types import Kind, Policy, Setup
from tests import make

ACTOR = Actor.system("tests")


def uploaded(club: Organization, text: str | bytes, kind: Kind = Kind.CUSTOMERS, *, name: str = "people.csv") -> Import:
    """An import whose file has just come."""
    source = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return importing.upload(organization=club, kind=kind, source=source, file_name=name, at=make.JAN_10, actor=ACTOR)


def prepared(row: Import, **told: Any) -> Import:
    """The import, with its columns as they are guessed."""
    facts = facts_of(row)
    columns, _last = queries.proposed(row.organization, facts)
    kind = Kind(row.kind)
    default = tuple(each for each in MATCHES[kind] if each not in ("email", "verified_email"))
    setup = Setup(**{"columns": columns, "match": default, **told})
    return importing.prepare(organization=row.organization, import_id=row.pk, setup=setup, at=make.JAN_10, actor=ACTOR)


def worked_on(row: Import) -> ImportFacts:
    """The import, after all that is to be done at present has been done."""
    while blocks.advance(row.pk):
        pass
    return facts_of(row)


def checked(club: Organization, text: str | bytes, kind: Kind = Kind.CUSTOMERS, **told: Any) -> ImportFacts:
    """An import of which is known what would happen."""
    return worked_on(prepared(uploaded(club, text, kind), **told))


def imported(club: Organization, text: str | bytes, kind: Kind = Kind.CUSTOMERS, **told: Any) -> ImportFacts:
    """An import that is over."""
    facts = checked(club, text, kind, **told)
    row = importing.start(organization=club, import_id=facts.id, at=make.JAN_10, actor=ACTOR)
    return worked_on(row)


def facts_of(row: Import) -> ImportFacts:
    rows, _cursor = queries.imports(row.organization, limit=200)
    return next(each for each in rows if each.id == row.pk)


def table(headers: Sequence[str], *rows: Sequence[str]) -> str:
    """A CSV file."""
    target = io.StringIO()
    csv.writer(target).writerows([headers, *rows])
    return target.getvalue()


def counts(facts: ImportFacts) -> Mapping[str, int]:
    """What was written: only what there is any of."""
    tally = facts.written if facts.started_at else facts.checked
    names = ("created", "updated", "skipped", "refused")
    return {name: many for name in names if (many := getattr(tally, name))}


def why(facts: ImportFacts) -> list[tuple[int, str]]:
    """Line and code of each row that was left out."""
    return [(each.line.number, each.code) for each in queries.left_out(facts)]


UPDATE, SKIP, REFUSE = Policy.UPDATE, Policy.SKIP, Policy.REFUSE
