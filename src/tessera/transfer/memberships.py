"""Rows that are memberships: granted by the same rules as by anybody, with the dates that the row gives."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tessera.core.phrases import said
from tessera.memberships.errors import AlreadyHeld
from tessera.memberships.granting import grant
from tessera.memberships.models import Membership
from tessera.people import details
from tessera.people.types import Source
from tessera.transfer import rows
from tessera.transfer.errors import CellInvalid, RowUnknown
from tessera.transfer.naming import Names
from tessera.transfer.one_by_one import written
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import CREATED, Outcome, Policy, Result


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says: who holds what, at which price, from when until when."""

    customer: str
    company: str
    plan: str
    price: str
    starts_at: datetime | None
    ends_at: datetime | None
    renews: bool | None
    seats: int | None
    reference: str


def read(values: Mapping[str, str], task: Task) -> Told:
    """Return what a row says. Raises RowUnknown if it names no holder, two, or no plan; CellInvalid, TextInvalid."""
    customer, company = values.get("customer", ""), values.get("company", "")
    if bool(customer) == bool(company):
        raise RowUnknown("the row names no holder" if not customer else "the row names a customer and a company")
    if "plan" not in values:
        raise RowUnknown("the row names no plan", pointer="/plan")
    seats = values.get("seats")
    if seats is not None and not re.fullmatch("[0-9]{1,6}", seats, re.ASCII):
        raise CellInvalid(said("{seats!r} is not a number of seats", seats=seats[:20]), pointer="/seats")
    return Told(
        customer,
        company,
        values["plan"],
        values.get("price", ""),
        *rows.interval(values, task),
        renews=rows.boolean(values, "renews"),
        seats=None if seats is None else int(seats),
        reference=details.text(values.get("external_reference", ""), pointer="/external_reference"),
    )


def write(found: Sequence[tuple[int, Told]], task: Task, seen: Seen) -> list[Result]:
    """Grant the memberships of these rows, in order, inside the caller's transaction."""
    return written(found, task, seen, _write)


def _write(line: int, told: Told, task: Task, seen: Seen, names: Names) -> Result:
    holder = names.customer(told.customer) if told.customer else names.company(told.company)
    plan = names.plan(told.plan)
    keys = [f"{holder.pk}:{plan.pk}", *([f"reference:{told.reference}"] if told.reference else [])]
    if lines := seen.find(keys):
        return _known(task, said("line {line} of this file is this membership already", line=str(min(lines))))
    if told.reference and _is_known(told.reference, task):
        return _known(
            task, said("there is a membership with the reference {reference!r} already", reference=told.reference)
        )
    try:
        grant(
            organization=task.organization,
            plan=plan,
            holder=holder,
            at=task.at,
            actor=task.actor,
            source=Source.IMPORT,
            price=names.price(told.price, plan) if told.price else None,
            starts_at=told.starts_at,
            ends_at=told.ends_at,
            trial=False,  # what they bring along is no first try of it
            renews=told.renews,
            seats=told.seats,
            external_reference=told.reference,
            welcome=task.setup.welcome,
        )
    except AlreadyHeld as refusal:
        return _known(task, refusal.detail)
    seen.remember(keys, line)
    return CREATED


def _is_known(reference: str, task: Task) -> bool:
    return Membership.objects.filter(organization=task.organization, external_reference=reference).exists()


def _known(task: Task, why: str) -> Result:
    """What runs is changed by its own verbs, never by an import: one that is known is skipped or refused."""
    refused = task.setup.policy is Policy.REFUSE
    return Result(Outcome.REFUSED if refused else Outcome.SKIPPED, "membership_already_held", "", why)
