"""What screens and APIs read of memberships, as they are at an instant. Numbers of queries do not depend on rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from tessera import db
from tessera.core import local_time
from tessera.core.periods import Anchor
from tessera.http.cursors import paginate
from tessera.memberships import seats, status
from tessera.memberships.errors import MembershipNotFound
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.status_sql import with_plan, with_status
from tessera.memberships.types import Status
from tessera.memberships.views import Holder, Life, MembershipView, Named, PauseView, PriceView, TermView
from tessera.organizations.models import Organization
from tessera.organizations.time import zone as zone_of
from tessera.people import affiliations
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import Source
from tessera.plans.models import Plan, PlanPermission, Price
from tessera.plans.types import Billing

RELATED: Final = ("customer", "company", "next_plan", "next_price")  # what `views_of` reads beside a membership


@dataclass(frozen=True, slots=True)
class Filters:
    """Which memberships a list is of. Each null filter lets all through; ends are compared with the last booked end."""

    status: Status | None = None
    plan_id: UUID | None = None
    customer_id: UUID | None = None
    company_id: UUID | None = None
    ends_before: datetime | None = None
    ends_after: datetime | None = None


def membership(*, organization: Organization, membership_id: UUID, at: datetime) -> MembershipView:
    """Return one membership of the organization. Raises MembershipNotFound."""
    for view in views_of(organization, _read(organization.memberships.filter(pk=membership_id)), at):
        return view
    raise MembershipNotFound("there is no such membership")


def memberships_named(
    *, organization: Organization, membership_ids: Collection[UUID], at: datetime
) -> list[MembershipView]:
    """Return those of the memberships that the organization has. Four queries, for any number of them."""
    return views_of(organization, _read(organization.memberships.filter(pk__in=membership_ids)), at)


def memberships(
    *, organization: Organization, filters: Filters, at: datetime, limit: int, cursor: str | None
) -> tuple[list[MembershipView], str | None]:
    """Return a page, the newest first, and the next page's cursor. Four queries.

    Filters by status or plan are computed row by row until the page is full: dear only where matches are rare.
    """
    found = organization.memberships.all()
    if filters.customer_id is not None:
        found = found.filter(customer_id=filters.customer_id)
    if filters.company_id is not None:
        found = found.filter(company_id=filters.company_id)
    if filters.ends_before is not None:
        found = found.filter(ends_at__lt=filters.ends_before)
    if filters.ends_after is not None:
        found = found.filter(Q(ends_at=None, anchor__gt="") | Q(ends_at__gte=filters.ends_after))
    if filters.status is not None:
        found = with_status(found, at).filter(Q(status_at=filters.status))
    if filters.plan_id is not None:
        found = with_plan(found, at).filter(Q(plan_at=filters.plan_id))
    page, next_cursor = paginate(with_names(found), order=("-created_at", "-id"), limit=limit, cursor=cursor)
    return views_of(organization, page, at), next_cursor


def life(*, organization: Organization, membership_id: UUID, at: datetime) -> Life:
    """Return one membership with all its terms and pauses. Four queries. Raises MembershipNotFound."""
    with db.snapshot():
        found = _facts(_read(organization.memberships.filter(pk=membership_id)))
        views = _seen(organization, found, at)
    if not found:
        raise MembershipNotFound("there is no such membership")
    facts, zone = found[0][1], zone_of(organization)
    terms = [_term_view(each, zone) for each in facts.terms if isinstance(each, Term)]
    return Life(views[0], terms, [_pause_view(each) for each in facts.pauses if isinstance(each, Pause)])


def terms(*, organization: Organization, membership_id: UUID) -> list[TermView]:
    """Return the membership's terms, the first one first. Raises MembershipNotFound."""
    if not organization.memberships.filter(pk=membership_id).exists():
        raise MembershipNotFound("there is no such membership")
    zone = zone_of(organization)
    found = Term.objects.filter(membership_id=membership_id).select_related("plan", "price").order_by("starts_at")
    return [_term_view(term, zone) for term in found]


