from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import migrations, transaction

from tessera.memberships import calendar
from tessera.memberships.milestones import milestones
from tessera.organizations.time import now, zone

_BLOCK = 1_000


def fill(apps: Any, schema_editor: Any) -> None:
    """Say of each membership until when all has been announced, when to remind of its end, and what comes next.

    Nothing that has passed is announced, but for expiries that were still to be. In blocks, each a transaction of its
    own: what was interrupted goes on where it stopped.

    The rules are those of the code as it is, which a test holds against data of the first schema: once they need
    columns that come later, this needs a copy of them.
    """
    Membership = apps.get_model("memberships", "Membership")
    organizations = {row.pk: row for row in apps.get_model("organizations", "Organization").objects.all()}
    rows = Membership.objects.filter(announced_until=None).order_by("pk")
    block = list(rows[:_BLOCK])
    while block:
        terms = _of(apps.get_model("memberships", "Term"), block)
        pauses = _of(apps.get_model("memberships", "Pause"), block)
        for row in block:
            organization = organizations[row.organization_id]
            at, due = now(organization), row.announce_at
            row.remind_at = calendar.remind_at(row.ends_at, days=organization.reminder_days, zone=zone(organization))
            row.announced_until = at if due is None or due > at else due - datetime.resolution
            coming = milestones(row, terms[row.pk], pauses[row.pk], after=row.announced_until)
            row.announce_at = coming[0].at if coming else None
        with transaction.atomic(schema_editor.connection.alias):
            _write(schema_editor.connection, Membership, block)
        block = list(rows.filter(pk__gt=block[-1].pk)[:_BLOCK])


def _of(model: Any, block: list[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {row.pk: [] for row in block}
    for each in model.objects.filter(membership__in=found).order_by("starts_at"):
        found[each.membership_id].append(each)
    return found


def _write(connection: Any, model: Any, block: list[Any]) -> None:
    names = ("remind_at", "announced_until", "announce_at", "id")
    fields = [model._meta.get_field(name) for name in names]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {model._meta.db_table} SET remind_at = %s, announced_until = %s, announce_at = %s WHERE id = %s",
            [[field.get_db_prep_value(getattr(row, field.name), connection) for field in fields] for row in block],
        )


class Migration(migrations.Migration):
    """Fill what 0002 made room for."""

    atomic = False

    dependencies = [
        ("memberships", "0002_milestones"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
