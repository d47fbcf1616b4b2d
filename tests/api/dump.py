"""Everything that the database holds of an organization, to be compared before and after."""

from functools import cache

from django.apps import apps
from django.db import connection
from django.db.models import Model

from tessera.organizations.models import Organization

Dump = dict[str, list[tuple[object, ...]]]


def dump(club: Organization | None = None) -> Dump:
    """Return the rows of every table that belong to `club`, or all rows, each table in the order of its key."""
    found: Dump = {}
    with connection.cursor() as cursor:
        for label, statement in _statements(of_one=club is not None):
            cursor.execute(statement, [] if club is None else [club._meta.pk.get_db_prep_value(club.pk, connection)])
            found[label] = cursor.fetchall()
    return found


@cache
def _statements(*, of_one: bool) -> list[tuple[str, str]]:
    """The statement for each kind of record: put together once, as that takes longer than asking it."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.split(".")[0] != "tessera":
            continue
        rows = model._default_manager.order_by("pk")
        if of_one:
            way = _way_to_organization(model)
            if way is None:
                continue
            rows = rows.filter(**{way: Organization().pk})
        found.append((model._meta.label, rows.values_list().query.sql_with_params()[0]))
    return found


def _way_to_organization(model: type[Model], seen: frozenset[type[Model]] = frozenset()) -> str | None:
    """Return the lookup that leads from the model to the organization its rows belong to, if one does."""
    if model is Organization:
        return "pk"
    for field in model._meta.fields:
        target = field.related_model
        if not isinstance(target, type) or target in seen or target is model:
            continue
        further = _way_to_organization(target, seen | {model})
        if further is not None:
            return f"{field.name}__{further}"
    return None
