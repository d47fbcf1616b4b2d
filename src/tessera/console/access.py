"""Who may see a page: each view names the right it needs, and every page begins at the organization in its address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from tessera import organizations
from tessera.console import keeping, language, proving
from tessera.core.errors import NotFound, TesseraError
from tessera.events.types import Actor
from tessera.memberships import finding
from tessera.organizations import sessions
from tessera.organizations.factors import has_second_factor
from tessera.organizations.formatting import Formats, sentence
from tessera.organizations.models import Organization, Staff, User
from tessera.organizations.rights import RIGHTS, Right, Role, may
from tessera.organizations.time import zone

P = ParamSpec("P")

ANYONE: Final = "anyone"  # a page that needs no sign-in
SIGNED_IN: Final = "signed in"  # a page of somebody who has signed in, whoever they work for
DEMO_ONLY: Final = "demo"  # a page that exists in demo databases and tests only


@dataclass(frozen=True, slots=True)
class Member:
    """The staff member who asks: who, as what, for which organization, and the one instant of the request."""

    row: Staff
    organization: Organization
    name: str
    role: Role
    at: datetime
    waiting: int = 0  # applications, up to 1,000

    @property
    def actor(self) -> Actor:
        return Actor.staff(self.row.pk)

    @property
    def role_label(self) -> str:
        return self.role.called

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self.role]

    @property
    def formats(self) -> Formats:
        """How dates and money are written to them, in the language that is spoken now."""
        chosen = language.of_formats(self.organization, self.row.user.locale)
        return Formats.of(self.organization, locale=chosen)


class StaffRequest(HttpRequest):
    """A request of somebody who works for the organization in its address and has the right that the view names."""

    staff: Member
    htmx: HtmxDetails


class VisitorRequest(HttpRequest):
    """A request before anybody has been recognised."""

    htmx: HtmxDetails


def staff_may(
    right: Right, *, recent: bool = False
) -> Callable[[Callable[Concatenate[StaffRequest, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Let a view answer only staff of the organization `slug` whose role has `right`.

    Nobody signed in: to the sign-in page and back. Not staff of that organization, or no such thing in it: 404, as if
    there were nothing. A second factor missing that their role needs: to where one is set up. Right missing: 403. A
    refusal that the view did not handle becomes a page that says it.

    With `recent`, what changes something asks first who sits there, unless they have proved it within a quarter of an
    hour (`proving.py`). The view then sees the form as it was sent.
    """

    def decorate(view: Callable[Concatenate[StaffRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(cast("VisitorRequest", request))
            member = _member(request, slug)
            if member is None:
                answer = not_found(request)
            else:
                language.speak_of(member.organization, request)
                answer = _refused(request, member, right, recent=recent) or _answered(
                    view, cast("StaffRequest", request), member, *args, **kwargs
                )
            if "Cache-Control" not in answer:
                add_never_cache_headers(answer)
            return answer

        guarded.needs = right  # type: ignore[attr-defined]
        guarded.recent = recent  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_to(whom: str, *, recent: bool = False) -> Callable[[Callable[P, HttpResponse]], Callable[P, HttpResponse]]:
    """Say that a view needs no right: it is for ANYONE, for whoever is SIGNED_IN, or DEMO_ONLY.

    With `recent`, what changes something asks first who sits there, as `staff_may` does.
    """

    def decorate(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            request = cast("VisitorRequest", args[0])
            if whom == DEMO_ONLY and not settings.DEMO:
                return not_found(request)
            if whom == SIGNED_IN:
                if not request.user.is_authenticated:
                    return _to_sign_in(request)
                sessions.seen(request)
            try:
                answer = (proving.ask(request) if recent else None) or view(*args, **kwargs)
            except NotFound:
                answer = not_found(request)
            except TesseraError as refusal:
                answer = render(
                    request, "console/refused.html", {"problem": sentence(refusal.detail)}, status=refusal.status
                )
            add_never_cache_headers(answer)
            return answer

        guarded.needs = whom  # type: ignore[attr-defined]
        guarded.recent = recent  # type: ignore[attr-defined]
        return guarded

    return decorate


def not_found(request: HttpRequest) -> HttpResponse:
    """Return the page for what does not exist, or not for whoever asks."""
    return render(request, "console/404.html", status=404)


def _refused(request: HttpRequest, member: Member, right: Right, *, recent: bool) -> HttpResponse | None:
    """Return what is answered instead of the view, if anything is."""
    sessions.seen(request)
    if member.role in member.organization.second_factor_roles and not has_second_factor(member.row.user):
        return _to_set_up(cast("VisitorRequest", request), member)
    if not may(member.role, right):
        return render(request, "console/403.html", {"organization": member.organization}, status=403)
    return proving.ask(cast("VisitorRequest", request)) if recent else None


def _answered(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
    request: StaffRequest,
    member: Member,
    *args: P.args,
    **kwargs: P.kwargs,
) -> HttpResponse:
    request.staff = member
    with timezone.override(zone(member.organization)):
        try:
            return view(request, *args, **kwargs)
        except NotFound:
            return not_found(request)
        except TesseraError as refusal:
            context = {"organization": member.organization, "problem": sentence(refusal.detail)}
            return render(request, "console/refused.html", context, status=refusal.status)


def _member(request: HttpRequest, slug: str) -> Member | None:
    """One query: the organization is looked up through the person, so that another's does not exist. How many wait in
    it is read beside it."""
    assert isinstance(request.user, User)
    row = (
        Staff.objects.select_related("user", "organization")
        .annotate(waiting=finding.waiting_of("organization", now=sessions.present_instant()))
        .filter(organization__slug=slug, organization__deleting_since=None, user=request.user, disabled_at=None)
        .first()
    )
    if row is None:
        return None
    organization = row.organization
    return Member(row, organization, row.user.name, Role(row.role), organizations.now(organization), row.waiting)


def _to_sign_in(request: VisitorRequest) -> HttpResponse:
    if request.method == "POST":
        return keeping.kept(request)
    return keeping.stays(request) or _first(request, reverse("console:signin"))


def _to_set_up(request: VisitorRequest, member: Member) -> HttpResponse:
    return _first(request, reverse("console:account_security"), needed_by=member.organization.slug)


def _first(request: VisitorRequest, address: str, **told: str) -> HttpResponse:
    """Go to `address` first, and from there back to the page that was asked for or is shown."""
    if request.htmx:
        page = _page_shown(request) or reverse("console:start")
        return HttpResponseClientRedirect(f"{address}?{urlencode({'next': page, **told})}")
    page = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("console:start")
    return redirect(f"{address}?{urlencode({'next': page, **told})}")


def _page_shown(request: VisitorRequest) -> str:
    """The page that the request came from, as the browser says: its path, and what it is narrowed down by; empty if
    that is no address."""
    try:
        parts = urlsplit(request.htmx.current_url or "")
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
