"""Endpoints: made, changed, turned off and on, deleted, given another secret, tried out.

Each verb is one transaction and one event. What then waits is sent because of the event (webhooks/fan_out.py).
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Unpack

from django.db.models import F

from tessera import db
from tessera.core import clock
from tessera.core.phrases import said
from tessera.events.types import Actor, EventType
from tessera.http import outbound
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.webhooks import filters, messages, signatures
from tessera.webhooks.errors import (
    EndpointDisabled,
    EndpointInvalid,
    EndpointNotFound,
    EndpointUrlRefused,
    TooManyEndpoints,
)
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.recording import record
from tessera.webhooks.types import DisabledReason, EndpointDetails, Payload

MOST: Final = 20
OVERLAP: Final = timedelta(hours=24)
LONGEST_OVERLAP: Final = timedelta(days=7)
_LONGEST_URL: Final = 2_000
_LONGEST_DESCRIPTION: Final = 500
_AS_IF_NEW: Final[Mapping[str, Any]] = {"failing_since": None, "failures": 0, "quiet_until": None}


def create_endpoint(
    *, organization: Organization, at: datetime, actor: Actor, **given: Unpack[EndpointDetails]
) -> tuple[WebhookEndpoint, str]:
    """Have a system told what happens from now on; return the endpoint and its secret, which cannot be had again.

    Every event, and thin messages, unless told. Raises EndpointUrlRefused, EndpointInvalid, EventTypesInvalid;
    TooManyEndpoints at twenty.
    """
    told = _told({"url": "", "payload": Payload.THIN, **given}, organization)
    secret = signatures.fresh_secret()
    endpoint = WebhookEndpoint(organization=organization, created_at=clock.now(), **told)
    endpoint.secret = signatures.seal(secret, endpoint)
    with db.transaction():
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # who else makes one waits
        if WebhookEndpoint.objects.filter(organization=organization, deleted_at=None).count() >= MOST:
            raise TooManyEndpoints(said("at most {most} webhook endpoints; delete one first", most=MOST), most=MOST)
        endpoint.save(force_insert=True)
        record(EventType.WEBHOOK_ENDPOINT_CREATED, endpoint, at=at, actor=actor)
    return endpoint, secret


def update_endpoint(
    *,
    endpoint: WebhookEndpoint,
    version: int | None = None,
    at: datetime,
    actor: Actor,
    **given: Unpack[EndpointDetails],
) -> WebhookEndpoint:
    """Change an endpoint and return it; what waits for it goes to the new address. If nothing differs, nothing is done.

    Raises VersionStale if `version` is given and not the present one; else as `create_endpoint`.
    """
    told = _told(given, endpoint.organization)
    with db.transaction():
        present = locked(endpoint)
        versions.check(present.version, version)
        changed = {name: value for name, value in told.items() if getattr(present, name) != value}
        if not changed:
            return present
        anew = _AS_IF_NEW if "url" in changed else {}
        _write(present, {**changed, **anew})
        record(EventType.WEBHOOK_ENDPOINT_UPDATED, present, at=at, actor=actor, fields=sorted(changed))
    return present


def disable_endpoint(*, endpoint: WebhookEndpoint, at: datetime, actor: Actor) -> WebhookEndpoint:
    """Send it nothing more. What happens meanwhile is not kept for it; what waits is, until it is enabled again.

    One that is off already stays as it is.
    """
    with db.transaction():
        present = locked(endpoint)
        if present.disabled_at is None:
            _write(present, {"disabled_at": clock.now(), "disabled_reason": DisabledReason.BY_HAND})
            record(
                EventType.WEBHOOK_ENDPOINT_DISABLED, present, at=at, actor=actor, reason=DisabledReason.BY_HAND.value
            )
    return present


def enable_endpoint(*, endpoint: WebhookEndpoint, at: datetime, actor: Actor) -> WebhookEndpoint:
    """Send to it again: what waited, and what happens from now on. One that is on already stays as it is."""
    with db.transaction():
        present = locked(endpoint)
        if present.disabled_at is not None:
            _write(present, {"disabled_at": None, "disabled_reason": "", **_AS_IF_NEW})
            record(EventType.WEBHOOK_ENDPOINT_ENABLED, present, at=at, actor=actor)
    return present


def delete_endpoint(*, endpoint: WebhookEndpoint, at: datetime, actor: Actor) -> None:
    """Forget the endpoint and its secrets. Nothing more is sent; its deliveries go with the next pruning."""
    with db.transaction():
        present = locked(endpoint)
        _write(
            present,
            {"deleted_at": clock.now(), "secret": "", "previous_secret": "", "previous_secret_until": None},
        )
        record(EventType.WEBHOOK_ENDPOINT_DELETED, present, at=at, actor=actor)


def rotate_secret(
    *, endpoint: WebhookEndpoint, overlap: timedelta = OVERLAP, at: datetime, actor: Actor
) -> tuple[WebhookEndpoint, str]:
    """Give the endpoint another secret; return both. For `overlap` (real time) the one before signs every message too.

    A secret from before that one signs no more. Raises EndpointInvalid unless the overlap is 0 to 7 days.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise EndpointInvalid("secrets overlap for 0 to 168 hours", pointer="/overlap_hours")
    secret = signatures.fresh_secret()
    with db.transaction():
        present = locked(endpoint)
        _write(
            present,
            {
                "secret": signatures.seal(secret, present),
                "previous_secret": present.secret if overlap else "",
                "previous_secret_until": clock.now() + overlap if overlap else None,
            },
        )
        record(EventType.WEBHOOK_ENDPOINT_SECRET_ROTATED, present, at=at, actor=actor)
    return present, secret


