"""Files that speak of somebody who is to be forgotten: imports, what was said of their rows, and exports."""

from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from typing import Final
from uuid import UUID

from tessera import db, organizations
from tessera.events.types import Actor
from tessera.people.erasure import Person
from tessera.transfer import exporting, importing, spool
from tessera.transfer.errors import FileGone
from tessera.transfer.models import Export, Import, ImportBlock, RememberedMapping
from tessera.transfer.types import WORKING

_ACTOR: Final = Actor.system("transfer")


def forget(person: Person) -> None:
    """Remove the organization's imports and exports that speak of the person, with their files.

    Once the erasure is kept: reading files may take a while. An import that is being worked on is left to its end, and
    to the day on which it is forgotten anyway. So is what this is interrupted over.
    """
    for work in Import.objects.filter(organization=person.organization_id).exclude(status__in=WORKING):
        if person.is_in_any(chain(_said_of(work), _lines(work.pk))):
            importing.remove(work, at=organizations.now(work.organization))
    for row in Export.objects.filter(organization=person.organization_id).select_related("organization"):
        if person.is_sought_by(" ".join(map(str, row.filters.values()))) or person.is_in_any(_lines(row.pk)):
            club = row.organization
            exporting.remove(organization=club, export_id=row.pk, at=organizations.now(club), actor=_ACTOR)
    for mapping in RememberedMapping.objects.filter(organization=person.organization_id):
        if person.is_in(" ".join(mapping.headers)):
            with db.transaction():
                mapping.delete()


def _said_of(work: Import) -> Iterator[str]:
    """The file's name, its first row, what was said of all rows, and why some were left out."""
    constants: dict[str, str] = (work.setup or {}).get("constants", {})
    yield from (work.file_name, work.failure, " ".join(work.headers), " ".join(constants.values()))
    for left_out in ImportBlock.objects.filter(work=work).order_by("pk").values_list("left_out", flat=True):
        yield from (str(each) for each in left_out)


def _lines(key: UUID) -> Iterator[str]:
    """The lines of a file, if it is kept."""
    try:
        file = spool.opened(key, "csv")
    except FileGone:
        return
    with TextIOWrapper(file, encoding="utf-8", errors="replace") as lines:
        yield from lines
