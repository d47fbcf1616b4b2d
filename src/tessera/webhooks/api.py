"""Webhook endpoints and their deliveries over HTTP."""

from datetime import timedelta

from ninja import Query, Router, Status

from tessera.core.errors import TesseraError
from tessera.http import idempotency
from tessera.http.errors import CursorInvalid
from tessera.http.problems import documents
from tessera.http.schemas import Page, PageFilters
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import VersionStale
from tessera.organizations.time import now
from tessera.webhooks import errors, queries, replaying, services
from tessera.webhooks.schemas import (
    DeliveryFilters,
    DeliveryOut,
    DeliveryWithAttemptsOut,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    EndpointWithSecretOut,
    ReplayIn,
    ReplayOut,
    RotateIn,
)

router = Router(tags=["webhooks"])

_ABOUT: tuple[type[TesseraError], ...] = (errors.EndpointUrlRefused, errors.EndpointInvalid, errors.EventTypesInvalid)


@router.get(
    "/webhook-endpoints",
    auth=requires(Scope.WEBHOOKS_READ),
    response=documents(200, Page[EndpointOut], CursorInvalid),
    operation_id="list_webhook_endpoints",
)
def list_webhook_endpoints(request: ApiRequest, filters: Query[PageFilters]) -> Page[EndpointOut]:
    """The organization's webhook endpoints, oldest first."""
    found = queries.endpoints(request.auth.organization, limit=filters.limit, cursor=filters.cursor)
    return Page(data=[EndpointOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.post(
    "/webhook-endpoints",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(201, EndpointWithSecretOut, *_ABOUT, errors.TooManyEndpoints),
    operation_id="create_webhook_endpoint",
)
def create_webhook_endpoint(request: ApiRequest, body: EndpointIn) -> Status[EndpointWithSecretOut]:
    """Have an address told what happens from now on. The answer holds the secret, which is not shown again."""
    idempotency.holds_secret(request)
    organization = request.auth.organization
    row, secret = services.create_endpoint(
        organization=organization, at=now(organization), actor=request.auth.actor, **body.details()
    )
    return Status(201, EndpointWithSecretOut.revealing(queries.endpoint(row), secret))


@router.get(
    "/webhook-endpoints/{endpoint_id}",
    auth=requires(Scope.WEBHOOKS_READ),
    response=documents(200, EndpointOut, errors.EndpointNotFound),
    operation_id="get_webhook_endpoint",
)
def get_webhook_endpoint(request: ApiRequest, endpoint_id: str) -> EndpointOut:
    """One webhook endpoint."""
    return EndpointOut.of(queries.endpoint(queries.endpoint_by_id(request.auth.organization, endpoint_id)))


@router.patch(
    "/webhook-endpoints/{endpoint_id}",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, EndpointOut, errors.EndpointNotFound, *_ABOUT, VersionStale),
    operation_id="update_webhook_endpoint",
)
def update_webhook_endpoint(request: ApiRequest, endpoint_id: str, body: EndpointChange) -> EndpointOut:
    """Change a webhook endpoint. What waits for it goes to the new address."""
    organization = request.auth.organization
    row = services.update_endpoint(
        endpoint=queries.endpoint_by_id(organization, endpoint_id),
        version=body.version,
        at=now(organization),
        actor=request.auth.actor,
        **body.details(),
    )
    return EndpointOut.of(queries.endpoint(row))


@router.delete(
    "/webhook-endpoints/{endpoint_id}",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(204, None, errors.EndpointNotFound),
    operation_id="delete_webhook_endpoint",
)
def delete_webhook_endpoint(request: ApiRequest, endpoint_id: str) -> Status[None]:
    """Delete a webhook endpoint with its secrets and deliveries. What waits for it is not sent."""
    organization = request.auth.organization
    services.delete_endpoint(
        endpoint=queries.endpoint_by_id(organization, endpoint_id), at=now(organization), actor=request.auth.actor
    )
    return Status(204, None)


@router.post(
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, EndpointWithSecretOut, errors.EndpointNotFound, errors.EndpointInvalid),
    operation_id="rotate_webhook_secret",
)
def rotate_webhook_secret(request: ApiRequest, endpoint_id: str, body: RotateIn | None = None) -> EndpointWithSecretOut:
    """Give an endpoint another secret. The one before signs too for a while; the new one is not shown again."""
    idempotency.holds_secret(request)
    organization = request.auth.organization
    row, secret = services.rotate_secret(
        endpoint=queries.endpoint_by_id(organization, endpoint_id),
        overlap=timedelta(hours=(body or RotateIn()).overlap_hours),
        at=now(organization),
        actor=request.auth.actor,
    )
    return EndpointWithSecretOut.revealing(queries.endpoint(row), secret)


