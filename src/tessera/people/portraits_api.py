"""Photos of customers and logos of companies over HTTP."""

from django.http import HttpResponse
from ninja import Query, Router, Status

from tessera.core.errors import TesseraError
from tessera.files.answering import PICTURE, body, picture_answer
from tessera.files.api import REFUSALS, PictureFilters
from tessera.files.errors import PictureUnknown
from tessera.files.queries import picture_file
from tessera.files.types import Kind
from tessera.http.edge import takes_raw
from tessera.http.problems import documents
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.time import now
from tessera.people import errors, portraits, queries

router = Router()

_CUSTOMER: tuple[type[TesseraError], ...] = (errors.CustomerNotFound, errors.ReferenceAmbiguous)
_COMPANY: tuple[type[TesseraError], ...] = (errors.CompanyNotFound, errors.ReferenceAmbiguous)


@router.get(
    "/customers/{ref}/photo",
    auth=requires(Scope.CUSTOMERS_READ),
    response=documents(200, None, *_CUSTOMER, PictureUnknown),
    operation_id="get_customer_photo",
    tags=["customers"],
)
def get_customer_photo(request: ApiRequest, ref: str, filters: Query[PictureFilters]) -> HttpResponse:
    """A customer's photo, square, as WebP."""
    organization = request.auth.organization
    customer = queries.customer_by_ref(organization, ref)
    if customer.photo_id is None:
        raise PictureUnknown("the customer has no photo")
    file = picture_file(organization.pk, Kind.CUSTOMER, customer.photo_id, int(filters.size))
    return picture_answer(file, by_address=False)


@router.put(
    "/customers/{ref}/photo",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(204, None, *_CUSTOMER, errors.CustomerMerged, errors.CustomerErased, *REFUSALS),
    operation_id="set_customer_photo",
    tags=["customers"],
)
@takes_raw(PICTURE)
def set_customer_photo(request: ApiRequest, ref: str) -> Status[None]:
    """Give a customer a photo: the body is the picture, a JPEG, PNG or WebP of at most 5 MB and 25 megapixels."""
    organization = request.auth.organization
    portraits.set_photo(
        customer=queries.customer_by_ref(organization, ref),
        content=body(request),
        at=now(organization),
        actor=request.auth.actor,
    )
    return Status(204, None)


@router.delete(
    "/customers/{ref}/photo",
    auth=requires(Scope.CUSTOMERS_WRITE),
    response=documents(204, None, *_CUSTOMER, errors.CustomerMerged, errors.CustomerErased),
    operation_id="remove_customer_photo",
    tags=["customers"],
)
def remove_customer_photo(request: ApiRequest, ref: str) -> Status[None]:
    """Take a customer's photo away."""
    organization = request.auth.organization
    customer = queries.customer_by_ref(organization, ref)
    portraits.remove_photo(customer=customer, at=now(organization), actor=request.auth.actor)
    return Status(204, None)


@router.get(
    "/companies/{ref}/logo",
    auth=requires(Scope.COMPANIES_READ),
    response=documents(200, None, *_COMPANY, PictureUnknown),
    operation_id="get_company_logo",
    tags=["companies"],
)
def get_company_logo(request: ApiRequest, ref: str, filters: Query[PictureFilters]) -> HttpResponse:
    """A company's logo, whole, as a PNG."""
    organization = request.auth.organization
    company = queries.company_by_ref(organization, ref)
    if company.logo_id is None:
        raise PictureUnknown("the company has no logo")
    file = picture_file(organization.pk, Kind.COMPANY, company.logo_id, int(filters.size))
    return picture_answer(file, by_address=False)


@router.put(
    "/companies/{ref}/logo",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(204, None, *_COMPANY, *REFUSALS),
    operation_id="set_company_logo",
    tags=["companies"],
)
@takes_raw(PICTURE)
def set_company_logo(request: ApiRequest, ref: str) -> Status[None]:
    """Give a company a logo: the body is the picture, a JPEG, PNG or WebP of at most 5 MB and 25 megapixels."""
    organization = request.auth.organization
    portraits.set_logo(
        company=queries.company_by_ref(organization, ref),
        content=body(request),
        at=now(organization),
        actor=request.auth.actor,
    )
    return Status(204, None)


@router.delete(
    "/companies/{ref}/logo",
    auth=requires(Scope.COMPANIES_WRITE),
    response=documents(204, None, *_COMPANY),
    operation_id="remove_company_logo",
    tags=["companies"],
)
def remove_company_logo(request: ApiRequest, ref: str) -> Status[None]:
    """Take a company's logo away."""
    organization = request.auth.organization
    company = queries.company_by_ref(organization, ref)
    portraits.remove_logo(company=company, at=now(organization), actor=request.auth.actor)
    return Status(204, None)
