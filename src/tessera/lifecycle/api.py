"""Merging, archiving and erasing over HTTP."""

from typing import Annotated, Literal

from ninja import Router, Status
from pydantic import Field

from tessera.http.problems import documents
from tessera.http.schemas import In
from tessera.http.scopes import Scope
from tessera.lifecycle import archive, erasing, errors, merge
from tessera.memberships.errors import HolderBanned
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.time import now
from tessera.people import errors as people_errors
from tessera.people import queries as people
from tessera.people.api import router as of_people
from tessera.people.schemas import CompanyOut, CustomerOut

router = Router()

_CUSTOMER = (people_errors.CustomerNotFound, people_errors.ReferenceAmbiguous)
_COMPANY = (people_errors.CompanyNotFound, people_errors.ReferenceAmbiguous)


Taken = Literal[
    "first_name",
    "last_name",
    "display_name",
    "birthday",
    "locale",
    "external_id",
    "marketing_consent",
    "emails",
    "phones",
]


class MergeIn(In):
    """Whom the customer becomes part of."""

    into: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="Who survives: an id, a number, or `external:…`, `email:…`, `phone:…`.",
            examples=["CUS-000001"],
        ),
    ]
    take: Annotated[
        tuple[Taken, ...],
        Field(
            max_length=9,
            description="What is to be as this customer has it, if they have it; everything else is as the survivor"
            " has it. Of `emails` and `phones` that is the first one; an `external_id` is exchanged.",
            examples=[["first_name", "emails"]],
        ),
    ] = ()


@router.post(
    "/customers/{ref}/merge",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(
        200,
        CustomerOut,
        *_CUSTOMER,
        errors.SameCustomer,
        errors.MergeUnsettled,
        people_errors.CustomerMerged,
        people_errors.CustomerErased,
        people_errors.CustomerArchived,
    ),
    operation_id="merge_customer",
    tags=["customers"],
)
def merge_customer(request: ApiRequest, ref: str, body: MergeIn) -> CustomerOut:
    """Make this customer part of the one named in `into`, who survives and is answered.

    Memberships, affiliations, addresses and history move; this customer's id, number and references go on working and
    mean the survivor. Refused while both hold one plan, or one of them is banned. It cannot be undone.
    """
    organization = request.auth.organization
    survivor = merge.merge_customer(
        customer=people.customer_by_ref(organization, ref),
        into=people.customer_by_ref(organization, body.into),
        at=now(organization),
        actor=request.auth.actor,
        take=body.take,
    )
    return CustomerOut.of(people.customer(survivor))


@router.post(
    "/customers/{ref}/archive",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(
        200,
        CustomerOut,
        *_CUSTOMER,
        errors.MembershipsRunning,
        HolderBanned,
        people_errors.CustomerMerged,
        people_errors.CustomerErased,
    ),
    operation_id="archive_customer",
    tags=["customers"],
)
def archive_customer(request: ApiRequest, ref: str) -> CustomerOut:
    """Put a customer away who has no running membership. Nothing is deleted."""
    organization = request.auth.organization
    customer = people.customer_by_ref(organization, ref)
    done = archive.archive_customer(customer=customer, at=now(organization), actor=request.auth.actor)
    return CustomerOut.of(people.customer(done))


@of_people.delete(  # of one address all methods are one router's
    "/customers/{ref}",
    auth=requires(Scope.CUSTOMERS_ERASE),
    response=documents(204, None, *_CUSTOMER, errors.MembershipsRunning, people_errors.CustomerMerged),
    operation_id="erase_customer",
    tags=["customers"],
)
def erase_customer(request: ApiRequest, ref: str) -> Status[None]:
    """Forget a customer for good. Refused while a membership of their own is not over: end it first.

    What is known of them goes: names, addresses, numbers, notes, tags, photo, answers, a ban. Their id, their number,
    memberships and what happened stay, and name nobody. It cannot be undone; done again, it does nothing.
    """
    organization = request.auth.organization
    customer = people.customer_by_ref(organization, ref)
    erasing.erase_customer(customer=customer, at=now(organization), actor=request.auth.actor)
    return Status(204, None)


@router.post(
    "/customers/{ref}/restore",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(200, CustomerOut, *_CUSTOMER, people_errors.CustomerMerged, people_errors.CustomerErased),
    operation_id="restore_customer",
    tags=["customers"],
)
def restore_customer(request: ApiRequest, ref: str) -> CustomerOut:
    """Take an archived customer back."""
    organization = request.auth.organization
    customer = people.customer_by_ref(organization, ref)
    done = archive.restore_customer(customer=customer, at=now(organization), actor=request.auth.actor)
    return CustomerOut.of(people.customer(done))


@router.post(
    "/companies/{ref}/archive",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(200, CompanyOut, *_COMPANY, errors.MembershipsRunning),
    operation_id="archive_company",
    tags=["companies"],
)
def archive_company(request: ApiRequest, ref: str) -> CompanyOut:
    """Put a company away that has no running membership. Its people stay its people."""
    organization = request.auth.organization
    company = people.company_by_ref(organization, ref)
    done = archive.archive_company(company=company, at=now(organization), actor=request.auth.actor)
    return CompanyOut.of(people.company(done))


@router.post(
    "/companies/{ref}/restore",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(200, CompanyOut, *_COMPANY),
    operation_id="restore_company",
    tags=["companies"],
)
def restore_company(request: ApiRequest, ref: str) -> CompanyOut:
    """Take an archived company back."""
    organization = request.auth.organization
    company = people.company_by_ref(organization, ref)
    done = archive.restore_company(company=company, at=now(organization), actor=request.auth.actor)
    return CompanyOut.of(people.company(done))
