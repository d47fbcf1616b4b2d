"""Memberships over HTTP: listing, reading, granting."""

from datetime import datetime
from uuid import UUID

from ninja import Query, Router, Status

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http.errors import CursorInvalid
from tessera.http.problems import documents
from tessera.http.schemas import Page
from tessera.http.scopes import Scope
from tessera.memberships import errors, granting, queries
from tessera.memberships.schemas import GrantIn, ListOut, MembershipFilters, MembershipOut, TermOut, TermsOut
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.organizations.time import now
from tessera.people import errors as people_errors
from tessera.people import queries as people
from tessera.people.models import Company, Customer
from tessera.people.types import Source
from tessera.plans import errors as plan_errors
from tessera.plans import queries as plans
from tessera.plans.models import Plan, Price

router = Router(tags=["memberships"])

CUSTOMER = (people_errors.CustomerNotFound, people_errors.ReferenceAmbiguous)
COMPANY = (people_errors.CompanyNotFound, people_errors.ReferenceAmbiguous)
PLAN = (plan_errors.PlanNotFound, plan_errors.PriceNotFound)
OFFER = (
    errors.WrongAudience,
    errors.PlanArchived,
    errors.PriceInactive,
    errors.PriceNotOfPlan,
    errors.PriceAmbiguous,
    errors.AlreadyHeld,
)
HOLDER = (errors.HolderBanned, errors.HolderArchived, people_errors.CustomerErased)
HELD = (errors.MembershipNotFound, VersionStale)


@router.get(
    "/memberships",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, Page[MembershipOut], CursorInvalid, *CUSTOMER, *COMPANY, *PLAN),
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
        *CUSTOMER,
        *COMPANY,
        *PLAN,
        *OFFER,
        *HOLDER,
        errors.TrialNotPossible,
        errors.RenewalNotPossible,
        errors.EndsBeforeStart,
        errors.EndsInPast,
        errors.NoSeats,
    ),
    operation_id="grant_membership",
)
def grant_membership(request: ApiRequest, body: GrantIn) -> Status[MembershipOut]:
    """Give a customer or a company a plan."""
    organization, at = request.auth.organization, now(request.auth.organization)
    plan, price = plan_and_price(organization, body.plan, body.price)
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
    return Status(201, answer(organization, granted.pk, at))


@router.get(
    "/memberships/{membership_id}",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, MembershipOut, errors.MembershipNotFound),
    operation_id="get_membership",
)
def get_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """One membership."""
    organization = request.auth.organization
    return answer(organization, membership_key(membership_id), now(organization))


@router.get(
    "/memberships/{membership_id}/terms",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, TermsOut, errors.MembershipNotFound),
    operation_id="list_terms",
)
def list_terms(request: ApiRequest, membership_id: str) -> TermsOut:
    """A membership's history: its terms, the first one first."""
    found = queries.terms(organization=request.auth.organization, membership_id=membership_key(membership_id))
    return TermsOut(data=[TermOut.of(view) for view in found])


@router.get(
    "/customers/{ref}/memberships",
    auth=requires(Scope.MEMBERSHIPS_READ),
    response=documents(200, ListOut, *CUSTOMER),
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
    response=documents(200, ListOut, *COMPANY),
    operation_id="list_company_memberships",
)
def list_company_memberships(request: ApiRequest, ref: str) -> ListOut:
    """What the company holds, and its people inherit."""
    organization = request.auth.organization
    company = people.company_by_ref(organization, ref)
    found = queries.held_by_company(organization=organization, company=company, at=now(organization))
    return ListOut(data=[MembershipOut.of(view) for view in found])


def membership_key(text: str) -> UUID:
    """Return the key behind a membership's id. Raises MembershipNotFound."""
    key = ids.from_text(Prefix.MEMBERSHIP, text)
    if key is None:
        raise errors.MembershipNotFound("there is no such membership")
    return key


def answer(organization: Organization, key: UUID, at: datetime) -> MembershipOut:
    """Return one membership as it is sent, as it is at `at`."""
    return MembershipOut.of(queries.membership(organization=organization, membership_id=key, at=at))


def plan_and_price(organization: Organization, plan: str, price: str | None) -> tuple[Plan, Price | None]:
    """Return what the ids name in the organization. Raises PlanNotFound, PriceNotFound."""
    return (
        plans.plan_by_id(organization, plan),
        plans.price_by_id(organization, price) if price is not None else None,
    )


def _holder(organization: Organization, body: GrantIn) -> Customer | Company:
    if (body.customer is None) == (body.company is None):
        raise errors.OneHolder("name a customer or a company, and not both", pointer="/customer")
    if body.customer is not None:
        return people.customer_by_ref(organization, body.customer)
    assert body.company is not None
    return people.company_by_ref(organization, body.company)
