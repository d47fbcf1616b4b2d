"""The organization's logo over HTTP. Photos of customers and logos of companies are in `people`."""

from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from tessera.core.errors import TesseraError
from tessera.files import errors, queries, services
from tessera.files.answering import PICTURE, body, picture_answer
from tessera.files.types import Kind
from tessera.http.edge import takes_raw
from tessera.http.problems import documents
from tessera.http.schemas import Filters
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.time import now

router = Router(tags=["organization"])

REFUSALS: tuple[type[TesseraError], ...] = (
    errors.PictureTooLarge,
    errors.PictureTooManyPixels,
    errors.PictureUnsupported,
    errors.PictureDamaged,
)


class PictureFilters(Filters):
    """Which size of a picture."""

    size: Annotated[Literal["96", "192", "512"], Field(description="The most pixels of its longer side.")] = "512"
    v: Annotated[str, Field(max_length=40, description="Which picture the caller means; not looked at.")] = ""


@router.get(
    "/organization/logo",
    auth=requires(Scope.ORGANIZATION_READ),
    response=documents(200, None, errors.PictureUnknown),
    operation_id="get_organization_logo",
)
def get_organization_logo(request: ApiRequest, filters: Query[PictureFilters]) -> HttpResponse:
    """The organization's logo, as a PNG."""
    club = request.auth.organization
    if club.logo is None:
        raise errors.PictureUnknown("the organization has no logo")
    file = queries.picture_file(club.pk, Kind.ORGANIZATION, club.logo, int(filters.size))
    return picture_answer(file, by_address=False)


@router.put(
    "/organization/logo",
    auth=requires(Scope.ORGANIZATION_WRITE),
    response=documents(204, None, *REFUSALS),
    operation_id="set_organization_logo",
)
@takes_raw(PICTURE)
def set_organization_logo(request: ApiRequest) -> Status[None]:
    """Give the organization a logo: the body is the picture, a JPEG, PNG or WebP of at most 5 MB and 25 megapixels."""
    club = request.auth.organization
    services.set_organization_logo(organization=club, content=body(request), at=now(club), actor=request.auth.actor)
    return Status(204, None)


@router.delete(
    "/organization/logo",
    auth=requires(Scope.ORGANIZATION_WRITE),
    response=documents(204, None),
    operation_id="remove_organization_logo",
)
def remove_organization_logo(request: ApiRequest) -> Status[None]:
    """Take the organization's logo away."""
    club = request.auth.organization
    services.remove_organization_logo(organization=club, at=now(club), actor=request.auth.actor)
    return Status(204, None)
