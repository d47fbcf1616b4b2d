"""Memberships over HTTP: one verb of the services or one read of the queries each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query, Router, Status

from tessera.core import ids
from tessera.core.errors import Invalid, TesseraError
from tessera.core.ids import Prefix
from tessera.http.errors import CursorInvalid
from tessera.http.problems import documents
from tessera.http.schemas import Page
from tessera.http.scopes import Scope
from tessera.memberships import canceling, changing, errors, granting, inheritance, pausing, queries, renewing
from tessera.memberships.models import Membership
from tessera.memberships.schemas import (
    CancelIn,
    ChangePlanIn,
    ExtendIn,
    GrantIn,
    JoinIn,
    ListOut,
    MembershipFilters,
    MembershipOut,
    PauseIn,
    TermOut,
    TermsOut,
)
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.models import Organization
from tessera.organizations.time import now
from tessera.people import affiliations
from tessera.people import errors as people_errors
from tessera.people import queries as people
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.schemas import AffiliationOut
from tessera.people.types import Source, Via
from tessera.plans import errors as plan_errors
from tessera.plans import queries as plans
from tessera.plans.models import Plan, Price

router = Router(tags=["memberships"])

_CUSTOMER = (people_errors.CustomerNotFound, people_errors.ReferenceAmbiguous)
_COMPANY = (people_errors.CompanyNotFound, people_errors.ReferenceAmbiguous)
_PLAN: tuple[type[TesseraError], ...] = (plan_errors.PlanNotFound, plan_errors.PriceNotFound)
_OFFER = (
    errors.WrongAudience,
    errors.PlanArchived,
    errors.PriceInactive,
    errors.PriceNotOfPlan,
    errors.PriceAmbiguous,
    errors.AlreadyHeld,
)
_HOLDER = (errors.HolderBanned, errors.HolderArchived)


@router.get(
    "/memberships",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, Page[MembershipOut], CursorInvalid, *_CUSTOMER, *_COMPANY, *_PLAN),
    operation_id="list_memberships",
)
def list_memberships(request: ApiRequest, filters: Query[MembershipFilters]) -> Page[MembershipOut]:
    """Memberships, the newest first."""
    organization = request.auth.organization
    wanted = queries.Filters(
        status=filters.status,
        plan_id=plans.plan_by_id(organization, filters.plan).pk if filters.plan is not None else None,
        customer_id=people.customer_by_ref(organization, filters.customer).pk if filters.customer is not None else None,
        company_id=people.company_by_ref(organization, filters.company).pk if filters.company is not None else None,
        ends_before=filters.ends_before,
        ends_after=filters.ends_after,
    )
    found, next_cursor = queries.memberships(
        organization=organization, filters=wanted, at=now(organization), limit=filters.limit, cursor=filters.cursor
    )
    return Page(data=[MembershipOut.of(view) for view in found], next_cursor=next_cursor)


@router.post(
    "/memberships",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        201,
        MembershipOut,
        errors.OneHolder,
        *_CUSTOMER,
        *_COMPANY,
        *_PLAN,
        *_OFFER,
        *_HOLDER,
        errors.TrialNotPossible,
        errors.EndsBeforeStart,
        errors.EndsInPast,
        errors.NoSeats,
    ),
    operation_id="grant_membership",
)
def grant_membership(request: ApiRequest, body: GrantIn) -> Status[MembershipOut]:
    """Give a customer or a company a plan."""
    organization, at = request.auth.organization, now(request.auth.organization)
    plan, price = _plan_and_price(organization, body.plan, body.price)
    granted = granting.grant(
        organization=organization,
        plan=plan,
        holder=_holder(organization, body),
        price=price,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        trial=body.trial,
        renews=body.renews,
        await_approval=plan.needs_approval if body.await_approval is None else body.await_approval,
        await_payment=body.await_payment,
        seats=body.seats,
        external_reference=body.external_reference,
        source=Source.API,
        at=at,
        actor=request.auth.actor,
    )
    return Status(201, _out(organization, granted.pk, at))


@router.get(
    "/memberships/{id}",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, MembershipOut, errors.MembershipNotFound),
    operation_id="get_membership",
)
def get_membership(request: ApiRequest, id: str) -> MembershipOut:
    """One membership."""
    organization = request.auth.organization
    return _out(organization, membership_id(id), now(organization))


@router.get(
    "/memberships/{id}/terms",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, TermsOut, errors.MembershipNotFound),
    operation_id="list_terms",
)
def list_terms(request: ApiRequest, id: str) -> TermsOut:
    """A membership's history: its terms, the first one first."""
    found = queries.terms(organization=request.auth.organization, membership_id=membership_id(id))
    return TermsOut(data=[TermOut.of(view) for view in found])


