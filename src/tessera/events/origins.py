"""Where the request came from that is being worked on, set at the edge and written beside the events it causes.

Only what staff and programs with a key do is written with an origin: a customer's address is nobody's business here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from tessera import db
from tessera.core.devices import device
from tessera.events.models import EventOrigin
from tessera.events.types import Actor
from tessera.http import networks


@dataclass(frozen=True, slots=True)
class Origin:
    """An address as the trusted edge knows it, None where there is none, and the kind of device behind it."""

    address: str | None
    device: str


_BLOCK: Final = 1_000
_OF_PEOPLE_AND_PROGRAMS: Final = ("staff", "key")
_present: ContextVar[tuple[str, str] | None] = ContextVar("origin", default=None)


@contextmanager
def coming_from(address: str, user_agent: str) -> Iterator[None]:
    """What is recorded inside, in this thread, came from there. Neither is looked at until something is recorded."""
    token = _present.set((address, user_agent))
    try:
        yield
    finally:
        _present.reset(token)


def present() -> Origin | None:
    """Return where the request came from that is being worked on; None outside one, as in a job."""
    told = _present.get()
    if told is None:
        return None
    address = networks.address(told[0])
    return Origin(str(address) if address else None, device(told[1]))


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django's middleware that lets every request be worked on with its origin known."""

    def answered(request: HttpRequest) -> HttpResponse:
        # REMOTE_ADDR is the true client's: http/client_address.py has settled it before Django saw the request.
        with coming_from(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", "")):
            return get_response(request)

    return answered


def put_beside(organization_id: UUID, events: Sequence[tuple[UUID, Actor]]) -> None:
    """Write the present origin beside these events. Part of the caller's transaction; one INSERT for each thousand."""
    origin = present()
    if origin is None:
        return
    rows = [
        EventOrigin(
            event_id=key,
            organization_id=organization_id,
            actor=str(actor),
            address=origin.address,
            device=origin.device,
        )
        for key, actor in events
        if actor.kind in _OF_PEOPLE_AND_PROGRAMS
    ]
    if rows:
        EventOrigin.objects.bulk_create(rows, batch_size=_BLOCK)


def origins_of(organization_id: UUID, event_ids: Sequence[UUID]) -> Mapping[UUID, Origin]:
    """Return, by the events' keys, where they came from, as far as that is known. One query."""
    rows = EventOrigin.objects.filter(organization=organization_id, event_id__in=event_ids)
    return {row.event_id: Origin(row.address, row.device) for row in rows}


def erase(organization_id: UUID, *, actor: Actor) -> int:
    """Forget where this actor's events came from; return how many there were. What happened stays."""
    with db.transaction():
        gone, _ = EventOrigin.objects.filter(organization=organization_id, actor=str(actor)).delete()
    return gone
