"""The words of webhooks: what is sent, what became of it, and why an endpoint is off."""

from enum import StrEnum
from typing import TypedDict


class Payload(StrEnum):
    """How much a message says of what an event is about."""

    THIN = "thin"  # which object it is, and its version
    FULL = "full"  # the object as the API shows it when the message is sent


class DeliveryStatus(StrEnum):
    """What became of a message to an endpoint."""

    WAITING = "waiting"  # for its turn in the sequence
    RETRYING = "retrying"  # was tried, and is tried again at its instant
    DELIVERED = "delivered"
    FAILED = "failed"  # was tried as often as it is


OPEN = (DeliveryStatus.WAITING, DeliveryStatus.RETRYING)


class DisabledReason(StrEnum):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "by_hand"
    FAILING = "failing"  # no success for days
    GONE = "gone"  # it answered 410


class EndpointDetails(TypedDict, total=False):
    """What can be said about an endpoint, and changed later."""

    url: str
    description: str
    event_types: list[str]
    payload: Payload