@router.post(
    "/memberships/{id}/renew",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipPending,
        errors.OpenEnded,
        errors.AlreadyRenewing,
        errors.NotRenewable,
        errors.AlreadyHeld,
        *_HOLDER,
    ),
    operation_id="renew_membership",
)
def renew_membership(request: ApiRequest, id: str) -> MembershipOut:
    """Book the next term by hand: from the end, in the plan's revival days from the old end, else from now."""
    return _done(request, id, renewing.renew)


@router.post(
    "/memberships/{id}/extend",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.OpenEnded,
        errors.NotLater,
        *_HOLDER,
    ),
    operation_id="extend_membership",
)
def extend_membership(request: ApiRequest, id: str, body: ExtendIn) -> MembershipOut:
    """Move the last booked end later."""
    return _done(request, id, renewing.extend, ends_at=body.ends_at)


@router.post(
    "/memberships/{id}/cancel",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.MembershipInGrace,
        errors.NotRenewing,
        errors.OpenEnded,
    ),
    operation_id="cancel_membership",
)
def cancel_membership(request: ApiRequest, id: str, body: CancelIn | None = None) -> MembershipOut:
    """The holder leaves: at the period's end unless `when` is `now`."""
    now_or_then = body.when if body is not None else CancelIn().when
    return _done(request, id, canceling.cancel_now if now_or_then == "now" else canceling.cancel_at_period_end)


@router.post(
    "/memberships/{id}/undo-cancel",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, errors.MembershipNotFound, errors.CancelNotBooked, *_HOLDER),
    operation_id="undo_cancel_membership",
)
def undo_cancel_membership(request: ApiRequest, id: str) -> MembershipOut:
    """Let a membership renew again whose canceling at the period's end is booked."""
    return _done(request, id, canceling.undo_cancel)


@router.post(
    "/memberships/{id}/pause",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.MembershipInGrace,
        errors.PausesNotAllowed,
        errors.PauseInPast,
        errors.PauseOverlaps,
        errors.PauseOutsideTerm,
        errors.EndsBeforeStart,
    ),
    operation_id="pause_membership",
)
def pause_membership(request: ApiRequest, id: str, body: PauseIn | None = None) -> MembershipOut:
    """Let the membership grant nothing for a while."""
    told = body or PauseIn()
    return _done(request, id, pausing.pause, starts_at=told.starts_at, ends_at=told.ends_at, reason=told.reason)


@router.post(
    "/memberships/{id}/resume",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200, MembershipOut, errors.MembershipNotFound, errors.MembershipExpired, errors.NotPaused, *_HOLDER
    ),
    operation_id="resume_membership",
)
def resume_membership(request: ApiRequest, id: str) -> MembershipOut:
    """End the pause that runs, or take back the next one that is planned."""
    return _done(request, id, pausing.resume)


@router.post(
    "/memberships/{id}/approve",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipExpired,
        errors.NotPending,
        errors.EndsBeforeStart,
        errors.EndsInPast,
        *_HOLDER,
    ),
    operation_id="approve_membership",
)
def approve_membership(request: ApiRequest, id: str) -> MembershipOut:
    """Accept an application: it starts, or waits seven days for its payment."""
    return _done(request, id, granting.approve)


@router.post(
    "/memberships/{id}/reject",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, errors.MembershipNotFound, errors.MembershipExpired, errors.NotPending),
    operation_id="reject_membership",
)
def reject_membership(request: ApiRequest, id: str) -> MembershipOut:
    """Turn an application down."""
    return _done(request, id, granting.reject)


@router.post(
    "/memberships/{id}/revoke",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, errors.MembershipNotFound, errors.MembershipExpired),
    operation_id="revoke_membership",
)
def revoke_membership(request: ApiRequest, id: str) -> MembershipOut:
    """Take the membership away at once. It cannot be renewed."""
    return _done(request, id, canceling.revoke)


@router.post(
    "/memberships/{id}/change-plan",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        errors.MembershipNotFound,
        errors.MembershipExpired,
        errors.MembershipPaused,
        errors.NothingToChange,
        errors.OpenEnded,
        *_PLAN,
        *_OFFER,
        *_HOLDER,
    ),
    operation_id="change_plan",
)
def change_plan(request: ApiRequest, id: str, body: ChangePlanIn) -> MembershipOut:
    """Go on under another plan or price, from now or with the next term."""
    plan, price = _plan_and_price(request.auth.organization, body.plan, body.price)
    verb = changing.change_plan_now if body.when == "now" else changing.change_plan_at_renewal
    return _done(request, id, verb, plan=plan, price=price)


