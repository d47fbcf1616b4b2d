"""Whom somebody means who types a number, an e-mail address, a phone number or a name."""

from typing import TypeVar

from django.utils.translation import gettext

from tessera.core.errors import Conflict, Invalid, NotFound
from tessera.organizations.models import Organization
from tessera.people import queries
from tessera.people.errors import ReferenceAmbiguous
from tessera.people.models import Company, Customer
from tessera.people.names import folded
from tessera.people.queries import CompanyFacts, CustomerFacts, Rows

F = TypeVar("F", CustomerFacts, CompanyFacts)
_FEW = 5


class NobodyMeant(Invalid):
    """Nobody is called that."""

    code = "nobody_meant"


class SeveralMeant(Conflict):
    """Several are called that."""

    code = "several_meant"


def customer_meant(organization: Organization, text: str) -> Customer:
    """Return the one customer that `text` means. Raises NobodyMeant, SeveralMeant."""
    for reference in _references(text):
        try:
            return queries.customer_by_ref(organization, reference)
        except NotFound:
            continue
    rows = queries.customers(organization, q=text, order="name", limit=_FEW)
    found = _so_called(text, rows)
    if not found:
        raise NobodyMeant(gettext("Nobody here goes by that. A number such as CUS-000001 or an e-mail is sure."))
    if len(found) > 1:
        raise SeveralMeant(_several([f"{each.name} ({each.number})" for each in found]))
    return queries.customer_by_ref(organization, found[0].number)


def customer_named(organization: Organization, text: str) -> Customer | None:
    """Return the customer whom a number, an e-mail address or a phone number names for sure; None if it names nobody,
    or several. One query, as a rule."""
    for reference in _references(text):
        try:
            return queries.customer_by_ref(organization, reference)
        except (NotFound, ReferenceAmbiguous):
            continue
    return None


def company_named(organization: Organization, text: str) -> Company | None:
    """Return the company that a number names for sure; None if it names none."""
    try:
        return queries.company_by_ref(organization, text.strip())
    except (NotFound, ReferenceAmbiguous):
        return None


def company_meant(organization: Organization, text: str) -> Company:
    """Return the one company that `text` means. Raises NobodyMeant, SeveralMeant."""
    for reference in _references(text):
        try:
            return queries.company_by_ref(organization, reference)
        except NotFound:
            continue
    rows = queries.companies(organization, q=text, order="name", limit=_FEW)
    found = _so_called(text, rows)
    if not found:
        raise NobodyMeant(gettext("No company here goes by that. A number such as COM-000001 is sure."))
    if len(found) > 1:
        raise SeveralMeant(_several([f"{each.name} ({each.number})" for each in found]))
    return queries.company_by_ref(organization, found[0].number)


def _references(text: str) -> list[str]:
    """Return what `text` may be a reference of, the surest first."""
    text = text.strip()
    if "@" in text and " " not in text and ":" not in text:
        return [f"email:{text}"]
    if text[:1] == "+":
        return [f"phone:{text}"]
    return [text]


def _so_called(text: str, rows: Rows[F]) -> tuple[F, ...]:
    """Return the one of the first few, by name, who is called just so, if nobody else can be; else all of them."""
    exact = [each for each in rows.data if each.name.casefold() == text.strip().casefold()]
    all_seen = rows.next_cursor is None or not folded(rows.data[-1].name).startswith(folded(text))
    return (exact[0],) if len(exact) == 1 and all_seen else rows.data


def _several(names: list[str]) -> str:
    return gettext("Several match: %(names)s. Use the number of one.") % {"names": ", ".join(names)}
