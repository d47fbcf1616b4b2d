"""Customers and companies over HTTP. Their memberships, joining and leaving are in `memberships`."""

from ninja import Query, Router, Status

from tessera.core.errors import TesseraError
from tessera.events import queries as events
from tessera.events.api import EventOut
from tessera.http.errors import CursorInvalid
from tessera.http.problems import documents
from tessera.http.schemas import Page, PageFilters
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import VersionStale
from tessera.organizations.time import now
from tessera.people import errors, queries, services
from tessera.people.schemas import (
    AffiliationFilters,
    AffiliationOut,
    BanIn,
    CompanyChange,
    CompanyFilters,
    CompanyIn,
    CompanyOut,
    CustomerChange,
    CustomerFilters,
    CustomerIn,
    CustomerOut,
)
from tessera.people.types import Source

router = Router()

_CUSTOMER: tuple[type[TesseraError], ...] = (errors.CustomerNotFound, errors.ReferenceAmbiguous)
_COMPANY: tuple[type[TesseraError], ...] = (errors.CompanyNotFound, errors.ReferenceAmbiguous)
_TOLD: tuple[type[TesseraError], ...] = (
    errors.ExternalIdTaken,
    errors.NumberTaken,
    errors.NumberInvalid,
    errors.TextInvalid,
    errors.EmailInvalid,
    errors.PhoneInvalid,
    errors.TooMany,
)
_ABOUT_CUSTOMER: tuple[type[TesseraError], ...] = (
    *_TOLD,
    errors.CustomerIncomplete,
    errors.EmailTaken,
    errors.BirthdayInvalid,
    errors.LocaleInvalid,
)
_ABOUT_COMPANY: tuple[type[TesseraError], ...] = (
    *_TOLD,
    errors.CompanyUnnamed,
    errors.WebsiteInvalid,
    errors.DomainInvalid,
)


