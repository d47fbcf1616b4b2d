"""How customers sign in: links to sites, tokens that were handed in."""

from datetime import datetime

from tessera.core import clock
from tessera.identity.models import FirstSignIn, Injection, SiteLink
from tessera.identity.types import How, Refusal
from tessera.organizations.models import Organization, TrustedIssuer
from tessera.people.models import Customer
from tests.make.basics import JAN_10, serials
from tests.make.organizations import trusted_issuer


def site_link(person: Customer, site: TrustedIssuer | None = None, *, by_code: bool = False) -> SiteLink:
    """A visitor of a site whom its word made this customer."""
    issuer = site or trusted_issuer(person.organization)
    FirstSignIn.objects.get_or_create(customer=person, defaults={"how": How.TOKEN, "at": JAN_10})
    return SiteLink.objects.create(
        organization=person.organization,
        issuer=issuer,
        subject=f"visitor-{next(serials)}",
        customer=person,
        by_code=by_code,
        linked_at=JAN_10,
        used_at=JAN_10,
    )


def injection(
    club: Organization,
    refusal: Refusal | None = None,
    *,
    issuer: TrustedIssuer | None = None,
    said_issuer: str = "https://site.example",
    origin: str = "https://club.example",
    detail: str = "",
    at: datetime | None = None,
) -> Injection:
    """A token that was handed in: taken, unless told why not."""
    return Injection.objects.create(
        organization=club,
        issuer=issuer,
        said_issuer=said_issuer,
        origin=origin,
        refusal=refusal or "",
        detail=detail or ("what is wrong with it" if refusal else ""),
        at=at or clock.now(),
    )
