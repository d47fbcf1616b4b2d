"""Linking people to companies and unlinking them, over HTTP."""

from ninja import Router, Status

from tessera.http.problems import documents
from tessera.http.scopes import Scope
from tessera.memberships import errors, inheritance, queries
from tessera.memberships.api.records import COMPANY, CUSTOMER, HOLDER
from tessera.memberships.schemas import JoinIn
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.models import Organization
from tessera.organizations.time import now
from tessera.people import errors as people_errors
from tessera.people import queries as people
from tessera.people.models import Company, Customer
from tessera.people.schemas import AffiliationOut
from tessera.people.types import Via

router = Router(tags=["companies"])

_BACKWARDS = people_errors.AffiliationEndsBeforeStart


@router.put(
    "/companies/{ref}/customers/{customer}",
    auth=requires(Scope.COMPANIES_WRITE),
    response={
        **documents(200, AffiliationOut, *COMPANY, *CUSTOMER, people_errors.AlreadyAffiliated, _BACKWARDS, *HOLDER),
        201: AffiliationOut,
    },
    operation_id="join_company",
)
def join_company(request: ApiRequest, ref: str, customer: str, body: JoinIn | None = None) -> Status[AffiliationOut]:
    """Link the customer to the company: what it holds is inherited at once. One who belongs already is only updated."""
    told = body or JoinIn()
    company, person = _company_and_customer(request.auth.organization, ref, customer)
    try:
        return _joined(request, company, person, told)
    except people_errors.AlreadyAffiliated:
        if queries.affiliation(customer=person, company=company, at=now(request.auth.organization)) is None:
            raise
    return _joined(request, company, person, told)  # the same was asked for at the same moment


@router.delete(
    "/companies/{ref}/customers/{customer}",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(204, None, *COMPANY, *CUSTOMER, errors.NotAffiliated),
    operation_id="leave_company",
)
def leave_company(request: ApiRequest, ref: str, customer: str) -> Status[None]:
    """Unlink the customer from the company: what was inherited is gone by the next check, and the seat is free."""
    organization = request.auth.organization
    company, person = _company_and_customer(organization, ref, customer)
    inheritance.leave_company(customer=person, company=company, at=now(organization), actor=request.auth.actor)
    return Status(204, None)


def _joined(request: ApiRequest, company: Company, person: Customer, told: JoinIn) -> Status[AffiliationOut]:
    at = now(request.auth.organization)
    position = told.model_dump(include={"title", "company_admin", "primary_contact"}, exclude_unset=True)
    known = queries.affiliation(customer=person, company=company, at=at)
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


def _company_and_customer(organization: Organization, ref: str, customer: str) -> tuple[Company, Customer]:
    return people.company_by_ref(organization, ref), people.customer_by_ref(organization, customer)
