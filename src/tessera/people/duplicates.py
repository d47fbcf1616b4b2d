"""Who may be one and the same person on two records: an address, a number, or name and birthday that both have.

Found through the indexes of addresses, numbers and names, from one customer; at any size of the organization the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, QuerySet

from tessera.organizations.models import Organization
from tessera.people.models import Customer, CustomerEmail, CustomerPhone
from tessera.people.queries import CustomerFacts, customer_facts

MOST: Final = 10
_WINDOW: Final = 20_000


class Likeness(StrEnum):
    """What two records have in common."""

    EMAIL = "email"
    PHONE = "phone"
    NAME_AND_BIRTHDAY = "name_and_birthday"


@dataclass(frozen=True, slots=True)
class Likely:
    """A record that may be of the same person, and why."""

    customer: CustomerFacts
    likenesses: tuple[Likeness, ...]


def likely_duplicates(row: Customer) -> list[Likely]:
    """Return at most ten records that may be of the same person, those with most in common first. Six queries.

    Who was merged already is none; who is archived or banned is.
    """
    found: dict[UUID, list[Likeness]] = {}
    for likeness, keys in _alike(row).items():
        for key in keys:
            found.setdefault(key, []).append(likeness)
    ranked = sorted(found, key=lambda key: (-len(found[key]), key))[:MOST]
    rows = Customer.objects.filter(organization_id=row.organization_id, pk__in=ranked, merged_into=None)
    facts = {each.id: each for each in customer_facts(list(rows))}
    return [Likely(facts[key], tuple(found[key])) for key in ranked if key in facts]


@dataclass(frozen=True, slots=True)
class Group:
    """Records that have something in common: an address, a number, or name and birthday."""

    common: str
    customers: tuple[CustomerFacts, ...]  # at most ten


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups in order of what they have in common. `after`: where to look on; empty when everybody was looked at."""

    groups: tuple[Group, ...]
    after: str


def groups(organization: Organization, likeness: Likeness, *, after: str = "", limit: int = 25) -> Groups:
    """Return records that are alike, from what stands behind `after` in the index of addresses, numbers or names.

    At most 20,000 entries of the index are looked at (10,000 of names), whatever the size of the organization: few
    groups, or none, do not say that there are no more. Seven queries.
    """
    column, rows = _index(organization, likeness)
    window = _WINDOW if likeness is not Likeness.NAME_AND_BIRTHDAY else _WINDOW // 2
    ahead = rows.filter(**{f"{column}__gt": after}).order_by(column)
    last = ahead.values_list(column, flat=True)[window - 1 : window].first()
    seen = ahead if last is None else ahead.filter(**{f"{column}__lte": last})
    by = (column, "birthday") if likeness is Likeness.NAME_AND_BIRTHDAY else (column,)
    alike = seen.values(*by).annotate(many=Count("pk")).filter(many__gt=1).order_by(*by).values_list(*by)
    common = list(alike[: limit + 1])
    more = last or ""
    if len(common) > limit:  # the page ends between two names: one that several pairs have is not cut in two
        whole = [key for key in common if key[0] != common[limit][0]] or common
        common = whole[:limit]
        more = common[-1][0]
    people = _of(organization, likeness, common)
    facts = {each.id: each for each in customer_facts([row for found in people for row in found])}
    told = zip(common, people, strict=True)
    return Groups(
        tuple(Group(str(key[0]), tuple(facts[row.pk] for row in found)) for key, found in told if len(found) > 1), more
    )


def _index(organization: Organization, likeness: Likeness) -> tuple[str, QuerySet[Any, Any]]:
    if likeness is Likeness.EMAIL:
        return "key", CustomerEmail.objects.filter(organization=organization)
    if likeness is Likeness.PHONE:
        return "number", CustomerPhone.objects.filter(organization=organization)
    return "name_key", Customer.objects.filter(organization=organization, merged_into=None, birthday__isnull=False)


def _of(organization: Organization, likeness: Likeness, common: Sequence[tuple[Any, ...]]) -> list[list[Customer]]:
    """The people of each group, the oldest record first. One query."""
    column, rows = _index(organization, likeness)
    found: dict[tuple[Any, ...], list[Customer]] = {key: [] for key in common}
    fitting = rows.filter(**{f"{column}__in": {key[0] for key in common}}).order_by("pk")
    if likeness is Likeness.NAME_AND_BIRTHDAY:
        for row in fitting:
            found.get((row.name_key, row.birthday), []).append(row)
    else:
        for each in fitting.filter(customer__merged_into=None).select_related("customer"):
            found.get((getattr(each, column),), []).append(each.customer)
    return [people[:MOST] for people in found.values()]


def _alike(row: Customer) -> dict[Likeness, list[UUID]]:
    own = {"organization_id": row.organization_id}
    emails = CustomerEmail.objects.filter(
        **own, key__in=CustomerEmail.objects.filter(customer=row).values("key"), customer__merged_into=None
    )
    phones = CustomerPhone.objects.filter(
        **own, number__in=CustomerPhone.objects.filter(customer=row).values("number"), customer__merged_into=None
    )
    names = Customer.objects.filter(
        **own, name_key=row.name_key, birthday=row.birthday, birthday__isnull=False, merged_into=None
    )
    return {
        Likeness.EMAIL: list(dict.fromkeys(_others(emails.values_list("customer_id", flat=True), row))),
        Likeness.PHONE: list(dict.fromkeys(_others(phones.values_list("customer_id", flat=True), row))),
        Likeness.NAME_AND_BIRTHDAY: _others(names.values_list("pk", flat=True), row),
    }


def _others(keys: QuerySet[Any, UUID], row: Customer) -> list[UUID]:
    return [key for key in keys[: MOST * 2] if key != row.pk]
