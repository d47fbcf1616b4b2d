"""The parts of two customers that become one list: affiliations, e-mail addresses, phone numbers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from tessera.files.models import Picture
from tessera.files.services import give_up
from tessera.files.types import SIZES
from tessera.people.models import Affiliation, Customer, CustomerEmail, CustomerPhone


def unite_affiliations(customer: Customer, into: Customer) -> list[UUID]:
    """Move the customer's affiliations to `into`; return the ids of those that went into another one.

    Those to one company that overlap or touch become the one that is first in the queue for seats, over the time of
    all. What `into` is there (title, roles) wins over what the customer was.
    """
    rows = Affiliation.objects.filter(customer__in=[customer, into]).order_by("company_id", "starts_at", "id")
    gone: list[UUID] = []
    for _, of_company in groupby(rows, key=lambda row: row.company_id):
        for together in _clusters(list(of_company)):
            gone += _united(together, into)
    return gone


def unite_emails(customer: Customer, into: Customer) -> None:
    """Move the customer's addresses behind those of `into`. One that both have stays once, verified if either was."""
    own = {row.key: row for row in CustomerEmail.objects.filter(customer=into).order_by("position")}
    position = _next_position(own.values())
    for row in CustomerEmail.objects.filter(customer=customer).order_by("position"):
        twin = own.get(row.key)
        if twin is None:
            CustomerEmail.objects.filter(pk=row.pk).update(customer=into, position=position)
            position += 1
            continue
        row.delete()
        if row.verified_at is not None and twin.verified_at is None:
            CustomerEmail.objects.filter(pk=twin.pk).update(verified_at=row.verified_at)


def unite_phones(customer: Customer, into: Customer) -> None:
    """Move the customer's phone numbers behind those of `into`; one that both have stays once."""
    own = {row.number: row for row in CustomerPhone.objects.filter(customer=into).order_by("position")}
    position = _next_position(own.values())
    for row in CustomerPhone.objects.filter(customer=customer).order_by("position"):
        if row.number in own:
            row.delete()
        else:
            CustomerPhone.objects.filter(pk=row.pk).update(customer=into, position=position)
            position += 1


def unite_photos(customer: Customer, into: Customer) -> bool:
    """Leave `into` with the better photo of the two, and the customer with none; return whether it was the customer's.

    Better is the one with more to show, up to what is kept; as good as the other, that of `into` stays.
    """
    theirs, own = customer.photo, into.photo
    if theirs is None:
        return False
    better = own is None or _sharpness(theirs) > _sharpness(own)
    Customer.objects.filter(pk=customer.pk).update(photo=None)
    if better:
        Customer.objects.filter(pk=into.pk).update(photo=theirs)
        into.photo = theirs
    given_up = own if better else theirs
    give_up(given_up.pk if given_up is not None else None)
    return better


def _sharpness(photo: Picture) -> int:
    return min(photo.width, photo.height, SIZES[-1])


def _next_position(rows: Iterable[CustomerEmail | CustomerPhone]) -> int:
    return max((row.position for row in rows), default=-1) + 1


def _clusters(rows: Sequence[Affiliation]) -> list[list[Affiliation]]:
    """Rows in order of their starts, put together where their intervals overlap or touch; empty ones stay alone."""
    clusters: list[list[Affiliation]] = []
    end: datetime | None = None
    for row in rows:
        if row.ends_at == row.starts_at:
            continue
        if clusters and (end is None or row.starts_at <= end):
            clusters[-1].append(row)
            end = None if end is None or row.ends_at is None else max(end, row.ends_at)
        else:
            clusters.append([row])
            end = row.ends_at
    return clusters + [[row] for row in rows if row.ends_at == row.starts_at]


def _united(together: Sequence[Affiliation], into: Customer) -> list[UUID]:
    """Write a cluster as one row of `into`; return the ids of the rows that are gone."""
    if len({row.customer_id for row in together}) == 1:  # one person's own history stays as it is
        Affiliation.objects.filter(pk__in=[row.pk for row in together]).update(customer=into)
        return []
    first = min(together, key=lambda row: (row.queue_at, row.id))
    others = [row for row in together if row is not first]
    # Theirs first, and the latest first: what the person is now.
    voices = sorted(together, key=lambda row: (row.customer_id == into.pk, row.starts_at), reverse=True)
    ends = [row.ends_at for row in together]
    starts_at = min(row.starts_at for row in together)
    # The place in the queue is always the later of start and recording: an earlier start does not improve it.
    recorded_at = first.recorded_at if max(starts_at, first.recorded_at) == first.queue_at else first.queue_at
    Affiliation.objects.filter(pk__in=[row.pk for row in others]).delete()
    Affiliation.objects.filter(pk=first.pk).update(
        customer=into,
        starts_at=starts_at,
        recorded_at=recorded_at,
        ends_at=None if None in ends else max(end for end in ends if end is not None),
        title=next((row.title for row in voices if row.title), ""),
        company_admin=any(row.company_admin for row in together),
        primary_contact=any(row.primary_contact for row in together),
    )
    return [row.pk for row in others]
