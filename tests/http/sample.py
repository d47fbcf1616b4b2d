"""A small API of its own, for what the kit promises to every operation: a club can be given another name."""

from enum import StrEnum
from typing import Annotated

from django.urls import path
from ninja import Query, Router, Status
from pydantic import Field

from tessera import organizations
from tessera.config import urls
from tessera.core.errors import Forbidden
from tessera.http import idempotency
from tessera.http.api import TesseraAPI
from tessera.http.problems import documents
from tessera.http.schemas import Filters, In, Instant, MoneyIn, Out
from tessera.http.scopes import Scope
from tessera.organizations import services
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import FieldInvalid

router = Router(tags=["sample"])


class Mood(StrEnum):
    CALM = "calm"
    LOUD = "loud"


class NameIn(In):
    name: Annotated[str, Field(max_length=20)]
    count: int | None = None
    at: Instant | None = None
    fee: MoneyIn | None = None
    mood: Mood = Mood.CALM
    tags: list[str] = []


class NameOut(Out):
    name: str
    version: int
    at: Instant | None = None


class Wanted(Filters):
    many: Annotated[int, Field(ge=1, le=9)] = 1
    since: Instant | None = None


@router.post(
    "/names",
    auth=requires(Scope.ORGANIZATION_WRITE),
    response=documents(201, NameOut, FieldInvalid),
    operation_id="rename",
)
def rename(request: ApiRequest, body: NameIn) -> Status[NameOut]:
    """Give the club another name."""
    club = request.auth.organization
    if body.name == "a bug":
        raise ZeroDivisionError(body.name)
    changed = services.update_organization(
        organization=club, changes={"name": body.name}, at=organizations.now(club), actor=request.auth.actor
    )
    if body.name == "a secret":
        idempotency.holds_secret(request)
    if body.name == "not today":
        raise Forbidden("no new names today")
    if body.name == "no name":
        raise FieldInvalid("that is no name", pointer="/name")
    return Status(201, NameOut(name=changed.name, version=changed.version, at=body.at))


@router.get("/names", auth=requires(Scope.ORGANIZATION_READ), response=documents(200, NameOut), operation_id="names")
def names(request: ApiRequest, filters: Query[Wanted]) -> NameOut:
    """The club's name."""
    return NameOut(name=request.auth.organization.name, version=filters.many, at=filters.since)


api = TesseraAPI(title="Sample", version="1", description="For tests.")
api.add_router("", router)

urlpatterns = [path("api/v1/", api.urls)]
handler404, handler500 = urls.not_found, urls.server_error
