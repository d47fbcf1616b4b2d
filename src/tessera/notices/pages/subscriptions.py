"""Where a mail's link leads: reminders off, and on again. No sign-in: whoever has the link was sent the mail."""

import re
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tessera import organizations
from tessera.core.errors import NotFound
from tessera.events.types import Actor
from tessera.notices import recipients, services, tokens
from tessera.notices.languages import language, spoken
from tessera.notices.types import Group
from tessera.organizations.models import Organization
from tessera.organizations.queries import organization_by_slug
from tessera.people.errors import CustomerErased, CustomerMerged
from tessera.people.models import Customer

_ACTOR: Final = Actor.system("mail_link")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


@csrf_exempt  # the token is the proof; mail programs that post it have no cookie (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show whether the customer gets the mails of the group; a POST turns them off, or on again.

    A GET changes nothing: programs that look for harm follow every link in a mail. 404 for a token that this
    organization did not sign.
    """
    organization = _organization(slug)
    customer, group = _customer(organization, token)
    with translation.override(language(spoken(organization, customer.locale))):
        if request.method == "POST":
            answer = _turn(request, organization, customer, group)
        else:
            answer = _page(request, organization, customer, group)
    add_never_cache_headers(answer)
    answer["Referrer-Policy"] = "no-referrer"  # the address is the key
    return answer


@require_safe
def accent(request: HttpRequest, slug: str) -> HttpResponse:
    """The organization's colour as a stylesheet. Its address changes with the organization's version."""
    colour = _organization(slug).accent
    rule = f":root {{ --accent: {colour}; }}" if _COLOUR.fullmatch(colour) else ""
    return HttpResponse(
        rule, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=86400"}
    )


def _turn(request: HttpRequest, organization: Organization, customer: Customer, group: Group) -> HttpResponse:
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    wanted = "off" if one_click else request.POST.get("reminders")
    if wanted not in ("off", "on"):
        return _page(request, organization, customer, group, status=400)
    turn = services.unsubscribe if wanted == "off" else services.resubscribe
    try:
        turn(
            organization=organization,
            customer=customer,
            group=group,
            at=organizations.now(organization),
            actor=_ACTOR,
        )
    except (CustomerMerged, CustomerErased) as reason:  # just now
        raise Http404 from reason
    # A mail program wants to hear that it is done; a browser is led to the page, so that going back sends nothing.
    return _page(request, organization, customer, group) if one_click else redirect(request.path)


def _page(
    request: HttpRequest, organization: Organization, customer: Customer, group: Group, *, status: int = 200
) -> HttpResponse:
    off = (customer.pk, group) in recipients.unsubscribed(organization, [customer.pk])
    context = {"organization": organization, "off": off}
    return render(request, "notices/pages/subscription.html", context, status=status)


def _organization(slug: str) -> Organization:
    try:
        return organization_by_slug(slug)
    except NotFound as reason:
        raise Http404 from reason


def _customer(organization: Organization, token: str) -> tuple[Customer, Group]:
    """Whom the token is of: by now perhaps another record, into which theirs was merged; nobody, once erased."""
    said = tokens.read(token, organization_id=organization.pk)
    row = (
        organization.customers.select_related("merged_into").filter(pk=said[0], erased_at=None).first()
        if said
        else None
    )
    if said is None or row is None:
        raise Http404
    return row.merged_into or row, said[1]
