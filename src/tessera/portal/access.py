"""Who may see a page of the portal: each view names what it needs, and every page begins at the organization.

Who is asking is known by a session of the surface `portal`, and by nothing else: one of a frame or an app is nobody
here. Every lookup starts from the organization in the address and the customer who is signed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.types import Actor
from tessera.identity.types import SignedIn
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.people import affiliations
from tessera.people.errors import CompanyNotFound
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CustomerStatus
from tessera.signup import speaking
from tessera.signup.pages.visit import Visit, again, hosted

P = ParamSpec("P")


class Needs(StrEnum):
    """What a page of the portal needs."""

    NOBODY = "nobody"  # who has not signed in sees it
    MEMBER = "member"  # a customer of the organization, banned or archived ones too: they see what is theirs
    COMPANY_ADMIN = "company admin"  # of the company in the address, and neither banned nor archived


@dataclass(frozen=True, slots=True)
class Member:
    """The customer who asks, and the one instant of the request."""

    visit: Visit
    signed_in: SignedIn

    @property
    def request(self) -> HttpRequest:
        return self.visit.request

    @property
    def customer(self) -> Customer:
        return self.signed_in.customer

    @property
    def organization(self) -> Organization:
        return self.visit.organization

    @property
    def at(self) -> datetime:
        return self.visit.at

    @property
    def actor(self) -> Actor:
        return self.visit.actor

    @property
    def formats(self) -> Formats:
        return self.visit.formats

    def address(self, name: str, *args: object, done: str = "") -> str:
        """Return the address of a page of the portal; `done` is what it says on top. A language asked for stays."""
        asked = {"locale": speaking.asked_for(self.request), "done": done}
        query = urlencode({name: value for name, value in asked.items() if value})
        path = reverse(f"portal:{name}", args=[self.organization.slug, *args])
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Admin:
    """A member as the admin of one of their companies."""

    member: Member
    company: Company
    affiliation: Affiliation

    @property
    def reference(self) -> str:
        return ids.to_text(Prefix.COMPANY, self.company.pk)


def open_to_all(view: Callable[Concatenate[Visit, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view answer whoever comes."""
    guarded = hosted(view)
    guarded.needs = Needs.NOBODY  # type: ignore[attr-defined]
    return guarded


def member_may(view: Callable[Concatenate[Member, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view answer a customer who is signed in. Anybody else signs in first, and comes back."""

    @wraps(view)
    def seen(visit: Visit, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if visit.signed_in is None:
            return _to_sign_in(visit)
        return view(Member(visit, visit.signed_in), *args, **kwargs)

    guarded = hosted(seen)
    guarded.needs = Needs.MEMBER  # type: ignore[attr-defined]
    return guarded


def company_admin_may(view: Callable[Concatenate[Admin, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view answer an admin of the company whose `com_…` comes first. To anybody else there is no such company."""

    @wraps(view)
    def seen(visit: Visit, /, ref: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if visit.signed_in is None:
            return _to_sign_in(visit)
        return view(_admin(Member(visit, visit.signed_in), ref), *args, **kwargs)

    guarded = hosted(seen)
    guarded.needs = Needs.COMPANY_ADMIN  # type: ignore[attr-defined]
    return guarded


def _admin(member: Member, ref: str) -> Admin:
    """One query. Raises CompanyNotFound."""
    key = ids.from_text(Prefix.COMPANY, ref)
    if key is None or member.customer.status != CustomerStatus.ACTIVE:
        raise CompanyNotFound("there is no such company")
    rows = Affiliation.objects.filter(
        affiliations.covering(member.at), organization=member.organization, customer=member.customer, company=key
    )
    belongs = rows.filter(company_admin=True).select_related("company").first()
    if belongs is None:
        raise CompanyNotFound("there is no such company")
    belongs.company.organization = member.organization
    return Admin(member, belongs.company, belongs)


def page_asked_for(visit: Visit, given: str) -> str:
    """Return where somebody goes on after signing in: the page of this very portal that was asked for, else its home.

    Nothing but a path below this organization's portal is followed.
    """
    home = reverse("portal:home", args=[visit.organization.slug])
    path = given.partition("?")[0].partition("#")[0]
    inside = path == home or path.startswith(f"{home}/")
    plain = len(given) <= 500 and given.isprintable() and "\\" not in given and "//" not in path and ".." not in path
    here = url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if inside and plain and here else home


def _to_sign_in(visit: Visit) -> HttpResponse:
    """What was sent is not kept: whoever was signed out meanwhile sees the page again, and sends it again."""
    request = visit.request
    asked = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    where = {"next": page_asked_for(visit, asked)}
    if locale := speaking.asked_for(request):
        where["locale"] = locale
    address = f"{reverse('portal:sign_in', args=[visit.organization.slug])}?{urlencode(where)}"
    return again(visit, address) if request.method == "POST" else redirect(address)
