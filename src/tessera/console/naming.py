"""Names for the ids that events and memberships speak of, read together: one query for each kind."""

from collections.abc import Collection
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.people.details import tag_key
from tessera.people.models import Company, Customer, CustomerTag
from tessera.plans.models import Permission, Plan


def plans(organization: Organization, keys: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of plans."""
    return dict(Plan.objects.filter(organization=organization, pk__in=keys).values_list("pk", "name")) if keys else {}


def all_plans(organization: Organization) -> list[tuple[UUID, str]]:
    """Return the keys and names of the first 200 plans, archived ones too, by name."""
    rows = Plan.objects.filter(organization=organization).order_by("name", "id")
    return list(rows.values_list("pk", "name")[:200])


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


def companies(organization: Organization, keys: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of companies."""
    found = Company.objects.filter(organization=organization, pk__in=keys)
    return dict(found.values_list("pk", "name")) if keys else {}


def customers(organization: Organization, keys: Collection[UUID]) -> dict[UUID, str]:
    """Return what customers are called."""
    found = Customer.objects.filter(organization=organization, pk__in=keys) if keys else []
    return {row.pk: row.name for row in found}


def actors(organization: Organization, texts: Collection[str]) -> dict[str, str]:
    """Return who actors are, by the text that events hold: the name of a staff member, API key or customer."""
    staff = {key for text in texts if (key := _key(Prefix.STAFF, text)) is not None}
    keys = {key for text in texts if (key := _key(Prefix.API_KEY, text)) is not None}
    people = {key for text in texts if (key := _key(Prefix.CUSTOMER, text)) is not None}
    names: dict[UUID, str] = customers(organization, people)
    if staff:
        rows = Staff.objects.filter(organization=organization, pk__in=staff)
        names |= dict(rows.values_list("pk", "user__name"))
    if keys:
        names |= dict(ApiKey.objects.filter(organization=organization, pk__in=keys).values_list("pk", "name"))
    found = {}
    for text in texts:
        key = _key(Prefix.STAFF, text) or _key(Prefix.API_KEY, text) or _key(Prefix.CUSTOMER, text)
        found[text] = names.get(key, "") if key is not None else ""
    return found


def _key(prefix: Prefix, text: str) -> UUID | None:
    return ids.from_text(prefix, text.partition(":")[2])
