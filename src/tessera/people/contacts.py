"""A customer's e-mail addresses, phone numbers and tags as rows: read, and replaced as whole lists."""

from collections.abc import Sequence
from datetime import datetime

from tessera.core import ids
from tessera.people.details import email_key, tag_key
from tessera.people.errors import EmailTaken
from tessera.people.models import Company, CompanyTag, Customer, CustomerEmail, CustomerPhone, CustomerTag
from tessera.people.types import Email


def emails_of(customer: Customer) -> list[Email]:
    """Return the customer's addresses in order; the first is the one that is written to."""
    rows = CustomerEmail.objects.filter(customer=customer).order_by("position")
    return [Email(row.address, row.verified_at is not None) for row in rows]


def phones_of(customer: Customer) -> list[str]:
    """Return the customer's phone numbers in order, in E.164."""
    return list(CustomerPhone.objects.filter(customer=customer).order_by("position").values_list("number", flat=True))


def tags_of(customer: Customer) -> list[str]:
    """Return the customer's tags in order of the alphabet."""
    return list(CustomerTag.objects.filter(customer=customer).order_by("key").values_list("tag", flat=True))


def write_tags(holder: Customer | Company, tags: Sequence[str]) -> None:
    """Replace the tags that a customer or company is found by."""
    whose = holder.organization_id
    if isinstance(holder, Customer):
        CustomerTag.objects.filter(customer=holder).delete()
        CustomerTag.objects.bulk_create(
            CustomerTag(organization_id=whose, customer=holder, tag=each, key=tag_key(each)) for each in tags
        )
        return
    CompanyTag.objects.filter(company=holder).delete()
    CompanyTag.objects.bulk_create(
        CompanyTag(organization_id=whose, company=holder, tag=each, key=tag_key(each)) for each in tags
    )


def write_emails(customer: Customer, emails: Sequence[Email], *, at: datetime) -> None:
    """Replace the addresses. One that stays verified keeps its instant; one newly verified is so from `at`.

    Raises IntegrityError if another customer of the organization has verified one of them.
    """
    known = CustomerEmail.objects.filter(customer=customer)
    verified = dict(known.filter(verified_at__isnull=False).values_list("key", "verified_at"))
    known.delete()
    CustomerEmail.objects.bulk_create(
        CustomerEmail(
            organization_id=customer.organization_id,
            customer=customer,
            address=each.address,
            key=email_key(each.address),
            verified_at=verified.get(email_key(each.address), at) if each.verified else None,
            position=position,
        )
        for position, each in enumerate(emails)
    )


def write_phones(customer: Customer, phones: Sequence[str]) -> None:
    """Replace the phone numbers, given in E.164."""
    CustomerPhone.objects.filter(customer=customer).delete()
    CustomerPhone.objects.bulk_create(
        CustomerPhone(organization_id=customer.organization_id, customer=customer, number=number, position=position)
        for position, number in enumerate(phones)
    )


def email_conflict(customer: Customer, emails: Sequence[Email]) -> EmailTaken | None:
    """Return the refusal that names whoever else has verified one of the addresses; None if nobody has."""
    for position, each in enumerate(emails):
        if not each.verified:
            continue
        held = (
            CustomerEmail.objects.filter(
                organization_id=customer.organization_id,
                key=email_key(each.address),
                verified_at__isnull=False,
            )
            .exclude(customer=customer)
            .select_related("customer")
            .first()
        )
        if held is not None:
            holder = held.customer.merged_into_id or held.customer_id
            return EmailTaken(
                "another customer has verified this address",
                pointer=f"/emails/{position}/address",
                holder=ids.to_text(ids.Prefix.CUSTOMER, holder),
            )
    return None
