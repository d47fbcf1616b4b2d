"""A request to a page of signing up: of which organization, on which surface, by whom; and the answer's cookies.

The same views answer on both surfaces. `hosted` and `framed` are the two doors to them, each with its own guard: at
home Django's, in a frame `framing.checked_flow`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tessera import organizations
from tessera.core.errors import NotFound, TesseraError
from tessera.events.types import Actor
from tessera.identity import signing_in
from tessera.identity.types import Begun, Candidate, SignedIn, Surface
from tessera.organizations.formatting import Formats, sentence
from tessera.organizations.models import Organization
from tessera.signup import cookies, framing, queries, speaking, tokens
from tessera.signup.queries import SettingsFacts
from tessera.signup.tokens import Flow

P = ParamSpec("P")
NAMESPACES = {Surface.EMBED: "embed", Surface.PORTAL: "join"}


@dataclass(slots=True)
class Visit:
    """One request. `bearer` is the secret that the page carries itself while the frame's cookie does not come back."""

    request: HttpRequest
    organization: Organization
    surface: Surface
    at: datetime
    settings: SettingsFacts
    flow: Flow
    signed_in: SignedIn | None
    bearer: str
    locale: str
    begun: bool = False  # a session has begun with this very request
    ended: bool = False  # it has ended with it
    candidates: tuple[Candidate, ...] = ()  # who it may be, if several people have the address that was proved

    @property
    def framed(self) -> bool:
        return self.surface is Surface.EMBED

    @property
    def formats(self) -> Formats:
        return Formats.of(self.organization, locale=self.locale, wide=False)

    @property
    def actor(self) -> Actor:
        """Whoever is signed in, as events name them."""
        assert self.signed_in is not None
        return Actor.customer(self.signed_in.customer.pk)

    @property
    def device(self) -> str:
        return self.request.headers.get("User-Agent", "")

    @property
    def client_address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))

    def address(self, name: str, *args: object) -> str:
        """Return the address of a page of this surface; a language that was asked for stays."""
        path = reverse(f"{NAMESPACES[self.surface]}:{name}", args=[self.organization.slug, *args])
        asked = speaking.asked_for(self.request)
        return f"{path}?locale={asked}" if asked else path

    def sign_in(self, begun: Begun) -> None:
        """Go on as whoever has just been signed in."""
        self.signed_in, self.bearer, self.begun = begun.signed_in, begun.secret, True
        self.flow = replace(self.flow, attempt="", address="", resend_at=0, expires_at=0, carried="")

    def sign_out(self) -> None:
        """Go on as a stranger, in another flow."""
        if self.signed_in is not None:
            signing_in.end(customer=self.signed_in.customer, session_id=self.signed_in.session_id)
        self.signed_in, self.bearer, self.ended = None, "", True
        self.flow = replace(tokens.fresh(), locale=self.flow.locale, price=self.flow.price)

    def signed_flow(self) -> str:
        """Return the flow as the page carries it."""
        return tokens.signed(self.flow, organization_id=self.organization.pk, surface=self.surface)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame's script has to know. `inject`: where a token of the site's goes; empty: it is not taken here."""

    origins: str
    nonce: str
    inject: str


View = Callable[Concatenate[Visit, P], HttpResponse]


def hosted(view: View[P]) -> Callable[..., HttpResponse]:
    """Let a view answer below /join/, with first-party cookies and Django's guard against foreign forms."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answered(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return _answered(view, request, slug, Surface.PORTAL, *args, **kwargs)

    return answered


