"""Who may be one and the same person on two records: an address, a number, or name and birthday that both have.

Found through the indexes of addresses, numbers and names, from one customer; at any size of the organization the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from tessera.people.models import Customer, CustomerEmail, CustomerPhone
from tessera.people.queries import CustomerFacts, customer_facts

MOST: Final = 10


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