def held_by_customer(*, organization: Organization, customer: Customer, at: datetime) -> list[MembershipView]:
    """Return the customer's memberships, own and inherited at `at`, expired ones too; what runs first. Five queries."""
    current = Affiliation.objects.filter(affiliations.covering(at), customer=customer).select_related("company")
    return held_through(organization=organization, customer=customer, belonging=seats.with_ahead(current, at), at=at)


def held_through(
    *, organization: Organization, customer: Customer, belonging: Iterable[Affiliation], at: datetime
) -> list[MembershipView]:
    """As `held_by_customer`, of somebody whose affiliations have been read (`seats.with_ahead`). Four queries."""
    belongs = {
        each.company_id: each
        for each in belonging
        if each.starts_at <= at and (each.ends_at is None or at < each.ends_at)
    }
    zone = zone_of(organization)
    found = organization.memberships.filter(Q(customer=customer) | Q(company__in=belongs))
    views = [
        _inherited(view, belongs[view.holder.id], getattr(belongs[view.holder.id], "ahead", 0), zone)
        if view.holder.type == "company"
        else view
        for view in views_of(organization, _read(found), at)
    ]
    return sorted(views, key=_running_first)


def held_by_company(*, organization: Organization, company: Company, at: datetime) -> list[MembershipView]:
    """Return the company's memberships; what runs first. Four queries."""
    return sorted(views_of(organization, _read(company.memberships.all()), at), key=_running_first)


def affiliation(*, customer: Customer, company: Company, at: datetime) -> Affiliation | None:
    """Return the affiliation by which the customer belongs to the company at `at`, if there is one."""
    return Affiliation.objects.filter(affiliations.covering(at), customer=customer, company=company).first()


def _running_first(view: MembershipView) -> tuple[bool, bool, str, UUID]:
    return view.status is Status.EXPIRED, view.inherited_from is not None, view.plan.name, view.id


def _inherited(view: MembershipView, affiliation: Affiliation, ahead: int, zone: ZoneInfo) -> MembershipView:
    ends_at = min((end for end in (view.ends_at, affiliation.ends_at) if end is not None), default=None)
    return replace(
        view,
        inherited_from=Named(affiliation.company.pk, affiliation.company.name),
        seated=view.seats is None or ahead < view.seats,
        ends_at=ends_at,
        last_day=_last_day(ends_at, view.ended_at, zone),
    )


def with_names(found: QuerySet[Membership]) -> QuerySet[Membership]:
    """Return the memberships, to be read with holder and next plan: what `views_of` takes."""
    return found.select_related(*RELATED)


def _read(found: QuerySet[Membership]) -> list[Membership]:
    return list(with_names(found))


def views_of(
    organization: Organization, found: Sequence[Membership], at: datetime, *, lean: bool = False
) -> list[MembershipView]:
    """Return the memberships, read with holder and next plan, as they are. Three queries: terms, pauses, what plans
    grant.

    `lean`: of memberships that are not paused, without what their plans grant and without pauses to come. One query.
    """
    return _seen(organization, _facts(found, lean=lean), at, lean=lean)


def _facts(found: Sequence[Membership], *, lean: bool = False) -> list[tuple[Membership, Facts]]:
    terms: dict[UUID, list[Term]] = defaultdict(list)
    pauses: dict[UUID, list[Pause]] = defaultdict(list)
    keys = [row.pk for row in found]
    for term in Term.objects.filter(membership__in=keys).select_related("plan", "price").order_by("starts_at"):
        terms[term.membership_id].append(term)
    for pause in () if lean else Pause.objects.filter(membership__in=keys).order_by("starts_at"):
        pauses[pause.membership_id].append(pause)
    return [(row, Facts(row, terms[row.pk], pauses[row.pk])) for row in found]


def _seen(
    organization: Organization, found: list[tuple[Membership, Facts]], at: datetime, *, lean: bool = False
) -> list[MembershipView]:
    plans = {row.pk: _plan_and_price(row, facts, at) for row, facts in found}
    granted = {} if lean else _granted(plan.pk for plan, _ in plans.values())
    zone = zone_of(organization)
    return [_view(row, *plans[row.pk], facts, granted, zone, at) for row, facts in found]


