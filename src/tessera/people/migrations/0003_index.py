from typing import Any

from django.db import migrations

from tessera.people import contacts, searching
from tessera.people.models import Company, Customer
from tessera.people.searching import INDEX

_BLOCK = 2_000


def lay(apps: Any, schema_editor: Any) -> None:
    """Lay the index: a table of FTS5 on SQLite, a column and a GIN index on PostgreSQL."""
    for statement in INDEX.creation(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def take_away(apps: Any, schema_editor: Any) -> None:
    """Take it away again."""
    for statement in INDEX.removal(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def fill(apps: Any, schema_editor: Any) -> None:
    """Index whoever is known, and companies' tags. In blocks, each a transaction of its own: it can go on.

    By the code as it is, which reads only columns that were there before; once it reads others, this needs a copy.
    """
    searching.index_everybody(Customer, Company)
    with_tags = Company.objects.exclude(tags=[]).only("pk", "organization_id", "tags").order_by("pk")
    for company in with_tags.iterator(chunk_size=_BLOCK):
        contacts.write_tags(company, company.tags)


class Migration(migrations.Migration):
    """What customers and companies are found by."""

    atomic = False

    dependencies = [
        ("people", "0002_finding"),
    ]

    operations = [
        migrations.RunPython(lay, take_away),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
