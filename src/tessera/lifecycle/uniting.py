"""The parts of two customers that become one list: affiliations, e-mail addresses, phone numbers, tags."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import F, QuerySet

from tessera.files.models import Picture
from tessera.files.services import give_up
from tessera.files.types import SIZES
from tessera.people.models import Affiliation, Customer, CustomerEmail, CustomerPhone, CustomerTag

_OUT_OF_THE_WAY: Final = 10_000


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


def unite_tags(customer: Customer, into: Customer) -> None:
    """Move the customer's tags to `into`; one that both have stays once."""
    own = CustomerTag.objects.filter(customer=into).values_list("key", flat=True)
    CustomerTag.objects.filter(customer=customer, key__in=list(own)).delete()
    CustomerTag.objects.filter(customer=customer).update(customer=into)


def first_contacts(customer: Customer) -> tuple[str | None, str | None]:
    """Return what the customer's first address is compared by, and their first phone number; None if there is none."""
    emails = CustomerEmail.objects.filter(customer=customer).order_by("position").values_list("key", flat=True)
    phones = CustomerPhone.objects.filter(customer=customer).order_by("position").values_list("number", flat=True)
    return emails.first(), phones.first()


def put_email_first(customer: Customer, key: str | None) -> bool:
    """Make an address of the customer's the one that is written to; False if it is that already, or not theirs."""
    rows = CustomerEmail.objects.filter(customer=customer)
    return _put_first(rows, rows.filter(key=key).values_list("position", flat=True).first())


def put_phone_first(customer: Customer, number: str | None) -> bool:
    """Make a number of the customer's their first; False if it is that already, or not theirs."""
    rows = CustomerPhone.objects.filter(customer=customer)
    return _put_first(rows, rows.filter(number=number).values_list("position", flat=True).first())


def _put_first(rows: QuerySet[CustomerEmail] | QuerySet[CustomerPhone], position: int | None) -> bool:
    if not position:
        return False
    # Two positions are never the same, not even in between: all move out of the way first.
    rows.update(position=F("position") + _OUT_OF_THE_WAY)
    rows.filter(position=position + _OUT_OF_THE_WAY).update(position=0)
    rows.filter(position__gt=_OUT_OF_THE_WAY + position).update(position=F("position") - _OUT_OF_THE_WAY)
    for before in reversed(range(position)):
        rows.filter(position=before + _OUT_OF_THE_WAY).update(position=before + 1)
    return True


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