@router.post(
    "/webhook-endpoints/{endpoint_id}/enable",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, EndpointOut, errors.EndpointNotFound),
    operation_id="enable_webhook_endpoint",
)
def enable_webhook_endpoint(request: ApiRequest, endpoint_id: str) -> EndpointOut:
    """Send to an endpoint again: what waited for it, and what happens from now on."""
    organization = request.auth.organization
    row = services.enable_endpoint(
        endpoint=queries.endpoint_by_id(organization, endpoint_id), at=now(organization), actor=request.auth.actor
    )
    return EndpointOut.of(queries.endpoint(row))


@router.post(
    "/webhook-endpoints/{endpoint_id}/disable",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, EndpointOut, errors.EndpointNotFound),
    operation_id="disable_webhook_endpoint",
)
def disable_webhook_endpoint(request: ApiRequest, endpoint_id: str) -> EndpointOut:
    """Send nothing more to an endpoint. What happens meanwhile is not kept for it, but can be replayed."""
    organization = request.auth.organization
    row = services.disable_endpoint(
        endpoint=queries.endpoint_by_id(organization, endpoint_id), at=now(organization), actor=request.auth.actor
    )
    return EndpointOut.of(queries.endpoint(row))


@router.post(
    "/webhook-endpoints/{endpoint_id}/test",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(201, DeliveryOut, errors.EndpointNotFound, errors.EndpointDisabled),
    operation_id="test_webhook_endpoint",
)
def test_webhook_endpoint(request: ApiRequest, endpoint_id: str) -> Status[DeliveryOut]:
    """Send an endpoint a message of type `webhook.test`, once. Ask for the delivery to see what came of it."""
    organization = request.auth.organization
    row = services.send_test(
        endpoint=queries.endpoint_by_id(organization, endpoint_id), at=now(organization), actor=request.auth.actor
    )
    return Status(201, DeliveryOut.of(queries.delivery(row)))


@router.post(
    "/webhook-endpoints/{endpoint_id}/replay",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, ReplayOut, errors.EndpointNotFound, errors.EndpointDisabled, errors.ReplayInvalid),
    operation_id="replay_webhook_endpoint",
)
def replay_webhook_endpoint(request: ApiRequest, endpoint_id: str, body: ReplayIn) -> ReplayOut:
    """Send an endpoint what it wants of a range of events again, at most 5,000 of them at a time."""
    organization = request.auth.organization
    replayed = replaying.replay(
        endpoint=queries.endpoint_by_id(organization, endpoint_id),
        from_sequence=body.from_sequence,
        to_sequence=body.to_sequence,
        since=body.since,
        undelivered_only=body.undelivered_only,
        at=now(organization),
        actor=request.auth.actor,
    )
    return ReplayOut.model_validate(replayed)


@router.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    auth=requires(Scope.WEBHOOKS_READ),
    response=documents(200, Page[DeliveryOut], errors.EndpointNotFound, CursorInvalid),
    operation_id="list_deliveries",
)
def list_deliveries(request: ApiRequest, endpoint_id: str, filters: Query[DeliveryFilters]) -> Page[DeliveryOut]:
    """What was sent to an endpoint or is to be, newest first."""
    row = queries.endpoint_by_id(request.auth.organization, endpoint_id)
    found = queries.deliveries(row, status=filters.status, limit=filters.limit, cursor=filters.cursor)
    return Page(data=[DeliveryOut.of(facts) for facts in found.data], next_cursor=found.next_cursor)


@router.get(
    "/deliveries/{delivery_id}",
    auth=requires(Scope.WEBHOOKS_READ),
    response=documents(200, DeliveryWithAttemptsOut, errors.DeliveryNotFound),
    operation_id="get_delivery",
)
def get_delivery(request: ApiRequest, delivery_id: str) -> DeliveryWithAttemptsOut:
    """One delivery, with its attempts and what the receiver answered."""
    row = queries.delivery_by_id(request.auth.organization, delivery_id)
    return DeliveryWithAttemptsOut.told(queries.delivery(row), queries.attempts(row))


@router.post(
    "/deliveries/{delivery_id}/replay",
    auth=requires(Scope.WEBHOOKS_WRITE),
    response=documents(200, DeliveryOut, errors.DeliveryNotFound, errors.EndpointNotFound, errors.EndpointDisabled),
    operation_id="replay_delivery",
)
def replay_delivery(request: ApiRequest, delivery_id: str) -> DeliveryOut:
    """Send a message again, with the same id. One that waits already stays as it is."""
    organization = request.auth.organization
    row = replaying.replay_delivery(
        delivery=queries.delivery_by_id(organization, delivery_id), at=now(organization), actor=request.auth.actor
    )
    return DeliveryOut.of(queries.delivery(row))
