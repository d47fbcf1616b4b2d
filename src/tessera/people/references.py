"""Who a reference means: an id, a number, `external:…`, `email:…` or `phone:…`, within one organization."""

import re
from collections.abc import Iterable

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import Phrase, said
from tessera.organizations.models import Organization
from tessera.people import details, numbers
from tessera.people.errors import CompanyNotFound, CustomerNotFound, PhoneInvalid, ReferenceAmbiguous
from tessera.people.models import Company, Customer, CustomerEmail, CustomerPhone

LONGEST = 300  # characters of a reference; what is longer means nobody
_MOST_NAMED = 10
_SEVERAL_CUSTOMERS = said("several customers match; use the id or number of one of them")
_SEVERAL_COMPANIES = said("several companies match; use the id or number of one of them")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def customer_by_ref(organization: Organization, ref: str) -> Customer:
    """Return the customer that `ref` means; who was merged into another one is that one.

    One indexed read, and one more for each merge. Raises CustomerNotFound; ReferenceAmbiguous if several have
    the e-mail address or phone number.
    """
    found = {person.pk: person for person in map(_survivor, _customers(organization, ref))}
    if not found:
        raise CustomerNotFound("there is no such customer")
    if len(found) > 1:
        raise _ambiguous(_SEVERAL_CUSTOMERS, [ids.to_text(Prefix.CUSTOMER, key) for key in found])
    (customer,) = found.values()
    customer.organization = organization
    return customer


def company_by_ref(organization: Organization, ref: str) -> Company:
    """Return the company that `ref` means. By e-mail or phone it reads all companies of the organization.

    Raises CompanyNotFound; ReferenceAmbiguous if several have the e-mail address or phone number.
    """
    found = list(_companies(organization, ref))
    if not found:
        raise CompanyNotFound("there is no such company")
    if len(found) > 1:
        raise _ambiguous(_SEVERAL_COMPANIES, [ids.to_text(Prefix.COMPANY, company.pk) for company in found])
    found[0].organization = organization
    return found[0]


def _customers(organization: Organization, ref: str) -> Iterable[Customer]:
    if not _possible(ref):
        return []
    of_club = Customer.objects.filter(organization=organization).select_related("merged_into")
    kind, separator, value = ref.partition(":")
    if separator and not value:
        return []
    if not separator:
        if (key := ids.from_text(Prefix.CUSTOMER, ref)) is not None:
            return of_club.filter(pk=key)
        number = numbers.canonical(ref)
        return [] if number is None else of_club.filter(number=number)
    if kind == "external":
        return of_club.filter(external_id=value)
    if kind == "email":
        rows = CustomerEmail.objects.filter(organization=organization, key=details.email_key(value))
        return of_club.filter(pk__in=rows.values("customer_id"))[: _MOST_NAMED + 1]
    if kind == "phone" and (phone := _phone(organization, value)):
        calls = CustomerPhone.objects.filter(organization=organization, number=phone)
        return of_club.filter(pk__in=calls.values("customer_id"))[: _MOST_NAMED + 1]
    return []


def _companies(organization: Organization, ref: str) -> Iterable[Company]:
    if not _possible(ref):
        return []
    of_club = Company.objects.filter(organization=organization)
    kind, separator, value = ref.partition(":")
    if separator and not value:
        return []
    if not separator:
        if (key := ids.from_text(Prefix.COMPANY, ref)) is not None:
            return of_club.filter(pk=key)
        number = numbers.canonical(ref)
        return [] if number is None else of_club.filter(number=number)
    if kind == "external":
        return of_club.filter(external_id=value)
    if kind == "email":
        return of_club.filter(email__iexact=value.strip())[: _MOST_NAMED + 1]
    if kind == "phone" and (phone := _phone(organization, value)):
        return of_club.filter(phone=phone)[: _MOST_NAMED + 1]
    return []


def _possible(ref: str) -> bool:
    return len(ref) <= LONGEST and not _CONTROL.search(ref)


def _survivor(customer: Customer) -> Customer:
    while customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def _phone(organization: Organization, given: str) -> str | None:
    # In an address "+" may have become a space on its way.
    text = f"+{given.lstrip()}" if given.startswith(" ") else given
    try:
        return details.phone(text, region=details.region_of(organization.locale), pointer="")
    except PhoneInvalid:
        return None


def _ambiguous(detail: Phrase, matches: list[str]) -> ReferenceAmbiguous:
    return ReferenceAmbiguous(detail, matches=matches[:_MOST_NAMED])
