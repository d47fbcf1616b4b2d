"""Imports and exports with their files, and saved views."""

from datetime import timedelta

from tessera.console.models import SavedView
from tessera.core import clock
from tessera.organizations.models import Organization, Staff
from tessera.transfer import spool
from tessera.transfer.models import Export, Import
from tessera.transfer.types import ExportStatus, ImportStatus
from tessera.transfer.types import Kind as ImportKind
from tests.make.basics import ACTOR, JAN_10, serials
from tests.make.organizations import staff


def import_of(club: Organization, text: str = "first_name,last_name\nAda,Lovelace\n") -> Import:
    """A file of customers that has just come, with plain headers; its columns are not named yet."""
    header = text.partition("\n")[0]
    row = Import.objects.create(
        organization=club,
        kind=ImportKind.CUSTOMERS,
        status=ImportStatus.UPLOADED,
        actor=ACTOR,
        file_name="people.csv",
        size=len(text.encode()),
        encoding="utf-8",
        delimiter=",",
        headers=header.split(","),
        first_position=len(header) + 1,
        first_line=2,
        position=len(header) + 1,
        line=2,
        created_at=JAN_10,
        kept_until=clock.now() + timedelta(days=30),
    )
    with spool.writing(row.pk, "csv") as file:
        file.write(text.encode())
    return row


def export_of(club: Organization, name: str = "customers", text: str = "number\r\n") -> Export:
    """A list that was exported, and its file."""
    row = Export.objects.create(
        organization=club,
        list=name,
        status=ExportStatus.DONE,
        actor=ACTOR,
        size=len(text),
        created_at=JAN_10,
        kept_until=clock.now() + timedelta(hours=24),
    )
    with spool.writing(row.pk, "csv") as file:
        file.write(text.encode())
    return row


def saved_view(
    club: Organization, by: Staff | None = None, *, name: str | None = None, query: str = "", shared: bool = True
) -> SavedView:
    """A view of the list of customers, shared with all unless told."""
    return SavedView.objects.create(
        organization=club,
        staff=by or staff(club),
        listed="customers",
        name=name or f"View {next(serials)}",
        query=query,
        shared=shared,
        created_at=JAN_10,
    )
