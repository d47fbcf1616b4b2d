"""One thing done with many customers: each in a transaction of its own, once, whatever is stopped and begun again."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count

from tessera import db
from tessera.core import ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.core.phrases import kept, recalled
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.memberships import granting
from tessera.memberships.filters import CustomerFilter
from tessera.memberships.models import BulkItem, BulkRun
from tessera.memberships.narrowing import customers_of
from tessera.memberships.types import BulkAction, BulkState, Outcome
from tessera.organizations.models import Organization
from tessera.people import contacts
from tessera.people import services as people
from tessera.people.details import tag_key
from tessera.people.erasure import Person
from tessera.people.models import Customer
from tessera.people.types import Source
from tessera.plans import queries as catalogue

_BLOCK: Final = 200
_COLLECTED_AT_ONCE: Final = 5_000
_LONGEST_REASON: Final = 500


class BulkRunNotFound(NotFound):
    """No such run in the organization."""

    code = "bulk_run_not_found"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `total` is None while they are still being collected."""

    id: UUID
    action: BulkAction
    arguments: Mapping[str, Any]
    state: BulkState
    total: int | None
    done: int
    unchanged: int
    refused: int
    started_at: datetime
    finished_at: datetime | None

    @property
    def over(self) -> int:
        return self.done + self.unchanged + self.refused


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody with whom it could not be done, and why."""

    customer_id: UUID
    name: str
    number: str
    reason: str


def start(
    *,
    organization: Organization,
    action: BulkAction,
    arguments: Mapping[str, Any],
    customer_ids: Sequence[UUID] = (),
    which: CustomerFilter | None = None,
    at: datetime,
    actor: Actor,
) -> BulkRun:
    """Write down what is to be done with the customers that were chosen, or with all that `which` lets through.

    `arguments` of ASSIGN: `price`, its public id, and `starts_at` and `ends_at`, instants as text or null; of the
    others: `tag`. Customers of others and those merged away are passed over.
    """
    with db.transaction():
        run = BulkRun.objects.create(
            organization=organization,
            action=action,
            arguments=dict(arguments),
            which=which.address() if which is not None else None,
            state=BulkState.RUNNING if which is None else BulkState.COLLECTING,
            actor=str(actor),
            created_at=at,
        )
        many = None
        if which is None:
            rows = Customer.objects.filter(organization=organization, merged_into=None, pk__in=set(customer_ids))
            many = _add(run, list(rows.order_by("pk").values_list("pk", flat=True)))
        events.record(
            events.Happened(
                organization_id=organization.pk,
                type=EventType.BULK_RUN_STARTED,
                at=at,
                actor=actor,
                data={"run": ids.to_text(Prefix.BULK_RUN, run.pk), "action": action.value, "customers": many},
            )
        )
    return run


def carry_on(*, run_id: UUID, at: datetime, seconds: float) -> bool:
    """Work on the run for about so long; return whether there is more to do. What is done already is passed over."""
    run = BulkRun.objects.select_related("organization").get(pk=run_id)
    until = time.monotonic() + seconds
    while run.state == BulkState.COLLECTING:
        _collect(run, at)
        if time.monotonic() > until:
            return True
    while run.state == BulkState.RUNNING:
        waiting = run.items.filter(outcome=Outcome.WAITING).order_by("id")
        keys = list(waiting.values_list("pk", flat=True)[:_BLOCK])
        if not keys:
            run.state, run.finished_at = BulkState.DONE, at
            run.save(update_fields=["state", "finished_at"])
        for key in keys:
            _carry_out(run, key, at)
            if time.monotonic() > until:
                return True
    return False


def do_one(run: BulkRun, customer: Customer, *, at: datetime) -> Outcome:
    """Do what the run is about with one customer. Raises what the action refuses."""
    actor, told = Actor.parse(run.actor), run.arguments
    if run.action == BulkAction.ASSIGN:
        price = catalogue.price_by_id(run.organization, told["price"])
        granting.grant(
            organization=run.organization,
            plan=price.plan,
            holder=customer,
            price=price,
            at=at,
            actor=actor,
            source=Source.STAFF,
            starts_at=_instant(told.get("starts_at")),
            ends_at=_instant(told.get("ends_at")),
        )
        return Outcome.DONE
    customer = Customer.objects.select_for_update(no_key=True).select_related("organization").get(pk=customer.pk)
    tags, key = contacts.tags_of(customer), tag_key(told["tag"])
    others = [each for each in tags if tag_key(each) != key]
    if (run.action == BulkAction.TAG) == (len(others) < len(tags)):
        return Outcome.UNCHANGED
    after = [*tags, told["tag"]] if run.action == BulkAction.TAG else others
    people.update_customer(customer=customer, at=at, actor=actor, tags=after)
    return Outcome.DONE


def progress(*, organization: Organization, run_id: UUID) -> Progress:
    """Return how far a run of the organization is. Two queries. Raises BulkRunNotFound."""
    run = organization.bulk_runs.filter(pk=run_id).first()
    if run is None:
        raise BulkRunNotFound("there is no such run")
    counts = dict(run.items.order_by().values("outcome").annotate(many=Count("pk")).values_list("outcome", "many"))
    return Progress(
        id=run.pk,
        action=BulkAction(run.action),
        arguments=run.arguments,
        state=BulkState(run.state),
        total=None if run.state == BulkState.COLLECTING else sum(counts.values()),
        done=counts.get(Outcome.DONE, 0),
        unchanged=counts.get(Outcome.UNCHANGED, 0),
        refused=counts.get(Outcome.REFUSED, 0),
        started_at=run.created_at,
        finished_at=run.finished_at,
    )


def refusals(*, organization: Organization, run_id: UUID, after: int = 0, limit: int) -> list[tuple[int, Refused]]:
    """Return with whom it could not be done and why, in pages that begin behind a place. One query."""
    rows = BulkItem.objects.filter(
        run__organization=organization, run=run_id, outcome=Outcome.REFUSED, pk__gt=after
    ).select_related("customer")
    return [
        (row.pk, Refused(row.customer_id, row.customer.name, row.customer.number, recalled(row.reason)))
        for row in rows.order_by("id")[:limit]
    ]


def unfinished() -> list[BulkRun]:
    """Return the runs that are not over, for whoever looks whether one was left."""
    return list(BulkRun.objects.exclude(state=BulkState.DONE).order_by("created_at"))


def forget(person: Person) -> None:
    """Forget what means the person of runs that are over: by what those they were about were found, or a tag's name.

    Part of an erasure.
    """
    runs = BulkRun.objects.filter(organization=person.organization_id, state=BulkState.DONE)
    for run in runs.only("id", "which", "arguments"):
        tag = run.arguments.get("tag", "")
        if person.is_sought_by(" ".join([tag, *map(str, (run.which or {}).values())])):
            BulkRun.objects.filter(pk=run.pk).update(which=None, arguments={**run.arguments, "tag": ""})


def _collect(run: BulkRun, at: datetime) -> None:
    rows = customers_of(run.organization, CustomerFilter.parse(run.which or {}), at=at)
    if run.collected_to is not None:
        rows = rows.filter(pk__gt=run.collected_to)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:_COLLECTED_AT_ONCE])
    with db.transaction():
        _add(run, keys)
        if len(keys) < _COLLECTED_AT_ONCE:
            run.state = BulkState.RUNNING
        run.collected_to = keys[-1] if keys else run.collected_to
        run.save(update_fields=["state", "collected_to"])


def _add(run: BulkRun, keys: Sequence[UUID]) -> int:
    BulkItem.objects.bulk_create([BulkItem(run=run, customer_id=key) for key in keys], ignore_conflicts=True)
    return len(keys)


def _carry_out(run: BulkRun, item_id: int, at: datetime) -> None:
    """One customer: what is done and that it was done are kept together."""
    with db.transaction():
        item = BulkItem.objects.select_for_update(no_key=True, of=("self",)).select_related("customer").get(pk=item_id)
        if item.outcome != Outcome.WAITING:
            return
        try:
            with db.transaction():
                item.outcome = do_one(run, item.customer, at=at)
        except TesseraError as refusal:
            item.outcome, item.reason = Outcome.REFUSED, kept(refusal.detail, _LONGEST_REASON)
        item.save(update_fields=["outcome", "reason"])


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
