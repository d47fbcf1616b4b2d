"""Merging two records of one person. Nothing is lost: ids, numbers and references of the merged record keep working."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.identity import traces
from tessera.lifecycle import uniting
from tessera.lifecycle.errors import MergeUnsettled, SameCustomer
from tessera.memberships.granting import plans_occupied, unended
from tessera.memberships.models import Membership
from tessera.people import searching
from tessera.people.errors import CustomerArchived
from tessera.people.models import Customer, Note
from tessera.people.names import name_key
from tessera.people.present import refuse_gone
from tessera.people.types import CustomerStatus

TAKEN: Final = (
    *("first_name", "last_name", "display_name", "birthday", "locale"),
    *("external_id", "marketing_consent", "emails", "phones"),
)
_FILLED = ("birthday", "locale")
_NAMES = ("first_name", "last_name", "display_name")


def merge_customer(
    *, customer: Customer, into: Customer, at: datetime, actor: Actor, take: Collection[str] = ()
) -> Customer:
    """Make `customer` part of `into`, who survives; return `into`. Both are of one organization.

    Memberships move, expired ones too, and the timeline is one. Addresses, phones and tags are united, those of
    `into` first. Affiliations to one company that overlap or touch become one, over both, with the earlier place in the
    queue for seats. What `into` lacks (names, birthday, language) is filled in; consent to marketing is not. Of two
    photos the sharper one stays.

    `take` names what is to be as `customer` has it, if they have it (`TAKEN`): of `emails` and `phones` that is the
    first one. An external id that is taken is exchanged, so that both go on meaning this person. Notes move.
    Whoever signed in as `customer` signs in as `into` from now on; sessions of `customer` end.

    Raises SameCustomer; CustomerMerged if one was merged meanwhile; CustomerErased; CustomerArchived if `into` is
    archived; MergeUnsettled if both have an unended membership of one plan, or exactly one of the two is banned.
    """
    if customer.pk == into.pk:
        raise SameCustomer("both are one and the same customer")
    with db.transaction():
        customer, into = _locked(customer, into)
        _refuse_unsettled(customer, into, at)
        memberships = _move_memberships(customer, into)
        united = uniting.unite_affiliations(customer, into)
        traces.unite(customer, into)
        first_email, first_phone = uniting.first_contacts(customer)
        uniting.unite_emails(customer, into)
        uniting.unite_phones(customer, into)
        uniting.unite_tags(customer, into)
        Note.objects.filter(customer=customer).update(customer=into)
        fields = _fill(customer, into, take)
        if "emails" in take and uniting.put_email_first(into, first_email):
            fields.append("emails")
        if "phones" in take and uniting.put_phone_first(into, first_phone):
            fields.append("phones")
        if uniting.unite_photos(customer, into):
            fields.append("photo")
        # Whoever was merged into the customer before is now part of `into` too: one step, however often people merge.
        Customer.objects.filter(merged_into=customer).update(merged_into=into)
        # Put away, so that whoever waits with something new for the record is refused.
        away = CustomerStatus.BANNED if customer.status == CustomerStatus.BANNED else CustomerStatus.ARCHIVED
        Customer.objects.filter(pk=customer.pk).update(merged_into=into, status=away, version=F("version") + 1)
        searching.customer_changed(customer.pk, into.pk)
        events.record(
            events.Happened(
                organization_id=into.organization_id,
                type=EventType.CUSTOMER_MERGED,
                at=at,
                actor=actor,
                customer_id=into.pk,
                data={
                    "merged": ids.to_text(Prefix.CUSTOMER, customer.pk),
                    "into": ids.to_text(Prefix.CUSTOMER, into.pk),
                    "memberships": [ids.to_text(Prefix.MEMBERSHIP, key) for key in memberships],
                    "united_affiliations": [ids.to_text(Prefix.AFFILIATION, key) for key in united],
                    "fields": fields,
                },
            )
        )
        into.refresh_from_db()
    return into


def _locked(customer: Customer, into: Customer) -> tuple[Customer, Customer]:
    """Return both as they are now, locked in the order of their ids, so that two merges never wait for each other."""
    keys = [customer.pk, into.pk]
    locked = {row.pk: row for row in Customer.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")}
    for row in locked.values():
        refuse_gone(row)
    return locked[customer.pk], locked[into.pk]


def _refuse_unsettled(customer: Customer, into: Customer, at: datetime) -> None:
    both = [ids.to_text(Prefix.CUSTOMER, row.pk) for row in (customer, into)]
    if into.status == CustomerStatus.ARCHIVED:
        raise CustomerArchived(said("{name} is archived; restore them first", name=into.name))
    banned = [row for row in (customer, into) if row.status == CustomerStatus.BANNED]
    if len(banned) == 1:
        raise MergeUnsettled(
            said("{name} is banned and the other is not: lift the ban, or ban both, first", name=banned[0].name),
            customers=both,
        )
    held = {
        plan_id: membership
        for membership, terms in unended(into, at)
        for plan_id in plans_occupied(membership, terms, at)
    }
    twice = {
        (membership.pk, held[plan_id].pk)
        for membership, terms in unended(customer, at)
        for plan_id in plans_occupied(membership, terms, at)
        if plan_id in held
    }
    if twice:
        raise MergeUnsettled(
            "both have a running membership of the same plan: end one of them first",
            customers=both,
            memberships=[[ids.to_text(Prefix.MEMBERSHIP, key) for key in pair] for pair in sorted(twice)],
        )


def _move_memberships(customer: Customer, into: Customer) -> list[UUID]:
    keys = list(
        Membership.objects.select_for_update(no_key=True)
        .filter(customer=customer)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    Membership.objects.filter(pk__in=keys).update(customer=into, version=F("version") + 1)
    return keys


def _fill(customer: Customer, into: Customer, take: Collection[str]) -> list[str]:
    """Give `into` what is taken, and what it lacks, as far as the customer has it; return the names of the fields."""
    names = () if any(getattr(into, name) for name in _NAMES) else _NAMES
    wanted = [name for name in (*names, *_FILLED) if not getattr(into, name)]
    wanted += [name for name in (*_NAMES, *_FILLED) if name in take and name not in wanted]
    filled = {name: value for name in wanted if (value := getattr(customer, name)) and value != getattr(into, name)}
    if "marketing_consent" in take and customer.marketing_consent != into.marketing_consent:
        filled["marketing_consent"] = customer.marketing_consent
    for name, value in filled.items():
        setattr(into, name, value)
    key = name_key(into.name, into.first_name, into.last_name)
    Customer.objects.filter(pk=into.pk).update(**filled, name_key=key, version=F("version") + 1)
    if "external_id" in take and customer.external_id is not None:
        _exchange_external_ids(customer, into)
        return [*sorted(filled), "external_id"]
    return sorted(filled)


def _exchange_external_ids(customer: Customer, into: Customer) -> None:
    """Let each have the other's: the merged record goes on being found by it, and leads to the survivor."""
    given, kept = customer.external_id, into.external_id
    Customer.objects.filter(pk=customer.pk).update(external_id=None)
    Customer.objects.filter(pk=into.pk).update(external_id=given)
    Customer.objects.filter(pk=customer.pk).update(external_id=kept)
