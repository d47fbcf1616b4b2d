"""Rows that say who belongs to which company, since when and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tessera.core.phrases import said
from tessera.memberships import inheritance
from tessera.memberships import queries as memberships
from tessera.people.affiliations import Position
from tessera.people.errors import AlreadyAffiliated
from tessera.people.models import Company, Customer
from tessera.people.types import Via
from tessera.transfer import rows
from tessera.transfer.errors import RowUnknown
from tessera.transfer.naming import Names
from tessera.transfer.one_by_one import written
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import CREATED, UNCHANGED, UPDATED, Outcome, Policy, Result


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says: who, where, as what, from when until when."""

    customer: str
    company: str
    position: Position
    starts_at: datetime | None
    ends_at: datetime | None


def read(values: Mapping[str, str], task: Task) -> Told:
    """Return what a row says. Raises RowUnknown if it names nobody or no company; CellInvalid."""
    if "customer" not in values:
        raise RowUnknown("the row names no customer", pointer="/customer")
    if "company" not in values:
        raise RowUnknown("the row names no company", pointer="/company")
    position: Position = {}
    if "title" in values:
        position["title"] = values["title"]
    if (admin := rows.boolean(values, "company_admin")) is not None:
        position["company_admin"] = admin
    if (contact := rows.boolean(values, "primary_contact")) is not None:
        position["primary_contact"] = contact
    return Told(values["customer"], values["company"], position, *rows.interval(values, task))


def write(found: Sequence[tuple[int, Told]], task: Task, seen: Seen) -> list[Result]:
    """Let the customers of these rows belong to the companies, in order, inside the caller's transaction."""
    return written(found, task, seen, _write)


def _write(line: int, told: Told, task: Task, seen: Seen, names: Names) -> Result:
    customer, company = names.customer(told.customer), names.company(told.company)
    key = f"{customer.pk}:{company.pk}:{told.starts_at}:{told.ends_at}"
    if lines := seen.find([key]):
        return _known(task, said("line {line} of this file says so already", line=str(next(iter(lines))))) or UPDATED
    try:
        inheritance.join_company(
            customer=customer,
            company=company,
            at=task.at,
            actor=task.actor,
            via=Via.IMPORT,
            starts_at=told.starts_at,
            ends_at=told.ends_at,
            **told.position,
        )
    except AlreadyAffiliated as refusal:
        return _known(task, refusal.detail) or _update(customer, company, told, task)
    seen.remember([key], line)
    return CREATED


def _known(task: Task, why: str) -> Result | None:
    """What becomes of a row that is known; None if it is to be brought up to date."""
    if task.setup.policy is Policy.UPDATE:
        return None
    outcome = Outcome.SKIPPED if task.setup.policy is Policy.SKIP else Outcome.REFUSED
    return Result(outcome, "already_affiliated", "", why)


def _update(customer: Customer, company: Company, told: Told, task: Task) -> Result:
    """Bring up to date what they are to the company; since when and until when stays: that has its own verbs."""
    row = memberships.affiliation(customer=customer, company=company, at=task.at)
    if row is None:
        return Result(
            Outcome.REFUSED, "already_affiliated", "", said("they belong together at another time: only skip that")
        )
    before = (row.title, row.company_admin, row.primary_contact)
    after = inheritance.change_position(affiliation=row, at=task.at, actor=task.actor, **told.position)
    return UNCHANGED if before == (after.title, after.company_admin, after.primary_contact) else UPDATED
