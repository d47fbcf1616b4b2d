"""What the database is asked for the customers, companies and memberships that a filter lets through.

Each condition is text or an index's; where an index can find few rows that may fulfil it, those are told, too
(`finding.py` looks whether they are few).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, IntegerField, Model, OuterRef, Q, QuerySet, UUIDField

from tessera.db.written import Written, one_of
from tessera.memberships.filters import CompanyFilter, CustomerFilter, Holding, MembershipFilter
from tessera.memberships.models import Membership
from tessera.memberships.seats import over_its_seats
from tessera.memberships.status_sql import (
    GRACE_OF_M,
    PLAN_OF_M,
    STATUS_OF_M,
    covering_sql,
    instant,
    is_in_grace,
    is_of,
    with_plan,
)
from tessera.memberships.types import Status
from tessera.organizations.models import Organization
from tessera.people.affiliations import covering
from tessera.people.details import tag_key
from tessera.people.finding import companies_matching, customers_matching
from tessera.people.models import Affiliation, Company, CompanyTag, Customer, CustomerTag
from tessera.people.types import CustomerStatus

_LONGEST_GRACE: Final = timedelta(days=366)


def customers_of(organization: Organization, which: CustomerFilter, *, at: datetime) -> QuerySet[Customer]:
    """Return all customers that the filter lets through, in no order: for exports and work in the background."""
    rows = Customer.objects.filter(organization=organization, merged_into=None)
    rows = narrow_customers(rows, which, at=at)
    return rows.filter(customers_matching(organization, which.q, at=at)) if which.q.strip() else rows


def companies_of(organization: Organization, which: CompanyFilter, *, at: datetime) -> QuerySet[Company]:
    """Return all companies that the filter lets through, in no order."""
    rows = narrow_companies(Company.objects.filter(organization=organization), which, at=at)
    return rows.filter(companies_matching(organization, which.q)) if which.q.strip() else rows


def memberships_of(organization: Organization, which: MembershipFilter, *, at: datetime) -> QuerySet[Membership]:
    """Return all memberships that the filter lets through, in no order."""
    rows = narrow_memberships(organization.memberships.all(), which, at=at)
    if not which.q.strip():
        return rows
    people = Customer.objects.filter(customers_matching(organization, which.q), organization=organization)
    firms = Company.objects.filter(companies_matching(organization, which.q), organization=organization)
    return rows.filter(Q(customer__in=people.values("pk")) | Q(company__in=firms.values("pk")))


def narrow_customers(
    rows: QuerySet[Customer], which: CustomerFilter, *, at: datetime, among: Organization | None = None
) -> QuerySet[Customer]:
    """Return those of the customers that fulfil every condition but `q`.

    `among`: look first who may be of the status in that organization, which is theirs (`perhaps`): it is uncommon.
    """
    if which.status is not None:
        rows = rows.filter(status=which.status)
        if which.status is not CustomerStatus.ACTIVE:
            rows = rows.exclude(status=CustomerStatus.ACTIVE)  # says to SQLite that an index of just these will do
    if which.tag:
        rows = rows.filter(Written(_TAGGED, "pk", key=tag_key(which.tag)))
    if which.company_id is not None:
        rows = rows.filter(_belonging("pk", which.company_id, at))
    if among is not None and which.holding is not None:
        rows = rows.filter(one_of(_holders(which.holding, connection.vendor), **_of(among, at)))
    if which.about_memberships:
        rows = rows.filter(_held(Customer, which.holding, which.plan_id, which.ending, at))
    return rows


def narrow_companies(rows: QuerySet[Company], which: CompanyFilter, *, at: datetime) -> QuerySet[Company]:
    """Return those of the companies that fulfil every condition but `q`."""
    if which.status is not None:
        rows = rows.filter(status=which.status)
    if which.tag:
        rows = rows.filter(Exists(CompanyTag.objects.filter(company=OuterRef("pk"), key=tag_key(which.tag))))
    if which.holding is not None or which.plan_id is not None:
        rows = rows.filter(_held(Company, which.holding, which.plan_id, None, at))
    if which.over:
        rows = rows.filter(over_its_seats(at))
    return rows


def narrow_memberships(
    rows: QuerySet[Membership], which: MembershipFilter, *, at: datetime, among: Organization | None = None
) -> QuerySet[Membership]:
    """Return those of the memberships that fulfil every condition but `q`. `among`: as in `narrow_customers`."""
    if which.company_id is not None:
        rows = rows.filter(Q(company=which.company_id) | Q(_belonging("customer_id", which.company_id, at)))
    if which.tag:
        rows = rows.filter(Written(_HOLDER_TAGGED, "customer_id", "company_id", key=tag_key(which.tag)))
    if which.source is not None:
        rows = rows.filter(source=which.source)
    if which.holder:
        rows = rows.filter(**{f"{which.holder}__isnull": False})
    if which.renews is not None:
        rows = rows.filter(renews=which.renews)
    if which.unpaid:
        rows = rows.filter(awaiting_payment(at) | Q(is_in_grace(at)))
    if which.ending is not None:
        rows = ending_within(rows, which.ending, at)
    if among is not None and which.holding is not None:
        rows = rows.filter(one_of(_PERHAPS[which.holding], **_of(among, at)))
    if which.holding is not None:
        rows = of_status(rows, which.holding, at)
    if which.plan_id is not None:
        rows = with_plan(rows, at).filter(Q(plan_at=which.plan_id))
    return rows


def candidates(
    organization: Organization,
    rows: QuerySet[Membership],
    holding: Holding | None,
    plan_id: UUID | None,
    ending: int | None,
    at: datetime,
) -> list[tuple[QuerySet[Membership], ...]]:
    """Return what indexes find of the organization's memberships in question, for each condition in one part or two.

    Together they contain all that fulfil it, some perhaps more than once.
    """
    found: list[tuple[QuerySet[Membership], ...]] = []
    if holding is Holding.NONE:  # whoever has none is found by no membership
        return found
    if holding in _PERHAPS:
        found.append((perhaps(organization, rows, holding, at),))
    elif holding in _CANDIDATES:
        found.append((_CANDIDATES[holding](rows, at),))
    if plan_id is not None:
        found.append((rows.filter(terms__plan=plan_id), rows.filter(next_plan=plan_id)))
    if ending is not None:
        found.append((rows.filter(ends_at__gt=at, ends_at__lte=at + timedelta(days=ending)),))
    return found


def of_whom(
    organization: Organization, rows: QuerySet[Membership], which: MembershipFilter, at: datetime
) -> list[tuple[QuerySet[Membership], ...]]:
    """Return what indexes find of the organization's memberships by the company and by the tag that the filter names,
    likewise."""
    found: list[tuple[QuerySet[Membership], ...]] = []
    if which.company_id is not None:
        people = Affiliation.objects.filter(covering(at), organization=organization, company=which.company_id)
        found.append((rows.filter(company=which.company_id), rows.filter(customer__in=people.values("customer_id"))))
    if which.tag:
        tagged = {"organization": organization, "key": tag_key(which.tag)}
        of_people = rows.filter(customer__in=CustomerTag.objects.filter(**tagged).values("customer_id"))
        of_firms = rows.filter(company__in=CompanyTag.objects.filter(**tagged).values("company_id"))
        found.append((of_people, of_firms))
    return found


def open_still(at: datetime) -> Q:
    """The condition that what waits has not been given up: there is no `pending_until`, or it is to come."""
    return Q(pending_until=None) | Q(pending_until__gt=at)


def awaiting(at: datetime) -> Q:
    """The condition that a membership has not begun and can still; an index is of those without an anchor."""
    return Q(anchor="", ended_at=None) & open_still(at)


def awaiting_payment(at: datetime) -> Q:
    """The condition that a membership waits for its first payment, and for nothing else."""
    return awaiting(at) & Q(needs_approval=False, awaits_payment=True)


def perhaps(
    organization: Organization, rows: QuerySet[Membership], holding: Holding, at: datetime
) -> QuerySet[Membership]:
    """Return those of the organization's memberships that may be of the status, an uncommon one: all that are, and some
    more."""
    return rows.filter(Written(f"{{0}} IN ({_PERHAPS[holding]})", "pk", **_of(organization, at)))


def longest_in_grace(organization: Organization, at: datetime, *, limit: int) -> Written:
    """Return the condition that a membership is one of the organization's `limit` that have been in grace for longest.

    Who may be is known in that order from an index, and looked at one by one until there are enough.
    """
    return Written(f"{{0}} IN ({_LONGEST_IN_GRACE})", "pk", limit=limit, **_of(organization, at))


def how_many_perhaps(organization: Organization, holding: Holding | None, at: datetime, *, most: int) -> int | None:
    """Return how many memberships may be of the status, counted up to `most`; None unless it is an uncommon one.

    One query, of an index alone.
    """
    if holding not in _PERHAPS:
        return None
    text = f"(SELECT count(*) FROM ({_PERHAPS[holding]} LIMIT {{most}}) lc)"
    counted = Written(text, kind=IntegerField(), most=most, **_of(organization, at))
    many: int = Organization.objects.filter(pk=organization.pk).values_list(counted, flat=True)[0]
    return many


def of_status(rows: QuerySet[Membership], holding: Holding, at: datetime) -> QuerySet[Membership]:
    """Return those of the memberships that are of this status at `at`."""
    if holding is Holding.GRACE:
        return rows.filter(is_in_grace(at))
    if holding is Holding.NONE:
        raise ValueError("a membership is of some status")
    return rows.filter(is_of(Status(holding.value), at))


def ending_within(rows: QuerySet[Membership], days: int, at: datetime) -> QuerySet[Membership]:
    """Return those of the memberships whose last booked end comes within so many days, and that have not ended."""
    unended = Q(ended_at=None) | Q(ended_at__gt=at)
    return rows.filter(unended, ends_at__gt=at, ends_at__lte=at + timedelta(days=days))


# `OFFSET 0` keeps PostgreSQL from reading everybody's rows at once to be quicker with each.
_TAGGED: Final = (
    "EXISTS (SELECT 1 FROM people_customertag t WHERE t.customer_id = {0} AND t.key = {key} LIMIT 1 OFFSET 0)"
)
_HOLDER_TAGGED: Final = (
    f"({_TAGGED} OR EXISTS (SELECT 1 FROM people_companytag t WHERE t.company_id = {{1}} AND t.key = {{key}}"
    " LIMIT 1 OFFSET 0))"
)
_BELONGS: Final = (
    "EXISTS (SELECT 1 FROM people_affiliation a WHERE a.customer_id = {0} AND a.company_id = {company}"
    f" AND {covering_sql('a')} LIMIT 1 OFFSET 0)"
)


def _belonging(customer: str, company_id: UUID, at: datetime) -> Written:
    """The condition that the customer whose key a column is belongs to the company."""
    return Written(_BELONGS, customer, at=instant(at), company=_key_value(company_id))


def _of(organization: Organization, at: datetime) -> dict[str, Any]:
    """What the texts below are asked of, and at what instant; `all` is a limit that keeps an order and cuts nothing."""
    return {"at": instant(at), "organization": _key_value(organization.pk), "all": 2**31}


def _key_value(key: UUID) -> Any:
    return UUIDField().get_db_prep_value(key, connection)


def _some(whose: type[Model], condition: str) -> str:
    """The condition that a customer or company has a membership `m` of which `condition` is true."""
    if whose is Company:
        one = f"SELECT 1 FROM memberships_membership m WHERE m.company_id = {{0}} AND {condition}"
        return f"EXISTS ({one} LIMIT 1 OFFSET 0)"
    return (
        f"(EXISTS (SELECT 1 FROM memberships_membership m WHERE m.customer_id = {{0}} AND {condition}"
        " LIMIT 1 OFFSET 0)"
        " OR EXISTS (SELECT 1 FROM people_affiliation a CROSS JOIN memberships_membership m"
        f" WHERE a.customer_id = {{0}} AND {covering_sql('a')} AND m.company_id = a.company_id AND {condition}"
        " LIMIT 1 OFFSET 0))"
    )


@cache
def _held_text(whose: type[Model], holding: Holding | None, of_plan: bool, ending: bool) -> str:
    """The condition that there is a membership of the plan, of the status, that ends in time."""
    question = [f"{PLAN_OF_M} = {{plan}}"] if of_plan else []
    if ending:
        question += ["(m.ended_at IS NULL OR m.ended_at > {at}) AND m.ends_at > {at} AND m.ends_at <= {until}"]
    in_question = " AND ".join(reversed(question)) or "1 = 1"
    unexpired = f"{in_question} AND NOT {STATUS_OF_M[Status.EXPIRED]}"
    if holding is None:
        return _some(whose, unexpired)
    if holding is Holding.NONE:
        return f"NOT {_some(whose, unexpired if question else in_question)}"
    if holding is Holding.EXPIRED:
        return f"({_some(whose, in_question)} AND NOT {_some(whose, unexpired)})"
    status = GRACE_OF_M if holding is Holding.GRACE else STATUS_OF_M[Status(holding.value)]
    return _some(whose, f"{in_question} AND {status}")


@cache
def _holders(holding: Holding, vendor: str) -> str:
    """The keys of the customers who hold or inherit a membership that may be of the status, an uncommon one."""
    its = "SELECT m.customer_id, m.company_id FROM"
    looked_up = f"memberships_membership m WHERE m.id IN ({_PERHAPS[holding]})"
    if vendor == "postgresql":  # in the order of their keys, which is that of their age: neighbours are read together
        in_order = f"({_PERHAPS[holding]} ORDER BY membership_id LIMIT {{all}}) k"
        looked_up = f"{in_order} CROSS JOIN memberships_membership m WHERE m.id = k.membership_id"
    return (
        f"WITH held AS MATERIALIZED ({its} {looked_up} AND m.organization_id = {{organization}})"
        " SELECT h.customer_id FROM held h WHERE h.customer_id IS NOT NULL"
        " UNION ALL SELECT a.customer_id FROM held h CROSS JOIN people_affiliation a"
        f" WHERE h.company_id IS NOT NULL AND a.company_id = h.company_id AND {covering_sql('a')}"
    )


def _held(
    whose: type[Model], holding: Holding | None, plan_id: UUID | None, ending: int | None, at: datetime
) -> Written:
    told: dict[str, Any] = {"at": instant(at)}
    if plan_id is not None:
        told["plan"] = _key_value(plan_id)
    if ending is not None:
        told["until"] = instant(at + timedelta(days=ending))
    return Written(_held_text(whose, holding, plan_id is not None, ending is not None), "pk", **told)


def _expired(rows: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    return rows.filter(Q(ends_at__lte=at) | Q(ended_at__isnull=False) | Q(anchor="", ended_at=None))


def _active(rows: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    return rows.filter(Q(ends_at__gt=at - _LONGEST_GRACE) | Q(ends_at=None))


_CANDIDATES: Final[dict[Any, Callable[[QuerySet[Membership], datetime], QuerySet[Membership]]]] = {
    Holding.ACTIVE: _active,
    Holding.EXPIRED: _expired,
}

# For each uncommon status, the keys of all memberships that are of it, and of some more: what an index finds.
_ITS_TERMS: Final = (
    "SELECT lt.membership_id FROM memberships_term lt WHERE lt.plan_id IN"
    " (SELECT lp.id FROM plans_plan lp WHERE lp.organization_id = {organization})"
)
_PERHAPS: Final[dict[Holding, str]] = {
    Holding.GRACE: f"{_ITS_TERMS} AND lt.grace_until > {{at}} AND lt.ends_at <= {{at}}",
    Holding.PAUSED: f"SELECT lp.membership_id FROM memberships_pause lp WHERE {covering_sql('lp')}",
    Holding.SCHEDULED: f"{_ITS_TERMS} AND lt.starts_at > {{at}}",
    Holding.PENDING: (
        "SELECT lm.id AS membership_id FROM memberships_membership lm"
        " WHERE lm.organization_id = {organization} AND lm.anchor = '' AND lm.ended_at IS NULL"
    ),
}
_LONGEST_IN_GRACE: Final = (
    f"SELECT m.id FROM ({_PERHAPS[Holding.GRACE]} ORDER BY lt.ends_at, lt.membership_id LIMIT {{all}}) k"
    f" CROSS JOIN memberships_membership m WHERE m.id = k.membership_id AND {GRACE_OF_M} LIMIT {{limit}}"
)
