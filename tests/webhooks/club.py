"""A club whose events are told to other systems: what happens in it, and the jobs that follow, run by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tessera import db
from tessera.core import clock
from tessera.events import queries
from tessera.events import services as events
from tessera.events.models import Event
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tessera.webhooks import attempting, fan_out, replaying, sending, services
from tessera.webhooks.attempting import Outcome
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.types import EndpointDetails
from tests import make

ACTOR = Actor.system("tests")
_BLOCK = 1_000


@dataclass
class Club:
    """An organization, and how far its events have been reacted to."""

    organization: Organization
    seen: int = 0
    secrets: dict[Any, str] = field(default_factory=dict)

    def endpoint(self, url: str, **details: Any) -> WebhookEndpoint:
        """An endpoint that is on; what its making caused is over and done with."""
        told: EndpointDetails = {"url": url, **details}  # type: ignore[typeddict-item]
        row, secret = services.create_endpoint(organization=self.organization, at=make.JAN_10, actor=ACTOR, **told)
        self.secrets[row.pk] = secret
        self.seen = self.last_sequence
        return row

    @property
    def last_sequence(self) -> int:
        last = Event.objects.filter(organization=self.organization).order_by("-sequence").first()
        return last.sequence if last else 0

    def happens(self, many: int = 1, *, what: EventType = EventType.CUSTOMER_UPDATED, **about: Any) -> list[int]:
        """Record something `many` times, in one transaction; return the numbers of the events."""
        before = self.last_sequence
        with db.transaction():
            events.record(
                *[
                    events.Happened(
                        organization_id=self.organization.pk, type=what, at=make.JAN_10, actor=ACTOR, **about
                    )
                    for _ in range(many)
                ]
            )
        return list(range(before + 1, before + many + 1))

    def react(self) -> None:
        """What the reactions' job does: hand in what has happened since, block by block, each exactly once."""
        while lines := queries.feed(self.organization, after=self.seen, limit=_BLOCK).lines:
            with db.transaction():
                fan_out.deliver(self.organization, lines)
            self.seen = lines[-1].sequence

    def send(self, endpoint: WebhookEndpoint, *, seconds: float = 30.0) -> datetime | None:
        """What the sender's job does: once, for the endpoint; return when it is to run again."""
        return sending.send_due(endpoint.pk, now=clock.now, seconds=seconds)

    def tell(self, endpoint: WebhookEndpoint) -> datetime | None:
        """React, then send until nothing is due; return when something will be."""
        self.react()
        for _ in range(1_000):
            next_at = self.send(endpoint)
            if next_at is None or next_at > clock.now():
                return next_at
        raise AssertionError("it never comes to an end")

    def test(self, endpoint: WebhookEndpoint) -> Delivery:
        return services.send_test(endpoint=endpoint, at=make.JAN_10, actor=ACTOR)

    def replay(self, endpoint: WebhookEndpoint, **said: Any) -> replaying.Replayed:
        return replaying.replay(endpoint=endpoint, at=make.JAN_10, actor=ACTOR, **said)


@contextmanager
def meanwhile(number: int, do: Callable[[], object]) -> Iterator[None]:
    """Do something when the attempt of this number has been answered and is not written down yet."""
    really, made = attempting.attempt, []

    def attempt(*message: Any, **how: Any) -> Outcome:
        outcome = really(*message, **how)
        made.append(outcome)
        if len(made) == number:
            do()
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "attempt", attempt)
        yield


def statuses(endpoint: WebhookEndpoint) -> list[str]:
    """What became of the endpoint's deliveries, in the order of their events."""
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("sequence", "id")
    return list(rows.values_list("status", flat=True))


def only(endpoint: WebhookEndpoint) -> Delivery:
    """The only delivery there is."""
    return Delivery.objects.get(endpoint=endpoint)


def attempts(endpoint: WebhookEndpoint) -> list[tuple[int, int, int | None, str]]:
    """Every attempt: its round, its number, the status that was answered, why it failed."""
    rows = DeliveryAttempt.objects.filter(delivery__endpoint=endpoint).order_by("pk")
    return list(rows.values_list("round", "number", "status_code", "failure"))


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint as the database has it."""
    return WebhookEndpoint.objects.select_related("organization").get(pk=endpoint.pk)


def told(organization: Organization) -> list[str]:
    """The types of all that happened, in order."""
    rows = Event.objects.filter(organization=organization).order_by("sequence")
    return list(rows.values_list("type", flat=True))
