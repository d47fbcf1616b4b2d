"""`GET /api/v1/events`: what happened, in order, without gaps. Who may call is handed in where this is mounted."""

from typing import Annotated, Any, Protocol
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from tessera.core import ids
from tessera.events import queries
from tessera.events.errors import EventFilterInvalid, FeedEpochStale
from tessera.events.types import EventType
from tessera.http.problems import documents
from tessera.http.schemas import Filters, Instant, Limit, Out


class _Caller(Protocol):
    @property
    def organization(self) -> Any: ...


class CallersRequest(HttpRequest):
    """A request whose caller belongs to an organization."""

    auth: _Caller


class EventOut(Out):
    """One line of what happened. `at` is the organization's time; `recorded_at` differs only in test organizations."""

    id: str
    sequence: int
    type: EventType
    at: Instant
    recorded_at: Instant
    actor: Annotated[str, Field(examples=["staff:stf_01jh2xcejqtf2nbrexx3vqjhp4"])]
    customer_id: str | None
    company_id: str | None
    membership_id: str | None
    plan_id: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, line: queries.EventLine) -> "EventOut":
        """Return the line as it is sent."""
        return cls(
            id=ids.to_text(ids.Prefix.EVENT, line.id),
            sequence=line.sequence,
            type=line.type,
            at=line.at,
            recorded_at=line.recorded_at,
            actor=line.actor,
            customer_id=_text(ids.Prefix.CUSTOMER, line.customer_id),
            company_id=_text(ids.Prefix.COMPANY, line.company_id),
            membership_id=_text(ids.Prefix.MEMBERSHIP, line.membership_id),
            plan_id=_text(ids.Prefix.PLAN, line.plan_id),
            data=dict(line.data),
        )


class EventsOut(Out):
    """Lines in order. Send `next_after` as `after`, with `epoch`, to go on; `more`: there are further ones already."""

    data: list[EventOut]
    epoch: Annotated[str, Field(description="What the numbers are of.", examples=["fep_01jh2xcejqtf2nbrexx3vqjhp4"])]
    next_after: int
    more: bool


class EventFilters(Filters):
    """Which lines."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="The number of the last line already seen.")] = 0
    epoch: Annotated[
        str | None,
        Field(
            description="The epoch that `after` is a number of; refused if the feed has been restored since.",
            examples=["fep_01jh2xcejqtf2nbrexx3vqjhp4"],
        ),
    ] = None
    limit: Limit = 50
    type: Annotated[list[EventType], Field(max_length=20, description="One or more types.")] = []
    customer: Annotated[str | None, Field(examples=["cus_01jh2xcejqtf2nbrexx3vqjhp4"])] = None
    company: str | None = None
    membership: str | None = None


router = Router(tags=["events"])


@router.get(
    "/events", response=documents(200, EventsOut, EventFilterInvalid, FeedEpochStale), operation_id="list_events"
)
def list_events(request: CallersRequest, filters: Query[EventFilters]) -> EventsOut:
    """What happened in the organization, oldest first, in a sequence without gaps.

    Keep `next_after` and `epoch` and ask again with both: nothing is missed and nothing comes twice. After a restore
    the epoch is another one, and numbers above `agree_until` are given again, to other events.
    """
    # Asked first: should a restore come between, an old epoch with new lines is refused the next time.
    epoch = queries.present_epoch(request.auth.organization.pk)
    known = _key(ids.Prefix.FEED_EPOCH, filters.epoch, "epoch")
    if known is not None:
        queries.refuse_stale_epoch(request.auth.organization.pk, epoch=known, present=epoch)
    feed = queries.feed(
        request.auth.organization,
        after=filters.after,
        limit=filters.limit,
        types=filters.type,
        customer_id=_key(ids.Prefix.CUSTOMER, filters.customer, "customer"),
        company_id=_key(ids.Prefix.COMPANY, filters.company, "company"),
        membership_id=_key(ids.Prefix.MEMBERSHIP, filters.membership, "membership"),
    )
    return EventsOut(
        data=[EventOut.of(line) for line in feed.lines],
        epoch=ids.to_text(ids.Prefix.FEED_EPOCH, epoch),
        next_after=feed.next_after,
        more=feed.more,
    )


def _text(prefix: ids.Prefix, key: UUID | None) -> str | None:
    return None if key is None else ids.to_text(prefix, key)


def _key(prefix: ids.Prefix, text: str | None, name: str) -> UUID | None:
    if text is None:
        return None
    key = ids.from_text(prefix, text)
    if key is None:
        raise EventFilterInvalid(f"{name} should be an id such as {prefix}_…", pointer=f"/{name}")
    return key
