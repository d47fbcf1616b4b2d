"""Which customer that is who has just proved an address, or was vouched for by a site; and their session.

A code proves that somebody reads what is sent to an address. A site's word leads to a record that nobody has signed in
to yet, or to where its visitor was led before; anywhere else only together with a code (decision 26).
"""

from datetime import datetime
from typing import Final

from django.db import IntegrityError

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.types import Actor
from tessera.identity import addresses, codes, linking
from tessera.identity.errors import PersonAmbiguous, ProofNeeded
from tessera.identity.linking import SomebodyWasFaster
from tessera.identity.models import FirstSignIn
from tessera.identity.sessions import end, end_all, end_others, open_session, recognised, sessions_of
from tessera.identity.types import Begun, Candidate, How, Injected, ProofReason, Proven, Surface
from tessera.organizations.models import Organization
from tessera.people import contacts, details
from tessera.people.errors import CustomerErased, CustomerMerged, EmailTaken, ExternalIdTaken, LocaleInvalid
from tessera.people.models import Customer, CustomerEmail
from tessera.people.services import create_customer, update_customer
from tessera.people.types import CustomerDetails, Email, Source

__all__ = ["begin", "end", "end_all", "end_others", "open_session", "recognised", "sessions_of"]

_ATTEMPTS: Final = 4
_MOST_NAMED: Final = 20
_ACTOR: Final = Actor.system("sign_in")


def begin(
    *,
    organization: Organization,
    proven: Proven | None = None,
    injected: Injected | None = None,
    surface: Surface,
    device: str,
    client_address: str,
    at: datetime,
    choice: str | None = None,
) -> Begun:
    """Sign somebody in. `at` is the organization's time; `device` what the browser sent as User-Agent.

    `proven` alone: the customer with that verified address; else the only one who has it, whose it then is; else, if
    several have it, the one whose id is `choice`; else a new customer. `injected` alone: the customer whom the site's
    visitor is linked to; else, if the site vouches for the address and nobody has signed in to it yet, its only
    holder, or a new customer. Both together: as `proven` alone, and the site's visitor is linked to them.

    Raises PersonAmbiguous with the candidates (`proven` stays good); ProofNeeded (`injected` alone is not enough: ask
    for a code, and give both); CodeVoid if somebody was signed in by this proof already, or it is too old;
    InjectionRefused if the site is not trusted any more.
    """
    if proven is None and injected is None:
        raise ValueError("nobody proved anything")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with db.transaction():
                if proven is not None:
                    return _by_code(organization, proven, injected, surface, device, at, choice)
                assert injected is not None
                return _by_site(organization, injected, surface, device, at)
        except (EmailTaken, ExternalIdTaken, CustomerMerged, CustomerErased, SomebodyWasFaster, IntegrityError):
            # Somebody verified the address or took it off, took the site's id for them, merged or erased the record,
            # made or cut the link, or forgot the site, to which nothing can refer then: it is looked at anew.
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _by_code(
    organization: Organization,
    proven: Proven,
    injected: Injected | None,
    surface: Surface,
    device: str,
    at: datetime,
    choice: str | None,
) -> Begun:
    locale = codes.spend(organization, proven)
    customer, created = _customer_proven(organization, proven.address, injected, locale, at, choice)
    first, _ = FirstSignIn.objects.get_or_create(customer=customer, defaults={"how": How.CODE, "at": at})
    if first.code_at is None:
        FirstSignIn.objects.filter(pk=customer.pk).update(code_at=at)
        linking.cut_vouched(customer, at)
    if injected is not None:
        linking.link(organization, injected, customer, at=at, by_code=True)
    return open_session(
        organization=organization, customer=customer, surface=surface, how=How.CODE, address=proven.address,
        device=device, created=created,
    )  # fmt: skip


def _by_site(organization: Organization, injected: Injected, surface: Surface, device: str, at: datetime) -> Begun:
    linking.check_trusted(organization, injected)
    customer, created = linking.linked(organization, injected, at), False
    if customer is None:
        _one_at_a_time(organization)
        customer = linking.linked(organization, injected, at)  # by another tab, while this one waited its turn
    if customer is None:
        customer, created = _customer_vouched(organization, injected, at)
        linking.link(organization, injected, customer, at=at, by_code=False)
    FirstSignIn.objects.get_or_create(customer=customer, defaults={"how": How.TOKEN, "at": at})
    return open_session(
        organization=organization, customer=customer, surface=surface, how=How.TOKEN,
        address=injected.address if injected.verified else "", device=device, issuer_id=injected.issuer,
        created=created,
    )  # fmt: skip


