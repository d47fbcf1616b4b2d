"""Names for the ids that events and memberships speak of, read together: one query for each kind."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Concat, Trim

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.people.details import tag_key
from tessera.people.models import ERASED, CustomerTag
from tessera.plans.models import Permission, Plan

_NUMBER: Final = "\0"  # stands in a name where the database puts a number in


def plans(organization: Organization, keys: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of plans."""
    return dict(Plan.objects.filter(organization=organization, pk__in=keys).values_list("pk", "name")) if keys else {}


def tags(organization: Organization, begins: str) -> list[str]:
    """Return up to twenty tags of customers that begin so, by name. At most twenty queries on an index of tags."""
    key, found = tag_key(begins), list[str]()
    rows = CustomerTag.objects.filter(organization=organization).order_by("key")
    last = rows.filter(key__gte=key).values_list("key", "tag").first()
    while last is not None and last[0].startswith(key) and len(found) < 20:
        found.append(last[1])
        last = rows.filter(key__gt=last[0]).values_list("key", "tag").first()
    return found


def permissions(organization: Organization) -> dict[str, str]:
    """Return the names of all permissions by their keys."""
    return dict(Permission.objects.filter(organization=organization).values_list("key", "name"))


@dataclass(frozen=True, slots=True)
class Names:
    """What the records are called that lines of a log speak of, by key; one empty where nothing was asked."""

    customers: dict[UUID, str]
    companies: dict[UUID, str]
    plans: dict[UUID, str]
    staff: dict[UUID, str]
    keys: dict[UUID, str]

    def of_actors(self, texts: Collection[str]) -> dict[str, str]:
        """Return who actors are, by the text that events hold; empty where nobody is known."""
        return by_text(texts, {**self.customers, **self.staff, **self.keys})


def of_many(
    organization: Organization,
    *,
    customers: Collection[UUID],
    companies: Collection[UUID],
    plans: Collection[UUID],
    actors: Collection[str],
) -> Names:
    """Return the names of records of several kinds, read together; actors' among staff, keys and customers. One query;
    none if nothing is asked for."""
    staff = [key for text in actors if (key := _key(Prefix.STAFF, text)) is not None]
    keys = [key for text in actors if (key := _key(Prefix.API_KEY, text)) is not None]
    customers = {*customers, *(key for text in actors if (key := _key(Prefix.CUSTOMER, text)) is not None)}
    before, _, after = (str(ERASED) % {"number": _NUMBER}).partition(_NUMBER)
    called = Case(
        When(erased_at__isnull=False, then=Concat(Value(before), F("number"), Value(after))),
        *(When(~Q(**{column: ""}), then=F(column)) for column in ("display_name", "full_name")),
        default=F("number"),
    )
    full = Trim(Concat("first_name", Value(" "), "last_name"))
    asked: list[tuple[Collection[UUID], Callable[[], QuerySet[Any, Any]]]] = [
        (customers, lambda: organization.customers.annotate(full_name=full).annotate(called=called)),
        (companies, lambda: organization.companies.annotate(called=F("name"))),
        (plans, lambda: organization.plans.annotate(called=F("name"))),
        (staff, lambda: Staff.objects.filter(organization=organization).annotate(called=F("user__name"))),
        (keys, lambda: ApiKey.objects.filter(organization=organization).annotate(called=F("name"))),
    ]
    parts = [
        rows().filter(pk__in=wanted).annotate(kind=Value(place)).values_list("kind", "pk", "called")
        for place, (wanted, rows) in enumerate(asked)
        if wanted
    ]
    found: list[dict[UUID, str]] = [{} for _ in asked]
    for kind, key, name in parts[0].union(*parts[1:], all=True) if parts else ():
        found[kind][key] = name
    return Names(*found)


def by_text(texts: Collection[str], names: Mapping[UUID, str]) -> dict[str, str]:
    """Return who actors are, by the text that events hold, from names by key; empty where nobody is known."""
    found = {}
    for text in texts:
        key = _key(Prefix.STAFF, text) or _key(Prefix.API_KEY, text) or _key(Prefix.CUSTOMER, text)
        found[text] = names.get(key, "") if key is not None else ""
    return found


def _key(prefix: Prefix, text: str) -> UUID | None:
    return ids.from_text(prefix, text.partition(":")[2])