def _view(
    row: Membership,
    plan: Plan,
    price: Price,
    facts: Facts,
    granted: dict[UUID, dict[str, str]],
    zone: ZoneInfo,
    at: datetime,
) -> MembershipView:
    state = status.state_at(facts, at)
    first, last = (facts.terms[0], facts.terms[-1]) if facts.terms else (None, None)
    ends_at = last.ends_at if last else row.agreed_end_at
    pause = state.pause or next((each for each in facts.pauses if each.starts_at > at), None)
    return MembershipView(
        id=row.pk,
        version=row.version,
        status=state.status,
        in_grace=state.in_grace,
        plan=Named(plan.pk, plan.name),
        price=_price_view(price),
        holder=_holder(row),
        anchor=Anchor.parse(row.anchor) if row.anchor else None,
        inherited_from=None,
        seated=None,
        starts_at=first.starts_at if first else row.agreed_start_at,
        ends_at=ends_at,
        last_day=_last_day(ends_at, row.ended_at, zone),
        grace_until=last.grace_until if last and row.renews else None,
        pause=_pause_view(pause) if isinstance(pause, Pause) else None,
        renews=row.renews,
        cancel_at=ends_at if row.cancel_booked_at is not None and state.unended else None,
        next_plan=_next_plan(row, facts, plan, at),
        awaiting=tuple(
            what for what, waits in (("approval", row.needs_approval), ("payment", row.awaits_payment)) if waits
        ),
        pending_until=row.pending_until,
        ended_at=row.ended_at,
        ended_reason=state.reason,
        seats=(row.seats if row.seats is not None else plan.seats) if row.company_id else None,
        source=Source(row.source),
        external_reference=row.external_reference,
        created_at=row.created_at,
        permissions=tuple(granted.get(plan.pk, ())),
        permission_names=tuple(granted.get(plan.pk, {}).values()),
        pausable=plan.pauses_allowed,
    )


def _holder(row: Membership) -> Holder:
    if row.customer is not None:
        return Holder("customer", row.customer.pk, row.customer.name, row.customer.photo_id)
    assert row.company is not None
    return Holder("company", row.company.pk, row.company.name, row.company.logo_id)


def _plan_and_price(row: Membership, facts: Facts, at: datetime) -> tuple[Plan, Price]:
    held = status.term_held(facts.terms, at)
    if isinstance(held, Term):
        return held.plan, held.price
    assert row.next_plan is not None and row.next_price is not None
    return row.next_plan, row.next_price


def _next_plan(row: Membership, facts: Facts, plan: Plan, at: datetime) -> Named | None:
    """The plan that the membership changes to with its next term, if it does."""
    if not facts.terms:
        return None
    if row.next_plan is not None:
        return Named(row.next_plan.pk, row.next_plan.name)
    to_come = next((term for term in facts.terms if term.starts_at > at), None)
    if isinstance(to_come, Term) and to_come.plan_id != plan.pk:
        return Named(to_come.plan.pk, to_come.plan.name)
    return None


def _granted(plan_ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """The permissions that each plan grants now, names by keys, in alphabetical order of the keys."""
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    rows = PlanPermission.objects.filter(plan__in=set(plan_ids)).order_by("permission__key")
    for plan_id, key, name in rows.values_list("plan_id", "permission__key", "permission__name"):
        found[plan_id][key] = name
    return found


def _price_view(price: Price) -> PriceView:
    return PriceView(
        price.pk, price.amount_minor, price.currency, Billing(price.billing), price.interval, price.interval_count
    )


def _term_view(term: Term, zone: ZoneInfo) -> TermView:
    return TermView(
        id=term.pk,
        plan=Named(term.plan.pk, term.plan.name),
        price=_price_view(term.price),
        starts_at=term.starts_at,
        ends_at=term.ends_at,
        last_day=_last_day(term.ends_at, None, zone),
        grace_until=term.grace_until,
        trial=term.trial,
        paid_by=term.paid_by,
        booked_by=term.booked_by,
    )


def _pause_view(pause: Pause) -> PauseView:
    return PauseView(pause.starts_at, pause.ends_at, pause.extends, pause.reason, pause.paused_by)


def _last_day(ends_at: datetime | None, ended_at: datetime | None, zone: ZoneInfo) -> date | None:
    ends = [end for end in (ends_at, ended_at) if end is not None]
    return local_time.last_day(min(ends), zone) if ends else None