@router.get(
    "/customers",
    auth=requires(Scope.CUSTOMERS_READ),
    response=documents(200, Page[CustomerOut], CursorInvalid),
    operation_id="list_customers",
    tags=["customers"],
)
def list_customers(request: ApiRequest, filters: Query[CustomerFilters]) -> Page[CustomerOut]:
    """Customers, oldest first unless ordered by name. Those merged into another are not listed."""
    found = queries.customers(
        request.auth.organization,
        q=filters.q,
        status=filters.status,
        order=filters.order,
        at=now(request.auth.organization),
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[CustomerOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/customers",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(201, CustomerOut, *_ABOUT_CUSTOMER),
    operation_id="create_customer",
    tags=["customers"],
)
def create_customer(request: ApiRequest, body: CustomerIn) -> Status[CustomerOut]:
    """Make a person known to the organization."""
    organization = request.auth.organization
    customer = services.create_customer(
        organization=organization,
        at=now(organization),
        actor=request.auth.actor,
        source=Source.API,
        number=body.number,
        **body.details(),
    )
    return Status(201, CustomerOut.of(queries.customer(customer)))


@router.get(
    "/customers/{ref}",
    auth=requires(Scope.CUSTOMERS_READ),
    response=documents(200, CustomerOut, *_CUSTOMER),
    operation_id="get_customer",
    tags=["customers"],
)
def get_customer(request: ApiRequest, ref: str) -> CustomerOut:
    """One customer. Who was merged into another is answered with that one."""
    return CustomerOut.of(queries.customer(queries.customer_by_ref(request.auth.organization, ref)))


@router.patch(
    "/customers/{ref}",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(
        200, CustomerOut, *_CUSTOMER, *_ABOUT_CUSTOMER, errors.CustomerMerged, errors.CustomerErased, VersionStale
    ),
    operation_id="update_customer",
    tags=["customers"],
)
def update_customer(request: ApiRequest, ref: str, body: CustomerChange) -> CustomerOut:
    """Change what is known of a customer. A list that is sent replaces the whole list."""
    organization = request.auth.organization
    customer = services.update_customer(
        customer=queries.customer_by_ref(organization, ref),
        at=now(organization),
        actor=request.auth.actor,
        version=body.version,
        **body.details(),
    )
    return CustomerOut.of(queries.customer(customer))


@router.post(
    "/customers/{ref}/ban",
    auth=requires(Scope.CUSTOMERS_BAN),
    response=documents(
        200,
        CustomerOut,
        *_CUSTOMER,
        errors.AlreadyBanned,
        errors.CustomerArchived,
        errors.CustomerMerged,
        errors.CustomerErased,
        errors.TextInvalid,
    ),
    operation_id="ban_customer",
    tags=["customers"],
)
def ban_customer(request: ApiRequest, ref: str, body: BanIn) -> CustomerOut:
    """Refuse a customer everything, own and inherited, until the ban is lifted. Nothing is ended."""
    organization = request.auth.organization
    customer = services.ban_customer(
        customer=queries.customer_by_ref(organization, ref),
        reason=body.reason,
        at=now(organization),
        actor=request.auth.actor,
    )
    return CustomerOut.of(queries.customer(customer))


@router.post(
    "/customers/{ref}/lift-ban",
    auth=requires(Scope.CUSTOMERS_BAN),
    response=documents(200, CustomerOut, *_CUSTOMER, errors.NotBanned, errors.CustomerMerged, errors.CustomerErased),
    operation_id="lift_ban",
    tags=["customers"],
)
def lift_ban(request: ApiRequest, ref: str) -> CustomerOut:
    """Lift a ban: what still runs grants again at once."""
    organization = request.auth.organization
    customer = services.lift_ban(
        customer=queries.customer_by_ref(organization, ref), at=now(organization), actor=request.auth.actor
    )
    return CustomerOut.of(queries.customer(customer))


@router.get(
    "/customers/{ref}/companies",
    auth=requires(Scope.CUSTOMERS_READ),
    response=documents(200, Page[AffiliationOut], *_CUSTOMER, CursorInvalid),
    operation_id="list_companies_of_customer",
    tags=["customers"],
)
def list_companies_of_customer(
    request: ApiRequest, ref: str, filters: Query[AffiliationFilters]
) -> Page[AffiliationOut]:
    """The companies a customer belongs to, belonged to, or will belong to."""
    organization = request.auth.organization
    found = queries.companies_of(
        queries.customer_by_ref(organization, ref),
        at=now(organization),
        belonging=filters.status,
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[AffiliationOut.of(row) for row in found.data], next_cursor=found.next_cursor)


@router.get(
    "/customers/{ref}/timeline",
    auth=requires(Scope.CUSTOMERS_READ),
    response=documents(200, Page[EventOut], *_CUSTOMER, CursorInvalid),
    operation_id="list_timeline_of_customer",
    tags=["customers"],
)
def list_timeline_of_customer(request: ApiRequest, ref: str, filters: Query[PageFilters]) -> Page[EventOut]:
    """What happened to a customer, newest first, and to those who were merged into them."""
    organization = request.auth.organization
    customer = queries.customer_by_ref(organization, ref)
    lines, next_cursor = events.timeline(
        organization,
        customer_id=customer.pk,
        merged_ids=queries.merged_ids(customer),
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[EventOut.of(line) for line in lines], next_cursor=next_cursor)


@router.get(
    "/companies",
    auth=requires(Scope.COMPANIES_READ),
    response=documents(200, Page[CompanyOut], CursorInvalid),
    operation_id="list_companies",
    tags=["companies"],
)
def list_companies(request: ApiRequest, filters: Query[CompanyFilters]) -> Page[CompanyOut]:
    """Companies, oldest first unless ordered by name."""
    found = queries.companies(
        request.auth.organization,
        q=filters.q,
        status=filters.status,
        order=filters.order,
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[CompanyOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/companies",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(201, CompanyOut, *_ABOUT_COMPANY),
    operation_id="create_company",
    tags=["companies"],
)
def create_company(request: ApiRequest, body: CompanyIn) -> Status[CompanyOut]:
    """Make a company known to the organization."""
    organization = request.auth.organization
    company = services.create_company(
        organization=organization,
        at=now(organization),
        actor=request.auth.actor,
        number=body.number,
        **body.details(),
    )
    return Status(201, CompanyOut.of(queries.company(company)))


@router.get(
    "/companies/{ref}",
    auth=requires(Scope.COMPANIES_READ),
    response=documents(200, CompanyOut, *_COMPANY),
    operation_id="get_company",
    tags=["companies"],
)
def get_company(request: ApiRequest, ref: str) -> CompanyOut:
    """One company."""
    return CompanyOut.of(queries.company(queries.company_by_ref(request.auth.organization, ref)))


@router.patch(
    "/companies/{ref}",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(200, CompanyOut, *_COMPANY, *_ABOUT_COMPANY, VersionStale),
    operation_id="update_company",
    tags=["companies"],
)
def update_company(request: ApiRequest, ref: str, body: CompanyChange) -> CompanyOut:
    """Change what is known of a company. A list that is sent replaces the whole list."""
    organization = request.auth.organization
    company = services.update_company(
        company=queries.company_by_ref(organization, ref),
        at=now(organization),
        actor=request.auth.actor,
        version=body.version,
        **body.details(),
    )
    return CompanyOut.of(queries.company(company))


@router.get(
    "/companies/{ref}/customers",
    auth=requires(Scope.COMPANIES_READ),
    response=documents(200, Page[AffiliationOut], *_COMPANY, CursorInvalid),
    operation_id="list_customers_of_company",
    tags=["companies"],
)
def list_customers_of_company(
    request: ApiRequest, ref: str, filters: Query[AffiliationFilters]
) -> Page[AffiliationOut]:
    """The people who belong to a company, belonged to it, or will, in the order in which they take seats."""
    organization = request.auth.organization
    found = queries.people_of(
        queries.company_by_ref(organization, ref),
        at=now(organization),
        belonging=filters.status,
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[AffiliationOut.of(row) for row in found.data], next_cursor=found.next_cursor)