@router.get(
    "/customers/{ref}/memberships",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, ListOut, *_CUSTOMER),
    operation_id="list_customer_memberships",
)
def list_customer_memberships(request: ApiRequest, ref: str) -> ListOut:
    """What the customer holds, and what is inherited from companies belonged to now."""
    organization = request.auth.organization
    customer = people.customer_by_ref(organization, ref)
    found = queries.held_by_customer(organization=organization, customer=customer, at=now(organization))
    return ListOut(data=[MembershipOut.of(view) for view in found])


@router.get(
    "/companies/{ref}/memberships",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, ListOut, *_COMPANY),
    operation_id="list_company_memberships",
)
def list_company_memberships(request: ApiRequest, ref: str) -> ListOut:
    """What the company holds, and its people inherit."""
    organization = request.auth.organization
    company = people.company_by_ref(organization, ref)
    found = queries.held_by_company(organization=organization, company=company, at=now(organization))
    return ListOut(data=[MembershipOut.of(view) for view in found])


@router.put(
    "/companies/{ref}/customers/{customer}",
    auth=requires(Scope.COMPANIES_WRITE),
    response={
        **documents(200, AffiliationOut, *_COMPANY, *_CUSTOMER, people_errors.AlreadyAffiliated, *_HOLDER),
        201: AffiliationOut,
    },
    operation_id="join_company",
    tags=["companies"],
)
def join_company(request: ApiRequest, ref: str, customer: str, body: JoinIn | None = None) -> Status[AffiliationOut]:
    """Link the customer to the company: what it holds is inherited at once. One who belongs already is only updated."""
    organization, at = request.auth.organization, now(request.auth.organization)
    told = body or JoinIn()
    company, person = _company_and_customer(organization, ref, customer)
    position = told.model_dump(include={"title", "company_admin", "primary_contact"}, exclude_unset=True)
    known = Affiliation.objects.filter(affiliations.covering(at), company=company, customer=person).first()
    if known is not None and told.starts_at is None and told.ends_at is None:
        row = inheritance.change_position(affiliation=known, at=at, actor=request.auth.actor, **position)
        return Status(200, AffiliationOut.of(people.affiliated(row, at)))
    row = inheritance.join_company(
        customer=person,
        company=company,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        via=Via.API,
        at=at,
        actor=request.auth.actor,
        **position,
    )
    return Status(201, AffiliationOut.of(people.affiliated(row, at)))


@router.delete(
    "/companies/{ref}/customers/{customer}",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(204, None, *_COMPANY, *_CUSTOMER, errors.NotAffiliated),
    operation_id="leave_company",
    tags=["companies"],
)
def leave_company(request: ApiRequest, ref: str, customer: str) -> Status[None]:
    """Unlink the customer from the company: what was inherited is gone by the next check, and the seat is free."""
    organization = request.auth.organization
    company, person = _company_and_customer(organization, ref, customer)
    inheritance.leave_company(customer=person, company=company, at=now(organization), actor=request.auth.actor)
    return Status(204, None)


def membership_id(text: str) -> UUID:
    """Return the key behind a membership's id. Raises MembershipNotFound."""
    key = ids.from_text(Prefix.MEMBERSHIP, text)
    if key is None:
        raise errors.MembershipNotFound("there is no such membership")
    return key


def _done(request: ApiRequest, id: str, verb: Callable[..., Membership], **told: Any) -> MembershipOut:
    """Carry out one verb at one instant and answer with the membership as it is then."""
    organization = request.auth.organization
    at = now(organization)
    changed = verb(organization=organization, membership_id=membership_id(id), at=at, actor=request.auth.actor, **told)
    return _out(organization, changed.pk, at)


def _out(organization: Organization, key: UUID, at: datetime) -> MembershipOut:
    return MembershipOut.of(queries.membership(organization=organization, membership_id=key, at=at))


def _plan_and_price(organization: Organization, plan: str, price: str | None) -> tuple[Plan, Price | None]:
    return (
        plans.plan_by_id(organization, plan),
        plans.price_by_id(organization, price) if price is not None else None,
    )


def _company_and_customer(organization: Organization, ref: str, customer: str) -> tuple[Company, Customer]:
    return people.company_by_ref(organization, ref), people.customer_by_ref(organization, customer)


def _holder(organization: Organization, body: GrantIn) -> Customer | Company:
    if (body.customer is None) == (body.company is None):
        raise errors.OneHolder("name a customer or a company, and not both", pointer="/customer")
    if body.customer is not None:
        return people.customer_by_ref(organization, body.customer)
    assert body.company is not None
    return people.company_by_ref(organization, body.company)
