"""How webhook endpoints and deliveries look in the API."""

from typing import Annotated, Any, Literal, cast

from pydantic import Field

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http.schemas import In, Instant, Out, PageFilters
from tessera.webhooks.queries import AttemptFacts, DeliveryFacts, EndpointFacts
from tessera.webhooks.types import DeliveryStatus, DisabledReason, EndpointDetails, Payload

Url = Annotated[str, Field(min_length=1, max_length=2_000, examples=["https://club.example/webhooks"])]
Description = Annotated[str, Field(max_length=500)]
EventTypes = Annotated[
    list[Annotated[str, Field(max_length=64, examples=["membership.*"])]],
    Field(max_length=100, description="Event types, and patterns such as `membership.*`. Empty: every event."),
]
Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The version you know; refused with 409 if there is a later one.")
]
Sequence = Annotated[int, Field(ge=1, le=2**63 - 1)]


class EndpointFields(In):
    description: Description = ""
    event_types: EventTypes = []
    payload: Annotated[Payload, Field(description="`thin` names the object; `full` shows it.")] = Payload.THIN

    def details(self) -> EndpointDetails:
        """Return what was sent, and only that."""
        told = self.model_dump(exclude_unset=True, include=set(EndpointDetails.__annotations__))
        return cast("EndpointDetails", told)


class EndpointIn(EndpointFields):
    """A new webhook endpoint."""

    url: Url


class EndpointChange(EndpointFields):
    """What is to change; what is left out stays as it is."""

    url: Url = ""
    version: Version | None = None


class RotateIn(In):
    """How long the secret of before signs too, beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class ReplayIn(In):
    """Which events to send again: from a number on, or from an instant on; up to a number, or to the present."""

    from_sequence: Annotated[Sequence | None, Field(description="The number of the first event.")] = None
    to_sequence: Annotated[Sequence | None, Field(description="The number of the last event.")] = None
    since: Annotated[Instant | None, Field(description="In place of a number: recorded then or later.")] = None
    undelivered_only: Annotated[bool, Field(description="Leave out what has arrived.")] = False


class EndpointOut(Out):
    """An address that is told what happens. Instants are real time, in test organizations too."""

    id: Annotated[str, Field(examples=["whe_01jh2xcejqtf2nbrexx3vqjhp4"])]
    version: int
    url: str
    description: str
    event_types: list[str]
    payload: Payload
    status: Literal["enabled", "disabled"]
    disabled_at: Instant | None
    disabled_reason: DisabledReason | None
    last_success_at: Instant | None
    failing_since: Annotated[Instant | None, Field(description="Since when no attempt has succeeded.")]
    previous_secret_until: Annotated[Instant | None, Field(description="Until when the secret of before signs too.")]
    created_at: Instant

    @classmethod
    def of(cls, facts: EndpointFacts) -> "EndpointOut":
        """Return the endpoint as it is sent."""
        return cls(**_endpoint(facts))


class EndpointWithSecretOut(EndpointOut):
    """An endpoint and the secret that signs its messages. It is shown here and never again."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]

    @classmethod
    def revealing(cls, facts: EndpointFacts, secret: str) -> "EndpointWithSecretOut":
        """Return the endpoint as it is sent, with its secret."""
        return cls(**_endpoint(facts), secret=secret)


def _endpoint(facts: EndpointFacts) -> dict[str, Any]:
    return {
        "id": ids.to_text(Prefix.WEBHOOK_ENDPOINT, facts.id),
        "version": facts.version,
        "url": facts.url,
        "description": facts.description,
        "event_types": list(facts.event_types),
        "payload": facts.payload,
        "status": "enabled" if facts.disabled_at is None else "disabled",
        "disabled_at": facts.disabled_at,
        "disabled_reason": facts.disabled_reason,
        "last_success_at": facts.last_success_at,
        "failing_since": facts.failing_since,
        "previous_secret_until": facts.previous_secret_until,
        "created_at": facts.created_at,
    }


class DeliveryOut(Out):
    """A message to an endpoint and what became of it. `event_id` and `sequence` are null of a test."""

    id: Annotated[str, Field(examples=["dlv_01jh2xcejqtf2nbrexx3vqjhp4"])]
    endpoint_id: str
    event_id: str | None
    sequence: int | None
    type: Annotated[str, Field(examples=["membership.granted"])]
    status: DeliveryStatus
    round: Annotated[int, Field(description="1, and one more with each replay.")]
    attempt_count: Annotated[int, Field(description="Attempts of this round.")]
    next_at: Annotated[Instant | None, Field(description="When it is tried again, while it is retried.")]
    last_status_code: int | None
    last_error: Annotated[str, Field(description="Why the last attempt failed, in words; empty if none did.")]
    finished_at: Annotated[Instant | None, Field(description="When it was delivered, or given up.")]
    created_at: Instant

    @classmethod
    def of(cls, facts: DeliveryFacts) -> "DeliveryOut":
        """Return the delivery as it is sent."""
        return cls(**_delivery(facts))


class AttemptOut(Out):
    """One request and what came back. `failure` is null if it succeeded; `response_body` is its first 2 kB."""

    round: int
    number: int
    at: Instant
    milliseconds: int
    status_code: int | None
    failure: Annotated[str | None, Field(description="A stable word: `status`, `redirect`, `gone`, `refused`, …")]
    detail: str
    response_body: str

    @classmethod
    def of(cls, facts: AttemptFacts) -> "AttemptOut":
        """Return the attempt as it is sent."""
        return cls(
            round=facts.round,
            number=facts.number,
            at=facts.at,
            milliseconds=facts.milliseconds,
            status_code=facts.status_code,
            failure=facts.failure or None,
            detail=facts.detail,
            response_body=facts.response_body,
        )


class DeliveryWithAttemptsOut(DeliveryOut):
    """A delivery with its attempts, newest first: the latest hundred."""

    attempts: list[AttemptOut]

    @classmethod
    def told(cls, facts: DeliveryFacts, attempts: tuple[AttemptFacts, ...]) -> "DeliveryWithAttemptsOut":
        """Return the delivery as it is sent, with its attempts."""
        return cls(**_delivery(facts), attempts=[AttemptOut.of(each) for each in attempts])


def _delivery(facts: DeliveryFacts) -> dict[str, Any]:
    return {
        "id": ids.to_text(Prefix.DELIVERY, facts.id),
        "endpoint_id": ids.to_text(Prefix.WEBHOOK_ENDPOINT, facts.endpoint_id),
        "event_id": ids.to_text(Prefix.EVENT, facts.event_id) if facts.event_id else None,
        "sequence": facts.sequence,
        "type": facts.type,
        "status": facts.status,
        "round": facts.round,
        "attempt_count": facts.attempts,
        "next_at": facts.next_at,
        "last_status_code": facts.last_status_code,
        "last_error": facts.last_error,
        "finished_at": facts.finished_at,
        "created_at": facts.created_at,
    }


class ReplayOut(Out):
    """How many messages wait again. `more`: ask again with `from_sequence` one above `last_sequence`."""

    deliveries: int
    last_sequence: int | None
    more: bool


class DeliveryFilters(PageFilters):
    """Which deliveries."""

    status: DeliveryStatus | None = None