def framed(view: View[P]) -> Callable[..., HttpResponse]:
    """Let a view answer below /embed/: framed by allowed origins only, and told nothing but by a page of ours."""

    @csrf_exempt  # flow token, Origin and Sec-Fetch-Site are the guard (framing.py): cookies of a frame prove nothing
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answered(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return _answered(view, request, slug, Surface.EMBED, *args, **kwargs)

    return answered


def _answered(
    view: View[P], request: HttpRequest, slug: str, surface: Surface, *args: P.args, **kwargs: P.kwargs
) -> HttpResponse:
    organization = _organization(slug)
    locale = speaking.chosen(request, organization) if organization is not None else speaking.asked_for(request)
    with translation.override(speaking.spoken(locale or "en")):
        if organization is None:
            return _refused(request, None, surface, gettext("There is no such page."), status=404)
        try:
            visit = _begin(request, organization, surface, locale)
            with translation.override(speaking.spoken(visit.locale)):
                answer = view(visit, *args, **kwargs)
                _keep(visit, answer)
        except NotFound:
            answer = _refused(request, organization, surface, gettext("There is no such page."), status=404)
        except TesseraError as refusal:
            said = _said(refusal)
            answer = _refused(request, organization, surface, said, status=refusal.status)
    if surface is Surface.EMBED:
        framing.let_frame(answer, organization)
    if "Cache-Control" not in answer:
        add_never_cache_headers(answer)
    return answer


def page(visit: Visit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    """Return a page with what all of them need."""
    return render(visit.request, template, {**shell(visit), **context}, status=status)


def shell(visit: Visit) -> dict[str, Any]:
    """Return what every page of signing up needs."""
    organization, settings = visit.organization, visit.settings
    return {
        "organization": organization,
        "accent_url": f"{reverse('embed:accent', args=[organization.slug])}?v={organization.version}",
        "logo_url": reverse("join:logo", args=[organization.slug]) if organization.logo and not visit.framed else "",
        "framed": visit.framed,
        # What search engines are to find instead of a frame.
        "twin_url": f"{framing.own_origin()}/join/{visit.request.path_info.removeprefix(framing.PREFIX)}",
        "flow": visit.signed_flow(),
        "frame": Frame(" ".join(organization.allowed_origins), visit.flow.nonce, visit.request.path)
        if visit.framed
        else None,
        "bearer": visit.bearer if visit.framed else "",
        "powered_by": settings.powered_by,
        "settings": settings,
        "signed_in": visit.signed_in,
        "locale": visit.locale,
        "languages": [(code, name, code == speaking.spoken(visit.locale)) for code, name in speaking.NAMES.items()],
        "chooser_url": visit.address("chooser"),
        "portal_url": f"/portal/{organization.slug}",
    }


def again(visit: Visit, address: str) -> HttpResponse:
    """Lead on to a page of this surface after something was done, so that loading it anew sends nothing."""
    answer = redirect(address)
    answer.status_code = 303
    return answer


def form_from_elsewhere(request: HttpRequest) -> HttpResponse:
    """Answer a form below /join/ or /portal/ without its cookie: sent by another site, or by a browser without any."""
    slug = request.path_info.split("/")[2]
    organization = _organization(slug)
    locale = speaking.chosen(request, organization) if organization is not None else "en"
    with translation.override(speaking.spoken(locale)):
        said = gettext("Your browser sent no cookie along. Allow it for this page, then begin again.")
        return _refused(request, organization, Surface.PORTAL, said, status=403)


def _organization(slug: str) -> Organization | None:
    return Organization.objects.filter(slug=slug, deleting_since=None).first()


def _begin(request: HttpRequest, organization: Organization, surface: Surface, locale: str) -> Visit:
    kept = cookies.flow_of(request, organization, surface)
    if request.method == "POST":
        sent = (
            framing.checked_flow(request, organization)
            if surface is Surface.EMBED
            else tokens.read(request.POST.get("flow", ""), organization_id=organization.pk, surface=surface)
        )
        flow = sent or kept or tokens.fresh()
    else:
        flow = kept or tokens.fresh()
    secret, bearer = cookies.session_of(request, organization, surface), ""
    signed_in = signing_in.recognised(organization, secret, surface) if secret else None
    if signed_in is None and surface is Surface.EMBED and request.method == "POST":
        # No cookie comes back here: the page carries the secret, in a field that only our own page can read.
        bearer = request.POST.get("bearer", "")[:200]
        signed_in = signing_in.recognised(organization, bearer, surface) if bearer else None
        bearer = bearer if signed_in is not None else ""
    wishes = [flow.locale] if signed_in is None else [flow.locale, signed_in.customer.locale]
    spoken = speaking.asked_for(request) or speaking.chosen(request, organization, wishes=wishes) or locale
    return Visit(
        request=request,
        organization=organization,
        surface=surface,
        at=organizations.now(organization),
        settings=queries.settings_of(organization),
        flow=flow,
        signed_in=signed_in,
        bearer=bearer,
        locale=spoken,
    )


def _keep(visit: Visit, answer: HttpResponse) -> None:
    """Have the browser keep what this request has changed."""
    organization, surface = visit.organization, visit.surface
    if visit.request.method != "POST":
        return
    if visit.begun and visit.bearer:
        cookies.keep_session(answer, organization, surface, visit.bearer)
    elif visit.ended:
        cookies.forget_session(answer, organization, surface)
    flow = visit.flow
    if flow.attempt or flow.carried or flow.price or flow.locale:
        cookies.keep_flow(answer, organization, surface, visit.flow)
    elif cookies.flow_of(visit.request, organization, surface) is not None:
        cookies.forget_flow(answer, organization, surface)


def _said(refusal: TesseraError) -> str:
    known = {
        "flow_expired": gettext("This page has been open for too long."),
        "frame_refused": gettext("This did not come from a page of ours."),
    }
    return known.get(refusal.code) or sentence(refusal.detail)


def _refused(
    request: HttpRequest, organization: Organization | None, surface: Surface, problem: str, *, status: int
) -> HttpResponse:
    """Say on a page of its own what is not so; nothing that was typed can be kept there."""
    context = {
        "organization": organization,
        "framed": surface is Surface.EMBED,
        "problem": problem,
        "start_url": request.get_full_path() if status != 404 else "",
        "settings": queries.SettingsFacts(),
        "locale": translation.get_language() or "en",
    }
    return render(request, "signup/problem.html", context, status=status)
