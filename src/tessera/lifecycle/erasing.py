"""Erasing a person: from then on nothing is known of them, and what they held stays true (docs/privacy.md).

What refers to the customer is found by the records' own references and goes, a new kind of record too, unless its
package declared that it outlives people (`people.erasure`). What only speaks of them is forgotten by functions that
each package has for it, which `config/forgetting.py` lists.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from django.apps import apps
from django.db import transaction
from django.db.models import ForeignKey, Model

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import services as events
from tessera.events.services import text
from tessera.events.types import Actor, EventType
from tessera.identity import traces
from tessera.lifecycle.archive import refuse_running
from tessera.memberships import inheritance
from tessera.people import own_data, searching
from tessera.people.erasure import Forget, Person, empty, kept, person_of
from tessera.people.models import Affiliation, Customer
from tessera.people.present import refuse_gone
from tessera.people.queries import lying, merged_ids
from tessera.people.types import Belonging

_at_once: list[Forget] = []
_afterwards: list[Forget] = []


def set_forgetting(*, at_once: Sequence[Forget], afterwards: Sequence[Forget]) -> None:
    """Hand in what forgets whatever speaks of a person: in the transaction, and what is in files once it is kept."""
    _at_once[:], _afterwards[:] = at_once, afterwards


def erase_customer(*, customer: Customer, at: datetime, actor: Actor) -> Customer:
    """Forget a customer for good, with every record that was merged into theirs; return what is left of them.

    Their number, memberships with their terms, when they belonged to which company, what they agreed to and what
    happened stay, and name nobody. They leave the companies that they belong to, each with its event. A ban is
    forgotten, too: whoever comes back is somebody new. One who is erased already stays so.

    Raises MembershipsRunning while a membership of their own is not over; CustomerMerged.
    """
    with db.transaction():
        traces.forget(_known(customer))  # first: whoever signs in takes their code before their record
        present = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if present.merged_into_id is None and present.erased_at is not None:
            return present
        refuse_gone(present)
        refuse_running(present, at)
        person = _known(present)
        asked_at = own_data.asked_at(present)
        _leave_companies(present, at, actor)
        _forget_what_refers(person)
        for forget in _at_once:
            forget(person)
        empty(person, at)
        searching.customer_changed(*person.keys)
        events.record(
            events.Happened(
                organization_id=present.organization_id,
                type=EventType.CUSTOMER_ERASED,
                at=at,
                actor=actor,
                customer_id=present.pk,
                data={
                    "asked_at": text(asked_at),
                    "merged": [ids.to_text(Prefix.CUSTOMER, key) for key in person.keys[1:]],
                },
            )
        )
        for forget in _afterwards:
            transaction.on_commit(partial(forget, person), robust=True)
        present.refresh_from_db()
    return present


def _known(customer: Customer) -> Person:
    return person_of(customer, (customer.pk, *merged_ids(customer)))


def referring() -> Iterator[tuple[type[Model], str]]:
    """Yield every kind of record that refers to a customer, and by which field. Customers themselves are none."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if model is not Customer and isinstance(field, ForeignKey) and field.related_model is Customer:
                yield model, field.name


def _leave_companies(customer: Customer, at: datetime, actor: Actor) -> None:
    rows = Affiliation.objects.filter(~lying(Belonging.ENDED, at), customer=customer).select_related("company")
    # One after the other: what is planned is left only once what covers `at` has been.
    while (row := rows.order_by("company_id", "id").first()) is not None:
        inheritance.leave_company(customer=customer, company=row.company, at=at, actor=actor)


def _forget_what_refers(person: Person) -> None:
    outlive = kept()
    for model, name in referring():
        if model not in outlive:
            model._base_manager.filter(**{f"{name}__in": person.keys}).delete()
    for each in outlive.values():
        if each.only:
            each.of(person).exclude(each.only).delete()
        if each.blank:
            each.of(person).update(**each.blank)