def _customer_proven(
    organization: Organization, address: str, injected: Injected | None, locale: str, at: datetime, choice: str | None
) -> tuple[Customer, bool]:
    """Return the customer who has the address, which is verified from now on; and whether they are new."""
    key = details.email_key(address)
    verified = _verified(organization, key)
    if verified is not None:
        return linking.locked(verified), False
    _one_at_a_time(organization)
    holders = _holders(organization, key)
    if not holders:
        same = injected if injected is not None and details.email_key(injected.address) == key else None
        return _new(organization, same, Email(address, verified=True), locale, at), True
    # Locked before their addresses are read: what others add or take off meanwhile stays so.
    customer = linking.locked(holders[0] if len(holders) == 1 else _chosen(holders, choice))
    known = contacts.emails_of(customer)
    if all(details.email_key(each.address) != key for each in known):
        raise SomebodyWasFaster
    emails = [Email(each.address, each.verified or details.email_key(each.address) == key) for each in known]
    customer = update_customer(customer=customer, at=at, actor=Actor.customer(customer.pk), emails=emails)
    if any(details.email_key(each.address) == key for each in known[1:]):
        addresses.note_other(customer, at=at)
    return customer, False


def _customer_vouched(organization: Organization, injected: Injected, at: datetime) -> tuple[Customer, bool]:
    """Return whom the site's word leads to, and whether they are new. Raises ProofNeeded."""
    if not injected.address:
        if injected.first_name and injected.last_name:
            return _new(organization, injected, None, "", at), True
        raise ProofNeeded("the site does not say enough", reason=ProofReason.INCOMPLETE)
    if not injected.verified:
        raise _proof_needed(injected, ProofReason.UNVERIFIED)
    key = details.email_key(injected.address)
    verified = _verified(organization, key)
    holders = [verified] if verified is not None else _holders(organization, key)
    if len(holders) > 1:
        raise _proof_needed(injected, ProofReason.AMBIGUOUS)
    if not holders:
        # Not verified by the site's word: whoever once enters a code sent there is to be its owner, and nobody before.
        return _new(organization, injected, Email(injected.address), "", at), True
    customer = linking.locked(holders[0])
    if FirstSignIn.objects.filter(customer=customer).exists():
        raise _proof_needed(injected, ProofReason.CLAIMED)
    return customer, False


def _new(
    organization: Organization, injected: Injected | None, email: Email | None, locale: str, at: datetime
) -> Customer:
    """Make somebody known by the least that is known of them."""
    told: CustomerDetails = {"emails": [email] if email is not None else []}
    if injected is not None:
        told |= {"first_name": injected.first_name, "last_name": injected.last_name}
        taken = Customer.objects.filter(organization=organization, external_id=injected.external_id)
        if injected.external_id and not taken.exists():
            told["external_id"] = injected.external_id
    told["locale"] = _locale(injected.locale if injected is not None and injected.locale else locale)
    return create_customer(organization=organization, at=at, actor=_ACTOR, source=Source.SIGNUP, **told)


def _verified(organization: Organization, key: str) -> Customer | None:
    rows = CustomerEmail.objects.filter(organization=organization, key=key, verified_at__isnull=False)
    row = rows.select_related("customer").first()
    return None if row is None else row.customer


def _holders(organization: Organization, key: str) -> list[Customer]:
    rows = Customer.objects.filter(organization=organization, emails__key=key, merged_into=None)
    return list(rows.order_by("name_key", "id")[:_MOST_NAMED])


def _chosen(holders: list[Customer], choice: str | None) -> Customer:
    key = ids.from_text(Prefix.CUSTOMER, choice or "")
    for each in holders:
        if each.pk == key:
            return each
    raise PersonAmbiguous(
        "several people have this address: say which of them you are",
        candidates=[Candidate(ids.to_text(Prefix.CUSTOMER, each.pk), each.name) for each in holders],
    )


def _one_at_a_time(organization: Organization) -> None:
    """Let one person at a time become known here, so that one address never makes two of them."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def _locale(told: str) -> str:
    try:
        return details.locale(told) if told else ""
    except LocaleInvalid:
        return ""


def _proof_needed(injected: Injected, reason: ProofReason) -> ProofNeeded:
    return ProofNeeded("this address is to be proved by a code", reason=reason, address=injected.address)