def send_test(*, endpoint: WebhookEndpoint, at: datetime, actor: Actor) -> Delivery:
    """Have the endpoint sent a message that tells of nothing, once, before all that waits. Raises EndpointDisabled."""
    with db.transaction():
        present = locked(endpoint)
        refuse_disabled(present)
        delivery = Delivery.objects.create(endpoint=present, sequence=0, type=messages.TEST, created_at=clock.now())
        # Who tries it out does not wait until it has rested.
        WebhookEndpoint.objects.filter(pk=present.pk).update(quiet_until=None)
        record(EventType.WEBHOOK_ENDPOINT_TESTED, present, at=at, actor=actor)
    return delivery


def refuse_disabled(endpoint: WebhookEndpoint) -> None:
    """Raise EndpointDisabled if it is off."""
    if endpoint.disabled_at is not None:
        raise EndpointDisabled("the endpoint is disabled and gets nothing: enable it first")


def locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Return the endpoint as it is now, locked until the transaction ends. Raises EndpointNotFound if it is gone."""
    rows = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint.pk, deleted_at=None)
    present = rows.first()
    if present is None:
        raise EndpointNotFound("there is no such webhook endpoint")
    present.organization = endpoint.organization
    return present


def _write(endpoint: WebhookEndpoint, columns: Mapping[str, Any]) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(version=F("version") + 1, **columns)
    endpoint.refresh_from_db(fields=["version", *columns])


def _told(given: Mapping[str, Any], organization: Organization) -> dict[str, Any]:
    told = dict(given)
    if "url" in given:
        told["url"] = _checked_url(given["url"], organization)
    if "description" in given:
        told["description"] = _line(given["description"])
    if "event_types" in given:
        told["event_types"] = filters.checked(given["event_types"])
    if "payload" in given:
        told["payload"] = Payload(given["payload"])
    return told


def _checked_url(given: str, organization: Organization) -> str:
    url = given.strip()
    if not 1 <= len(url) <= _LONGEST_URL:
        raise EndpointUrlRefused(said("an address has 1 to {longest} characters", longest=_LONGEST_URL), pointer="/url")
    try:
        outbound.check_url(url, allow_http=organization.is_test)
    except outbound.OutboundRefused as refusal:
        raise EndpointUrlRefused(refusal.detail, pointer="/url") from refusal
    return url


def _line(given: str) -> str:
    text = given.strip()
    if len(text) > _LONGEST_DESCRIPTION or any(unicodedata.category(each) in ("Cc", "Cs") for each in text):
        raise EndpointInvalid(
            said("a description is one line of at most {longest} characters", longest=_LONGEST_DESCRIPTION),
            pointer="/description",
        )
    return text
