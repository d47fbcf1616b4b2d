"""Pages of the lists of customers, companies and memberships, whatever their filters, at any size.

Two ways lead to a page. Where an index finds few rows for one of the conditions, those are put in order and looked at;
otherwise the list is walked in its order. Either way it goes on in growing steps until the page is full. Where few of
many are of a status and an index knows who may be, the walk passes the others by. Each statement is one whose cost is
bounded; which way is taken does not hang on what the planner believes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    Field,
    IntegerField,
    Min,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)

from tessera.db.written import Written, one_of_these
from tessera.http import cursors
from tessera.memberships.filters import CompanyFilter, CustomerFilter, Holding, MembershipFilter, Sort
from tessera.memberships.models import Membership
from tessera.memberships.narrowing import (
    awaiting_payment,
    candidates,
    how_many_perhaps,
    narrow_companies,
    narrow_customers,
    narrow_memberships,
    of_whom,
    open_still,
    perhaps,
)
from tessera.memberships.queries import RELATED, views_of, with_names
from tessera.memberships.status_sql import instant
from tessera.memberships.views import MembershipView
from tessera.organizations.models import Organization
from tessera.people.affiliations import covering
from tessera.people.details import tag_key
from tessera.people.finding import Found, companies_found, customers_found
from tessera.people.models import Affiliation, Company, CompanyTag, Customer, CustomerTag
from tessera.people.names import folded
from tessera.people.queries import CompanyFacts, CustomerFacts, company, customer_facts

T = TypeVar("T")
M = TypeVar("M", bound=Model)

FEW: Final = 2_000
SOME: Final = 20_000
_FIRST, _MORE = 400, 20_000  # so many are looked at first, if a page is not full then so many, and then all
_ORDERS: Final[dict[Sort, tuple[str, ...]]] = {
    Sort.BEST: ("rank", "name_key", "id"),
    Sort.NAME: ("name_key", "id"),
    Sort.NEWEST: ("-created_at", "-id"),
    Sort.NUMBER: ("number",),
    Sort.END: ("next_end", "id"),
}
_COMPUTED: Final[dict[str, "Field[Any, Any]"]] = {"rank": IntegerField(), "next_end": DateTimeField()}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `more_found`: only the best of what the search found is listed."""

    data: tuple[T, ...]
    next_cursor: str | None
    more_found: bool = False


