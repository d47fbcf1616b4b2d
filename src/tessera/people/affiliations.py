"""Who belongs to which company, row by row.

Joining and leaving are verbs of `memberships.inheritance`, which alone calls these and records what happened.
"""

from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q, QuerySet

from tessera import db
from tessera.core.phrases import said
from tessera.people import details
from tessera.people.errors import AffiliationEndsBeforeStart, AlreadyAffiliated
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import Via


class Position(TypedDict, total=False):
    """What a customer is to a company."""

    title: str
    company_admin: bool
    primary_contact: bool


def covering(at: datetime, *, of: str = "") -> Q:
    """The condition for rows with an interval `[starts_at, ends_at)`, a null end being open, to cover `at`.

    `of`: the way to these rows from others, such as `company__affiliations__`.
    """
    return Q(**{f"{of}starts_at__lte": at}) & (Q(**{f"{of}ends_at": None}) | Q(**{f"{of}ends_at__gt": at}))


def start(
    *,
    customer: Customer,
    company: Company,
    starts_at: datetime,
    ends_at: datetime | None = None,
    at: datetime,
    via: Via,
    **position: Unpack[Position],
) -> Affiliation:
    """Write that the customer belongs to the company over `[starts_at, ends_at)`, recorded at `at`.

    Whoever starts or is recorded later takes a seat later. Both are of the same organization.

    Raises AlreadyAffiliated if the two belong together at any of that time; AffiliationEndsBeforeStart;
    TextInvalid if the title is longer than 200 characters.
    """
    if ends_at is not None and ends_at <= starts_at:
        raise AffiliationEndsBeforeStart("the end must be later than the start", pointer="/ends_at")
    row = Affiliation(
        organization_id=customer.organization_id,
        customer=customer,
        company=company,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=at,
        queue_at=max(starts_at, at),
        via=via,
        **_clean(position),
    )
    try:
        with db.transaction():
            row.save(force_insert=True)
    except IntegrityError as reason:
        raise AlreadyAffiliated(
            said("{customer} belongs to {company} at that time already", customer=customer.name, company=company.name)
        ) from reason
    return row


def update(affiliation: Affiliation, **position: Unpack[Position]) -> tuple[str, ...]:
    """Write what the customer is to the company; return the names of what changed, in order of the alphabet.

    Raises TextInvalid if the title is longer than 200 characters.
    """
    changed = {name: value for name, value in _clean(position).items() if getattr(affiliation, name) != value}
    if changed:
        Affiliation.objects.filter(pk=affiliation.pk).update(**changed)
        affiliation.refresh_from_db()
    return tuple(sorted(changed))


def end(*, customer: Customer, company: Company, at: datetime) -> bool:
    """End the affiliation that covers `at`, exclusively at `at`; False if there is none.

    One conditional UPDATE: of two at once, one wins. The row is kept; one that starts at that very instant
    ends there too, and so covers nothing.
    """
    return _between(customer, company).filter(covering(at)).update(ends_at=at) > 0


def reopen(
    *, customer_id: UUID, company: Company, ended_at: datetime, ends_at: datetime | None, at: datetime
) -> Affiliation | None:
    """Move the end of the affiliation that ended at exactly `ended_at` back to `ends_at`, and return it.

    None if there is no such affiliation any more, if its end has passed by `at`, or if the two belong together in
    another one by now.
    """
    between = Affiliation.objects.filter(
        organization_id=company.organization_id, customer_id=customer_id, company=company
    )
    row = between.filter(ends_at=ended_at).order_by("-starts_at").first()
    if row is None or (ends_at is not None and ends_at <= at):
        return None
    try:
        with db.transaction():
            between.filter(pk=row.pk).update(ends_at=ends_at)
    except IntegrityError:
        return None
    row.refresh_from_db()
    return row


def withdraw(*, customer: Customer, company: Company, at: datetime) -> bool:
    """Take back what is planned to start after `at`; False if there is nothing. It never was: no row is kept."""
    removed, _ = _between(customer, company).filter(starts_at__gt=at).delete()
    return removed > 0


def _between(customer: Customer, company: Company) -> QuerySet[Affiliation]:
    return Affiliation.objects.filter(organization_id=customer.organization_id, customer=customer, company=company)


def _clean(position: Position) -> Position:
    if "title" in position:
        return {**position, "title": details.text(position["title"], pointer="/title")}
    return position
