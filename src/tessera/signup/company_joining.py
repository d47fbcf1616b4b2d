"""Joining a company by oneself, by its link or an invitation. Sent twice, it is done once.

Who may: whoever the invitation is for; with the link, whoever signed in with an address of the company's domains, or,
if the company wants it so, whoever has the link. Who has left comes back by invitation only.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from tessera import db
from tessera.core.phrases import said
from tessera.events.types import Actor
from tessera.identity.types import How, SignedIn
from tessera.memberships import inheritance
from tessera.memberships.held import lock
from tessera.people import affiliations, company_joining
from tessera.people.company_joining import Entry
from tessera.people.details import email_key
from tessera.people.errors import CompanyArchived
from tessera.people.models import Affiliation, Company, CompanyInvitation, Customer, CustomerEmail
from tessera.people.types import CompanyStatus, Via
from tessera.signup.errors import NotOfCompany, WasOfCompany


@dataclass(frozen=True, slots=True)
class JoinedCompany:
    """The affiliation; `new`: it was not there before."""

    affiliation: Affiliation
    new: bool


def join(*, entry: Entry, signed_in: SignedIn, at: datetime, real_at: datetime, actor: Actor) -> JoinedCompany:
    """Let whoever is signed in belong to the company from now on. Who does already keeps it, and nothing is written.

    Seats do not keep anybody out: who finds them taken belongs to the company and inherits once one is free.

    Raises NotOfCompany, WasOfCompany, CompanyArchived, CompanyInvitationUnknown; AlreadyAffiliated if they are to join
    later anyway; HolderBanned, HolderArchived.
    """
    customer, company = signed_in.customer, entry.company
    both: list[Customer | Company] = [customer, company]
    with db.transaction():
        for holder in sorted(both, key=attrgetter("pk")):  # before the invitation: so does whoever sends it again
            lock(holder)
        present = present_in(customer, entry, at)
        if present is not None:
            return JoinedCompany(present, new=False)
        if company.status != CompanyStatus.ACTIVE:
            raise CompanyArchived(said("{company} takes nobody for now", company=company.name))
        via = way_in(entry, signed_in)
        if via is None:
            raise NotOfCompany(
                said("sign in with your address at {company}, or ask there to be invited", company=company.name)
            )
        if entry.invitation is None and has_left(customer, entry, at):
            raise WasOfCompany(said("you have left {company}: ask there to be invited", company=company.name))
        if entry.invitation is not None:
            company_joining.accept_invitation(
                invitation=entry.invitation, customer_id=customer.pk, at=at, accepted_at=real_at, actor=actor
            )
        made = inheritance.join_company(customer=customer, company=company, at=at, actor=actor, via=via)
    return JoinedCompany(made, new=True)


def way_in(entry: Entry, signed_in: SignedIn) -> Via | None:
    """Return by what somebody may join; None if nothing says that they belong to the company. At most one query."""
    if entry.invitation is not None:
        return Via.INVITE if _is_invited(entry.invitation, signed_in) else None
    if signed_in.how is How.CODE and domain_of(signed_in.address) in entry.company.email_domains:
        return Via.DOMAIN
    return Via.INVITE if entry.for_anyone else None


def present_in(customer: Customer, entry: Entry, at: datetime) -> Affiliation | None:
    """Return the affiliation by which the customer belongs to the company at `at`. One query."""
    rows = Affiliation.objects.filter(affiliations.covering(at), customer=customer, company=entry.company)
    return rows.first()


def has_left(customer: Customer, entry: Entry, at: datetime) -> bool:
    """Whether the customer belonged to the company before. One query."""
    return Affiliation.objects.filter(customer=customer, company=entry.company, ends_at__lte=at).exists()


def domain_of(address: str) -> str:
    """Return what stands behind the @, as domains of companies are kept."""
    return email_key(address).rpartition("@")[2]


def _is_invited(invitation: CompanyInvitation, signed_in: SignedIn) -> bool:
    if signed_in.how is How.CODE and email_key(signed_in.address) == invitation.key:
        return True
    mine = CustomerEmail.objects.filter(customer=signed_in.customer, key=invitation.key)
    return mine.filter(verified_at__isnull=False).exists()