def customers(
    organization: Organization, which: CustomerFilter, *, at: datetime, limit: int, cursor: str | None
) -> Page[CustomerFacts]:
    """Return a page of the customers that the filter lets through.

    At most 12 queries, as many for one row as for a page. Raises CursorInvalid.
    """
    base = Customer.objects.filter(organization=organization, merged_into=None)
    found = customers_found(organization, which.q, at=at) if which.q.strip() else None
    many = None if found else how_many_perhaps(organization, which.holding, at, most=SOME)
    few = found.ids if found else _few_customers(organization, which, at, many)
    among = _first_among(organization, many, few)

    def narrow(rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return narrow_customers(rows, which, at=at, among=among)

    ending = organization.memberships.filter(customer__isnull=False, ended_at=None, ends_at__gt=at)
    rows, next_cursor = _page(
        _ordered(base, which.sort, which.q, at),
        narrow=narrow if which.narrowed_besides else None,
        few=few,
        walked=_walk_by_end(ending, "customer_id", cursor) if which.sort is Sort.END else None,
        order=_order(which.sort, which.q),
        limit=limit,
        cursor=cursor,
    )
    return Page(tuple(customer_facts(rows)), next_cursor, bool(found and found.more))


def companies(
    organization: Organization, which: CompanyFilter, *, at: datetime, limit: int, cursor: str | None
) -> Page[CompanyFacts]:
    """Return a page of the companies that the filter lets through. Raises CursorInvalid."""
    base = Company.objects.filter(organization=organization)
    found = companies_found(organization, which.q) if which.q.strip() else None
    few = found.ids if found else _few_companies(organization, which, at)
    ending = organization.memberships.filter(company__isnull=False, ended_at=None, ends_at__gt=at)
    rows, next_cursor = _page(
        _ordered(base, which.sort, which.q, at),
        narrow=(lambda each: narrow_companies(each, which, at=at)) if which.narrowed_besides else None,
        few=few,
        walked=_walk_by_end(ending, "company_id", cursor) if which.sort is Sort.END else None,
        order=_order(which.sort, which.q),
        limit=limit,
        cursor=cursor,
    )
    return Page(tuple(company(row) for row in rows), next_cursor, bool(found and found.more))


def memberships(
    organization: Organization, which: MembershipFilter, *, at: datetime, limit: int, cursor: str | None
) -> Page[MembershipView]:
    """Return a page of the memberships that the filter lets through: the newest first, or what ends next. Raises
    CursorInvalid."""
    base = organization.memberships.all()
    order: tuple[str, ...] = ("-created_at", "-id")
    if which.sort is Sort.END:
        base, order = base.filter(ended_at=None, ends_at__gt=at), ("ends_at", "id")
    found: tuple[Found, ...] = ()
    many, few, held = None, None, None
    if which.q.strip():
        people, firms = found = customers_found(organization, which.q), companies_found(organization, which.q)
        held = base.filter(pk__in=_held_by(base, people, firms))
    else:
        many = how_many_perhaps(organization, which.holding, at, most=SOME)
        likely_ones = candidates(organization, base, _few_of(which.holding, many), which.plan_id, which.ending, at)
        likely_ones += of_whom(organization, base, which, at)
        if which.unpaid:
            likely_ones += [(base.filter(awaiting_payment(at)), perhaps(organization, base, Holding.GRACE, at))]
        few = _fewest(_keys(parts, "pk") for parts in likely_ones)
    among = _first_among(organization, many, few)
    rows, next_cursor = _page(
        base,
        narrow=(lambda each: narrow_memberships(each, which, at=at, among=among)) if which.narrowed_besides else None,
        few=few,
        walked=None,
        order=order,
        limit=limit,
        cursor=cursor,
        found=held,
        related=RELATED,
    )
    return Page(tuple(views_of(organization, rows, at)), next_cursor, any(each.more for each in found))


def _held_by(base: QuerySet[Membership], people: Found, firms: Found) -> QuerySet[Any, Any]:
    """The keys of the memberships of these customers and companies: in two parts, each found by an index."""
    rows = base.order_by()
    of_people = rows.filter(one_of_these(people.ids, "customer_id")).values("pk")
    return of_people.union(rows.filter(one_of_these(firms.ids, "company_id")).values("pk"), all=True)


def _page(
    base: QuerySet[M],
    *,
    narrow: Callable[[QuerySet[M]], QuerySet[M]] | None,
    few: Sequence[UUID] | None,
    walked: QuerySet[Any, Any] | None,
    order: tuple[str, ...],
    limit: int,
    cursor: str | None,
    found: QuerySet[M] | None = None,
    related: tuple[str, ...] = (),
) -> tuple[list[M], str | None]:
    """Return the page after `cursor` of `base`, and the cursor of the next.

    `few`: the only ones that can be among them, if they are few; `found`: likewise, as many as a search finds.
    `walked`: the keys in the list's order where that is not the order of one of the table's own indexes.
    """
    here: dict[str, Any] = {"order": order, "limit": limit, "cursor": cursor, "computed": _COMPUTED}
    everybody = base.select_related(*related) if related else base
    # Put together once: that takes Django longer than the database takes to answer it.
    fitting = cursors.after(narrow(everybody) if narrow else everybody, **here)
    if few is not None and not few:
        rows = []
    elif few is not None and narrow is not None and len(few) > _FIRST:
        rows = _walk(fitting, cursors.after(base.filter(one_of_these(few)), **here).values("pk"), (_FIRST, None), limit)
    elif few is not None:
        rows = list(fitting.filter(one_of_these(few))[: limit + 1])
    elif found is not None:  # put in order by themselves, before anything that goes with them is read
        keys = cursors.after(found, **here).values("pk")
        rows = _walk(fitting, keys, (_FIRST, None) if narrow else (limit + 1,), limit)
    elif walked is not None:
        rows = _walk(fitting, walked, (_FIRST, _MORE, None), limit)
    else:  # Conditions are texts that no planner turns into joins: it walks an index in the list's order, and stops.
        rows = list(fitting[: limit + 1])
    return cursors.page(rows, order=order, limit=limit)


def _walk(fitting: QuerySet[M], keys: QuerySet[Any, Any], steps: Sequence[int | None], limit: int) -> list[M]:
    """Those that fit among the first of these keys, which are in the list's order; among more, if they are too few."""
    rows: list[M] = []
    for step in steps:
        rows = list(fitting.filter(pk__in=keys[:step] if step else keys.order_by())[: limit + 1])
        if len(rows) > limit:
            break
    return rows


def _order(sort: Sort, q: str) -> tuple[str, ...]:
    return _ORDERS[Sort.NAME] if sort is Sort.BEST and not q.strip() else _ORDERS[sort]


def _ordered(rows: QuerySet[Any], sort: Sort, q: str, at: datetime) -> QuerySet[Any]:
    """Return the rows with what the order needs beside their columns."""
    if sort is Sort.BEST and q.strip():
        typed = q.replace("\0", " ").strip()
        named, begins = (
            When(number=typed.upper(), then=Value(0)),
            When(name_key__startswith=folded(typed), then=Value(1)),
        )
        ranked: QuerySet[Any] = rows.annotate(rank=Case(named, begins, default=Value(2), output_field=IntegerField()))
        return ranked
    if sort is Sort.END:
        column = "customer" if rows.model is Customer else "company"
        ends = Membership.objects.filter(**{column: OuterRef("pk")}, ended_at=None, ends_at__gt=at)
        first = ends.order_by().values(column).annotate(first=Min("ends_at")).values("first")
        ending: QuerySet[Any] = rows.annotate(next_end=Subquery(first)).filter(next_end__isnull=False)
        return ending
    return rows


def _walk_by_end(ending: QuerySet[Membership], column: str, cursor: str | None) -> QuerySet[Any]:
    """The holders in the order in which their memberships end, from where the page begins."""
    if cursor is not None:
        model = Customer if column == "customer_id" else Company
        ending = ending.filter(ends_at__gte=cursors.first_of(model, _ORDERS[Sort.END], cursor, _COMPUTED))
    walked: QuerySet[Any] = ending.order_by("ends_at", "id").values(column)
    return walked


def _few_of(holding: Holding | None, many: int | None) -> Holding | None:
    """The status, if memberships that may be of it should be looked at one by one: not if they are known to be many."""
    return None if many is not None and many > FEW else holding


def _first_among(organization: Organization, many: int | None, few: Sequence[UUID] | None) -> Organization | None:
    """The organization, if the list should be walked through those that may be of the status: they are neither few nor
    most."""
    return organization if few is None and many is not None and FEW < many < SOME else None


def _few_customers(
    organization: Organization, which: CustomerFilter, at: datetime, many: int | None
) -> Sequence[UUID] | None:
    """Return the only customers that can be meant, if one of the conditions leaves so few."""

    def possible() -> Iterable[list[UUID] | None]:
        if which.tag:
            tagged = CustomerTag.objects.filter(organization=organization, key=tag_key(which.tag))
            yield _keys((tagged,), "customer_id")
        if which.company_id is not None:
            belonging = Affiliation.objects.filter(covering(at), organization=organization, company=which.company_id)
            yield _keys((belonging,), "customer_id")
        every = organization.memberships.all()
        holding = _few_of(which.holding, many)
        for parts in candidates(organization, every, holding, which.plan_id, which.ending, at):
            yield _holders(organization, parts, at)

    return _fewest(possible())


def _few_companies(organization: Organization, which: CompanyFilter, at: datetime) -> Sequence[UUID] | None:
    def possible() -> Iterable[list[UUID] | None]:
        if which.tag:
            tagged = CompanyTag.objects.filter(organization=organization, key=tag_key(which.tag))
            yield _keys((tagged,), "company_id")
        of_companies = organization.memberships.filter(company__isnull=False)
        for parts in candidates(organization, of_companies, which.holding, which.plan_id, None, at):
            yield _keys(parts, "company_id")

    return _fewest(possible())


def _holders(organization: Organization, parts: Sequence[QuerySet[Membership]], at: datetime) -> list[UUID] | None:
    """The customers who hold or inherit one of the memberships; None if they are too many."""
    held = _read(parts, ("customer_id", "company_id"))
    if held is None:
        return None
    own = [customer for customer, _company in held if customer]
    companies = {company for _customer, company in held if company}
    if not companies:
        return own
    belonging = Affiliation.objects.filter(covering(at), organization=organization, company__in=companies)
    inherited = _keys((belonging,), "customer_id")
    return None if inherited is None else list({*own, *inherited})


def _fewest(found: Iterable[list[UUID] | None]) -> Sequence[UUID] | None:
    few = [keys for keys in found if keys is not None]
    return min(few, key=len) if few else None


def _keys(parts: Sequence[QuerySet[Any]], column: str) -> list[UUID] | None:
    found = _read(parts, (column,))
    return None if found is None else [key for (key,) in found]


def _read(parts: Sequence[QuerySet[Any]], columns: Sequence[str]) -> list[tuple[Any, ...]] | None:
    """The rows of all parts; None if they are too many."""
    found: list[tuple[Any, ...]] = []
    for rows in parts:
        found += rows.order_by().values_list(*columns)[: FEW + 1 - len(found)]
        if len(found) > FEW:
            return None
    return found


def waiting(organization: Organization, *, at: datetime) -> QuerySet[Membership]:
    """Return the memberships that wait for approval, the oldest first."""
    rows = organization.memberships.filter(open_still(at), needs_approval=True, ended_at=None)
    return rows.order_by("created_at", "id")


_WAITING_TEXT: Final = (
    "(SELECT count(*) FROM (SELECT 1 AS one FROM memberships_membership m WHERE m.organization_id = {0}"
    " AND m.needs_approval AND m.ended_at IS NULL"
    " AND (m.pending_until IS NULL OR m.pending_until > COALESCE({1}, {now})) LIMIT 1000) w)"
)


def waiting_of(organization: str, *, now: datetime) -> Written:
    """Return how many memberships wait in the organization that a row's column names, up to 1,000, to be read beside
    the row. An organization with a clock of its own is asked as of that."""
    columns = (f"{organization}_id", f"{organization}__test_now")
    return Written(_WAITING_TEXT, *columns, kind=IntegerField(), now=instant(now))


def queue(organization: Organization, *, at: datetime, limit: int, cursor: str | None) -> Page[MembershipView]:
    """Return a page of the memberships that wait for approval, the oldest first. Raises CursorInvalid."""
    rows = with_names(waiting(organization, at=at))
    found, next_cursor = cursors.paginate(rows, order=("created_at", "id"), limit=limit, cursor=cursor)
    return Page(tuple(views_of(organization, found, at)), next_cursor)


def counted(rows: QuerySet[Any], *, most: int) -> int:
    """Return how many rows there are, counted up to `most` and one more."""
    return rows.order_by()[: most + 1].count()
