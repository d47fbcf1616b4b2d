"""Removing an organization with everything it has, a block at a time, until nothing names it.

What belongs to it is found by the records' own references, so that a new kind of record needs no line here: a record
is the organization's if a chain of foreign keys leads there, or a plain `organization_id` does. What refers to others
goes before them. It may be stopped anywhere and begun again; nothing of another organization is looked at.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError
from django.db.models import ForeignKey, Model, QuerySet, UUIDField

from tessera import db
from tessera.core import ids
from tessera.events.models import Event, EventPassage
from tessera.files import sweeping
from tessera.organizations.models import Organization, Staff, User

BLOCK: Final = 500

log = logging.getLogger(__name__)

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Belonging:
    """A kind of record, and the lookup that leads from it to the organization it belongs to."""

    model: type[Model]
    way: str

    def of(self, organization_id: UUID) -> Rows:
        return self.model._base_manager.filter(**{self.way: organization_id}).order_by("pk")


def delete_some(organization_id: UUID, *, seconds: float, block: int = BLOCK) -> bool:
    """Remove what an organization that is being deleted has, for about so long; return whether all of it is gone.

    An organization that is not being deleted, or not there any more, is left as it is.
    """
    if not Organization.objects.filter(pk=organization_id, deleting_since__isnull=False).exists():
        return True
    until = time.monotonic() + seconds
    for step in _steps(organization_id, block):
        while step():
            if time.monotonic() > until:
                return False
    return _remove_last(organization_id)


def waiting() -> list[UUID]:
    """Return the organizations that are being deleted."""
    return list(Organization.objects.filter(deleting_since__isnull=False).order_by("pk").values_list("pk", flat=True))


@cache
def belongings() -> tuple[Belonging, ...]:
    """Return every kind of record that an organization can have, those first that refer to others. Itself is not one.

    Raises CycleError if two kinds refer to each other: then one reference has to be cut by hand.
    """
    found = {
        model: way
        for model in apps.get_models(include_auto_created=True)
        if model is not Organization and (way := _way(model)) is not None
    }
    before: dict[type[Model], set[type[Model]]] = {model: set() for model in found}
    for model in found:
        for field in _references(model):
            if field.related_model in found and field.related_model is not model:
                before[field.related_model].add(model)
    return tuple(Belonging(model, found[model]) for model in TopologicalSorter(before).static_order())


def _way(model: type[Model], seen: frozenset[type[Model]] = frozenset()) -> str | None:
    """Return the shortest lookup to the organization. Staff lead to it, their user accounts do not."""
    if model is User:
        return None
    plain = (field.name for field in model._meta.concrete_fields if isinstance(field, UUIDField))
    ways = [name for name in plain if name == "organization_id"]
    for field in _references(model):
        if field.related_model is Organization:
            ways.append(field.name)
        elif field.related_model not in seen | {model}:
            further = _way(field.related_model, seen | {model})
            if further is not None:
                ways.append(f"{field.name}__{further}")
    return min(ways, key=lambda way: (way.count("__"), way), default=None)


def _references(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]


def _steps(organization_id: UUID, block: int) -> Iterator[Callable[[], int]]:
    """Yield what is to be done, in order: each removes a block and returns how much that was."""
    for each in belongings():
        for field in _references(each.model):
            if field.related_model is each.model:
                yield lambda each=each, name=field.name: _cut(each.of(organization_id), name, block)  # type: ignore[misc]
    for each in belongings():
        if each.model is EventPassage:
            continue
        if each.model is Event:
            yield lambda each=each: _remove_events(each, organization_id, block)  # type: ignore[misc]
        elif each.model is Staff:
            yield lambda: _remove_staff(organization_id, block)
        else:
            yield lambda each=each: _remove(each.of(organization_id), block)  # type: ignore[misc]


def _cut(rows: Rows, name: str, block: int) -> int:
    """Have records that refer to others of their kind do so no longer."""
    with db.transaction():
        keys = list(rows.filter(**{f"{name}__isnull": False}).values_list("pk", flat=True)[:block])
        rows.model._base_manager.filter(pk__in=keys).update(**{name: None})
    return len(keys)


def _remove(rows: Rows, block: int) -> int:
    with db.transaction():
        keys = list(rows.values_list("pk", flat=True)[:block])
        if keys:  # straight away: what refers to them is gone, and nobody is asked whether to go along
            going = rows.model._base_manager.filter(pk__in=keys)
            going._raw_delete(going.db)
    return len(keys)


def _remove_events(events: Belonging, organization_id: UUID, block: int) -> int:
    """Remove lines of what happened, through the passage that is open for this transaction alone."""
    with db.transaction():
        passage = EventPassage.objects.create(organization_id=organization_id)
        removed = _remove(events.of(organization_id), block)
        passage.delete()
    return removed


def _remove_staff(organization_id: UUID, block: int) -> int:
    """Remove staff, and the accounts of those who work nowhere else."""
    with db.transaction():
        rows = list(Staff.objects.filter(organization=organization_id).values_list("pk", "user_id")[:block])
        _remove(Staff.objects.filter(pk__in=[key for key, _ in rows]), block)
        users = [user for _, user in rows]
        elsewhere = Staff.objects.filter(user__in=users).values_list("user_id", flat=True)
        User.objects.filter(pk__in=set(users) - set(elsewhere)).delete()
    return len(rows)


def _remove_last(organization_id: UUID) -> bool:
    """Remove files and the organization itself; False if a backup reads, or something has come meanwhile."""
    if not sweeping.remove_folder(organization_id):
        return False
    try:
        with db.transaction():
            rows = Organization.objects.filter(pk=organization_id, deleting_since__isnull=False)
            rows._raw_delete(rows.db)
    except IntegrityError:
        return False
    log.info("organization %s is deleted", ids.to_text(ids.Prefix.ORGANIZATION, organization_id))
    return True
