"""The catalogue over HTTP: permissions, plans, prices."""

from ninja import Query, Router, Status

from tessera.core.currencies import UnknownCurrency
from tessera.core.errors import TesseraError
from tessera.core.local_time import InvalidPeriod
from tessera.core.money import InvalidAmount
from tessera.http.errors import CursorInvalid
from tessera.http.problems import documents
from tessera.http.schemas import Page, PageFilters
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import VersionStale
from tessera.organizations.time import now
from tessera.plans import errors, permissions, queries, services
from tessera.plans.schemas import (
    PermissionChange,
    PermissionIn,
    PermissionOut,
    PlanChange,
    PlanFilters,
    PlanIn,
    PlanOut,
    PriceChange,
    PriceIn,
    PriceOut,
    ScheduleFilters,
    ScheduleOut,
)

router = Router()

_ABOUT_PRICE: tuple[type[TesseraError], ...] = (
    errors.PriceInvalid,
    errors.CurrencyMismatch,
    UnknownCurrency,
    InvalidAmount,
)
_ABOUT_PLAN: tuple[type[TesseraError], ...] = (
    errors.PlanInvalid,
    errors.PermissionUnknown,
    InvalidPeriod,
    *_ABOUT_PRICE,
)


@router.get(
    "/permissions",
    auth=requires(Scope.PERMISSIONS_READ),
    response=documents(200, Page[PermissionOut], CursorInvalid),
    operation_id="list_permissions",
    tags=["permissions"],
)
def list_permissions(request: ApiRequest, filters: Query[PageFilters]) -> Page[PermissionOut]:
    """Permissions in order of their keys."""
    found = queries.permissions(request.auth.organization, limit=filters.limit, cursor=filters.cursor)
    return Page(data=[PermissionOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/permissions",
    auth=requires(Scope.PERMISSIONS_WRITE),
    response=documents(
        201,
        PermissionOut,
        errors.PermissionKeyTaken,
        errors.PermissionKeyInvalid,
        errors.TargetInvalid,
        errors.PlanInvalid,
    ),
    operation_id="create_permission",
    tags=["permissions"],
)
def create_permission(request: ApiRequest, body: PermissionIn) -> Status[PermissionOut]:
    """Make a permission that plans can grant."""
    organization = request.auth.organization
    row = permissions.create_permission(
        organization=organization,
        key=body.key,
        at=now(organization),
        actor=request.auth.actor,
        **body.details(),
    )
    return Status(201, PermissionOut.of(queries.permission(row)))


@router.get(
    "/permissions/{key}",
    auth=requires(Scope.PERMISSIONS_READ),
    response=documents(200, PermissionOut, errors.PermissionNotFound),
    operation_id="get_permission",
    tags=["permissions"],
)
def get_permission(request: ApiRequest, key: str) -> PermissionOut:
    """One permission."""
    return PermissionOut.of(queries.permission(queries.permission_by_key(request.auth.organization, key)))


@router.patch(
    "/permissions/{key}",
    auth=requires(Scope.PERMISSIONS_WRITE),
    response=documents(200, PermissionOut, errors.PermissionNotFound, errors.TargetInvalid, errors.PlanInvalid),
    operation_id="update_permission",
    tags=["permissions"],
)
def update_permission(request: ApiRequest, key: str, body: PermissionChange) -> PermissionOut:
    """Change what a permission is called and means. Its key never changes."""
    organization = request.auth.organization
    row = permissions.update_permission(
        permission=queries.permission_by_key(organization, key),
        at=now(organization),
        actor=request.auth.actor,
        **body.details(),
    )
    return PermissionOut.of(queries.permission(row))


@router.delete(
    "/permissions/{key}",
    auth=requires(Scope.PERMISSIONS_WRITE),
    response=documents(204, None, errors.PermissionNotFound, errors.PermissionInUse),
    operation_id="delete_permission",
    tags=["permissions"],
)
def delete_permission(request: ApiRequest, key: str) -> Status[None]:
    """Delete a permission that no plan grants."""
    organization = request.auth.organization
    permissions.delete_permission(
        permission=queries.permission_by_key(organization, key),
        at=now(organization),
        actor=request.auth.actor,
    )
    return Status(204, None)


@router.get(
    "/plans",
    auth=requires(Scope.PLANS_READ),
    response=documents(200, Page[PlanOut], CursorInvalid),
    operation_id="list_plans",
    tags=["plans"],
)
def list_plans(request: ApiRequest, filters: Query[PlanFilters]) -> Page[PlanOut]:
    """Plans in the catalogue's order, archived ones too unless asked otherwise."""
    found = queries.plans(
        request.auth.organization,
        archived=filters.archived,
        audience=filters.audience,
        visibility=filters.visibility,
        limit=filters.limit,
        cursor=filters.cursor,
    )
    return Page(data=[PlanOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/plans",
    auth=requires(Scope.PLANS_WRITE),
    response=documents(201, PlanOut, *_ABOUT_PLAN),
    operation_id="create_plan",
    tags=["plans"],
)
def create_plan(request: ApiRequest, body: PlanIn) -> Status[PlanOut]:
    """Make a plan with its prices; free is an amount of 0."""
    organization = request.auth.organization
    row = services.create_plan(
        organization=organization,
        prices=[price.terms() for price in body.prices],
        at=now(organization),
        actor=request.auth.actor,
        **body.details(),
    )
    return Status(201, PlanOut.of(queries.plan(row)))


@router.get(
    "/plans/{plan_id}",
    auth=requires(Scope.PLANS_READ),
    response=documents(200, PlanOut, errors.PlanNotFound),
    operation_id="get_plan",
    tags=["plans"],
)
def get_plan(request: ApiRequest, plan_id: str) -> PlanOut:
    """One plan."""
    return PlanOut.of(queries.plan(queries.plan_by_id(request.auth.organization, plan_id)))


@router.patch(
    "/plans/{plan_id}",
    auth=requires(Scope.PLANS_WRITE),
    response=documents(200, PlanOut, errors.PlanNotFound, errors.PlanHeld, VersionStale, *_ABOUT_PLAN),
    operation_id="update_plan",
    tags=["plans"],
)
def update_plan(request: ApiRequest, plan_id: str, body: PlanChange) -> PlanOut:
    """Change a plan. Permissions replace the whole list, and holders have them with the next check."""
    organization = request.auth.organization
    row = services.update_plan(
        plan=queries.plan_by_id(organization, plan_id),
        at=now(organization),
        actor=request.auth.actor,
        version=body.version,
        **body.details(),
    )
    return PlanOut.of(queries.plan(row))


@router.post(
    "/plans/{plan_id}/archive",
    auth=requires(Scope.PLANS_WRITE),
    response=documents(200, PlanOut, errors.PlanNotFound),
    operation_id="archive_plan",
    tags=["plans"],
)
def archive_plan(request: ApiRequest, plan_id: str) -> PlanOut:
    """Close a plan to new grants. Who holds it keeps it and renews as before."""
    organization = request.auth.organization
    row = services.archive_plan(
        plan=queries.plan_by_id(organization, plan_id), at=now(organization), actor=request.auth.actor
    )
    return PlanOut.of(queries.plan(row))


@router.get(
    "/plans/{plan_id}/prices",
    auth=requires(Scope.PLANS_READ),
    response=documents(200, Page[PriceOut], errors.PlanNotFound, CursorInvalid),
    operation_id="list_prices",
    tags=["plans"],
)
def list_prices(request: ApiRequest, plan_id: str, filters: Query[PageFilters]) -> Page[PriceOut]:
    """A plan's prices, active or not, oldest first."""
    row = queries.plan_by_id(request.auth.organization, plan_id)
    found = queries.prices_of(row, limit=filters.limit, cursor=filters.cursor)
    return Page(data=[PriceOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/plans/{plan_id}/prices",
    auth=requires(Scope.PLANS_WRITE),
    response=documents(201, PriceOut, errors.PlanNotFound, *_ABOUT_PRICE),
    operation_id="add_price",
    tags=["plans"],
)
def add_price(request: ApiRequest, plan_id: str, body: PriceIn) -> Status[PriceOut]:
    """Add an active price to a plan. Members keep theirs."""
    organization = request.auth.organization
    row = services.add_price(
        plan=queries.plan_by_id(organization, plan_id),
        terms=body.terms(),
        at=now(organization),
        actor=request.auth.actor,
    )
    return Status(201, PriceOut.of(queries.price(row)))


@router.get(
    "/prices/{price_id}",
    auth=requires(Scope.PLANS_READ),
    response=documents(200, PriceOut, errors.PriceNotFound),
    operation_id="get_price",
    tags=["plans"],
)
def get_price(request: ApiRequest, price_id: str) -> PriceOut:
    """One price."""
    return PriceOut.of(queries.price(queries.price_by_id(request.auth.organization, price_id)))


@router.patch(
    "/prices/{price_id}",
    auth=requires(Scope.PLANS_WRITE),
    response=documents(200, PriceOut, errors.PriceNotFound, errors.PriceUsed, errors.LastActivePrice, *_ABOUT_PRICE),
    operation_id="update_price",
    tags=["plans"],
)
def update_price(request: ApiRequest, price_id: str, body: PriceChange) -> PriceOut:
    """Change a price nobody has or had; take any out of use or back into it."""
    organization = request.auth.organization
    row = services.update_price(
        price=queries.price_by_id(organization, price_id),
        at=now(organization),
        actor=request.auth.actor,
        **body.details(),
    )
    return PriceOut.of(queries.price(row))


@router.get(
    "/prices/{price_id}/schedule",
    auth=requires(Scope.PLANS_READ),
    response=documents(200, ScheduleOut, errors.PriceNotFound, InvalidPeriod),
    operation_id="get_schedule",
    tags=["plans"],
)
def get_schedule(request: ApiRequest, price_id: str, filters: Query[ScheduleFilters]) -> ScheduleOut:
    """The terms somebody would have who starts on this price, without a trial."""
    organization = request.auth.organization
    terms = queries.schedule(
        queries.price_by_id(organization, price_id),
        starts_at=filters.starts_at,
        at=now(organization),
        take=filters.take,
    )
    return ScheduleOut.of(terms)
