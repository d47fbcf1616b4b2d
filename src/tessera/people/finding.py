"""Who is found by what somebody types: asked of the index, so that it costs the same at any size of the organization.

A page is of the best matches only: all of them if there are at most 2,000, else those whose names begin so and as many
of the others. What goes on in the background asks for all (`customers_matching`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from tessera.db import search
from tessera.db.search import Asked
from tessera.organizations.models import Organization
from tessera.people import searching
from tessera.people.affiliations import covering
from tessera.people.models import Affiliation, Company, Customer, SearchEntry
from tessera.people.names import folded

WINDOW: Final = 2_000
_MOST_COMPANIES: Final = 20  # whose people are found by the company's name
_SHORTEST_OF_COMPANY: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of those that are found, in no order. `more`: there are others, which a longer text would tell."""

    ids: tuple[UUID, ...]
    more: bool


def customers_found(
    organization: Organization, q: str, *, at: datetime | None = None, companies: Found | None = None
) -> Found:
    """Return the customers that `q` finds; with `at` also the people, then, of companies that it finds: of `companies`
    if they have been found already.

    Each word has to be in the name, an e-mail address, a phone number, the number or the external id; words of one or
    two characters at their beginning (of a phone number: its end). At most four queries.
    """
    q = _plain(q)
    ids, more = _ids(searching.customers_asked(organization.pk, q), "customer_id", most=WINDOW)
    firms = _companies(organization, q, companies) if at is not None else []
    if firms and at is not None:
        people = Affiliation.objects.filter(covering(at), organization=organization, company__in=firms)
        ids += list(people.values_list("customer_id", flat=True)[: WINDOW + 1])
        more = more or len(ids) > WINDOW
    if more:
        ids += _named(Customer.objects.filter(organization=organization, merged_into=None), q)
    return Found(tuple(dict.fromkeys(ids)), more)


def customers_among(organization_id: UUID, customers: QuerySet[Any, Any], q: str) -> list[UUID]:
    """Return which of some customers, given by a query of their keys, `q` finds: their texts are looked through.

    For the people of a company; one query, whose cost grows with those customers and with nobody else.
    """
    what = searching.customers_asked(organization_id, _plain(q))
    texts = SearchEntry.objects.filter(customer__in=customers).values_list("customer_id", "text")
    return [key for key, text in texts if search.is_in(text, what)]


def companies_found(organization: Organization, q: str) -> Found:
    """Return the companies that `q` finds, likewise."""
    q = _plain(q)
    ids, more = _ids(searching.companies_asked(organization, q), "company_id", most=WINDOW)
    if more:
        ids += _named(Company.objects.filter(organization=organization), q)
    return Found(tuple(dict.fromkeys(ids)), more)


def customers_matching(organization: Organization, q: str, *, at: datetime | None = None) -> Q:
    """Return the condition for all customers that `q` finds: for work in the background, where it may take its time.
    `at`: as in `customers_found`."""
    q = _plain(q)
    found = Q(pk__in=_all(searching.customers_asked(organization.pk, q), "customer_id"))
    if at is not None and (companies := _companies(organization, q)):
        found |= Q(Exists(Affiliation.objects.filter(covering(at), customer=OuterRef("pk"), company__in=companies)))
    return found


def companies_matching(organization: Organization, q: str) -> Q:
    """Return the condition for all companies that `q` finds, likewise."""
    return Q(pk__in=_all(searching.companies_asked(organization, _plain(q)), "company_id"))


def _plain(q: str) -> str:
    return q.replace("\0", " ")


def _companies(organization: Organization, q: str, known: Found | None = None) -> list[UUID]:
    if len(folded(q)) < _SHORTEST_OF_COMPANY:
        return []
    if known is not None:
        return list(known.ids[:_MOST_COMPANIES])
    found, _more = _ids(searching.companies_asked(organization, q), "company_id", most=_MOST_COMPANIES)
    return found


def _ids(what: Asked, column: str, *, most: int) -> tuple[list[UUID], bool]:
    if not what.ways:
        return [], False
    sql, parameters = searching.INDEX.found(what, column=column, limit=most + 1)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = [_key(value) for (value,) in cursor.fetchall()]
    return found[:most], len(found) > most


def _all(what: Asked, column: str) -> Any:
    if not what.ways:
        return []
    sql, parameters = searching.INDEX.found(what, column=column)
    return RawSQL(sql, parameters)  # noqa: S611  (names of ours; what was typed is among the parameters)


def _named(rows: QuerySet[Any], q: str) -> list[UUID]:
    """The first whose names begin with what is asked: the best of too many."""
    begins = folded(q)
    behind = rows.filter(name_key__gte=begins).order_by("name_key", "id").values_list("pk", "name_key")
    return [key for key, name in behind[: WINDOW // 4] if name.startswith(begins)]


def _key(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
