"""Forgetting what jobs failed with, where it speaks of somebody who is to be forgotten."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from tessera.jobs.models import Job

_FORGOTTEN: Final = "(erased)"


def forget(organization_id: UUID, speaks_of_them: Callable[[str], bool]) -> None:
    """Take the tracebacks away that speak of them; that the jobs failed, and by what, stays."""
    rows = Job.objects.filter(organization_id=organization_id, failures__gt=0)
    for row in rows.only("id", "errors"):
        errors = [
            {**each, "traceback": _FORGOTTEN} if speaks_of_them(str(each.get("traceback", ""))) else each
            for each in row.errors
        ]
        if errors != row.errors:
            Job.objects.filter(pk=row.pk).update(errors=errors)
