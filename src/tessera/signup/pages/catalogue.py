"""The public catalogue for programs, /embed/{organization}/plans.json: so that nobody types prices into a site."""

import hashlib
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotModified
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from tessera import organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http import problems
from tessera.memberships import capacity
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.plans.formatting import price_text
from tessera.plans.models import Price
from tessera.signup import framing, queries, speaking
from tessera.signup.pages import plans
from tessera.signup.pages.plans import Found

_SECONDS: Final = 60


@require_safe
def catalogue(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with the plans that can be joined, to anybody; scripts of allowed origins may read it in a browser."""
    organization = Organization.objects.filter(slug=slug, deleting_since=None).first()
    if organization is None:
        answer: HttpResponse = problems.unexpected(request, 404)
    else:
        locale = speaking.chosen(request, organization)
        with translation.override(speaking.spoken(locale)):
            body = msgspec.json.encode(_document(organization, locale))
        answer = _answer(request, body)
        _let_read(request, answer, organization)
    patch_vary_headers(answer, ("Origin", "Accept-Language"))
    return answer


def _answer(request: HttpRequest, body: bytes) -> HttpResponse:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    answer: HttpResponse = (
        HttpResponseNotModified() if tag in known else HttpResponse(body, content_type="application/json")
    )
    answer["ETag"] = tag
    answer["Cache-Control"] = f"public, max-age={_SECONDS}"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _let_read(request: HttpRequest, answer: HttpResponse, organization: Organization) -> None:
    origin = request.headers.get("Origin", "")
    if origin in organization.allowed_origins:
        answer["Access-Control-Allow-Origin"] = origin


def _document(organization: Organization, locale: str) -> dict[str, Any]:
    settings = queries.settings_of(organization)
    found = plans.public(organization)
    full = capacity.full_plans([each.row for each in found], organizations.now(organization))
    formats = Formats.of(organization, locale=locale)
    return {
        "organization": {"name": organization.name, "slug": organization.slug},
        "open": not settings.closed,
        "locale": locale,
        "join_url": f"{framing.own_origin()}{reverse('join:chooser', args=[organization.slug])}",
        "plans": [_plan(organization, each, formats, full=each.row.pk in full) for each in found],
    }


def _plan(organization: Organization, plan: Found, formats: Formats, *, full: bool) -> dict[str, Any]:
    arguments = [organization.slug, plan.ref]
    return {
        "id": plan.ref,
        "name": plan.row.name,
        "description": plan.row.description,
        "colour": plan.row.colour,
        "needs_approval": plan.row.needs_approval,
        "full": full,
        "permissions": plan.grants,
        "prices": [_price(each, formats) for each in plan.prices],
        "join_url": f"{framing.own_origin()}{reverse('join:plan', args=arguments)}",
        "embed_url": f"{framing.own_origin()}{reverse('embed:plan', args=arguments)}",
    }


def _price(price: Price, formats: Formats) -> dict[str, Any]:
    return {
        "id": ids.to_text(Prefix.PRICE, price.pk),
        "amount": {"amount": price.amount_minor, "currency": price.currency},
        "joining_fee": {"amount": price.joining_fee_minor, "currency": price.currency},
        "billing": price.billing,
        "interval": price.interval or None,
        "interval_count": price.interval_count,
        "trial_days": price.trial_days,
        "text": price_text(price, formats),
    }
