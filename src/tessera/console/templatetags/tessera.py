"""Template tags of the console: dates, prices, ids and links as `formatting` and the addresses have them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import phonenumbers
from django import template
from django.template.context import RequestContext
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tessera.console.words import until
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.views import MembershipView
from tessera.organizations import formatting
from tessera.organizations.formatting import Formats
from tessera.plans.formatting import Priced, price_text

register = template.Library()

register.filter("initials", formatting.initials)
register.filter("sentence", formatting.sentence)


def _formats(context: RequestContext) -> Formats:
    formats = context.get("formats")
    return formats if isinstance(formats, Formats) else Formats.of(context["organization"])


def _time(context: RequestContext, instant: datetime, text: str) -> SafeString:
    exact = _formats(context).exact(instant)
    return format_html('<time datetime="{}" title="{}">{}</time>', instant.isoformat(), exact, text)


@register.simple_tag(takes_context=True)
def day(context: RequestContext, instant: datetime) -> SafeString:
    """The local day of an instant, the exact instant on hover."""
    formats = _formats(context)
    return _time(context, instant, formats.day(formats.local(instant).date(), near=context.get("at")))


@register.simple_tag(takes_context=True)
def date_text(context: RequestContext, value: date) -> str:
    """A day of the calendar."""
    return _formats(context).day(value)


@register.simple_tag(takes_context=True)
def moment(context: RequestContext, instant: datetime) -> SafeString:
    """An instant with its time of day."""
    return _time(context, instant, _formats(context).moment(instant, near=context.get("at")))


@register.simple_tag(takes_context=True)
def clock(context: RequestContext, instant: datetime) -> SafeString:
    """The time of day of an instant."""
    return _time(context, instant, _formats(context).clock(instant))


@register.simple_tag(takes_context=True)
def from_day(context: RequestContext, instant: datetime) -> SafeString:
    """The day on which something starts, with the time unless that is midnight."""
    return _time(context, instant, _formats(context).start(instant, near=context.get("at")))


@register.simple_tag(takes_context=True)
def until_day(context: RequestContext, instant: datetime) -> SafeString:
    """The last day before an exclusive end."""
    return _time(context, instant, _formats(context).end(instant, near=context.get("at")))


@register.simple_tag(takes_context=True)
def membership_until(context: RequestContext, membership: MembershipView) -> SafeString:
    """Until when a membership is what it is, in words."""
    said = until(membership, _formats(context), context["at"])
    return _time(context, said.instant, said.text) if said.instant else format_html("{}", said.text)


@register.simple_tag(takes_context=True)
def price(context: RequestContext, value: Priced) -> str:
    """An amount and how often it is due."""
    return price_text(value, _formats(context))


@register.simple_tag(takes_context=True)
def money(context: RequestContext, amount_minor: int, currency: str) -> str:
    """An amount of minor units."""
    return _formats(context).money(amount_minor, currency)


@register.simple_tag(takes_context=True)
def number(context: RequestContext, many: int) -> str:
    """A whole number as the organization writes it: 12,480."""
    return _formats(context).number(many)


@register.filter
def ref(key: UUID, prefix: str) -> str:
    """The public id of a record: `{{ customer.id|ref:"cus" }}`."""
    return ids.to_text(Prefix(prefix), key)


@register.simple_tag
def drawer(address: str) -> SafeString:
    """Attributes of a link that opens a drawer; without script it opens a page."""
    return format_html('href="{0}" hx-get="{0}" hx-target="#drawer" hx-swap="innerHTML"', address)


@register.simple_tag
def drawer_to(name: str, *args: Any) -> SafeString:
    """As `drawer`, of a named address."""
    return drawer(reverse(name, args=args))


@register.filter
def named(names: dict[str, str], key: str) -> str:
    """The name behind a key; the key itself where there is none."""
    return names.get(key, key)


@register.filter
def phone(number: str) -> str:
    """A phone number in E.164 as people read it: +44 20 7946 0000."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


@register.filter
def breaking(address: str) -> SafeString:
    """An e-mail address that breaks before its "@" where it does not fit on a line."""
    name, at, domain = address.rpartition("@")
    return format_html("{}<wbr>{}{}", name, at, domain) if at else format_html("{}", address)


_PICTURES = {"customer": "console:photo", "company": "console:company_logo", "organization": "console:logo"}


@register.simple_tag(takes_context=True)
def picture(context: RequestContext, kind: str, key: UUID, size: int) -> SafeString:
    """A photo or logo in one of its sizes. It says nothing that is not written beside it, so it has no words."""
    address = reverse(_PICTURES[str(kind)], args=[context["organization"].slug, ids.to_text(Prefix.PICTURE, key), size])
    return format_html('<img class="picture is-{}" src="{}" alt="" loading="lazy" decoding="async">', kind, address)


@register.simple_tag(takes_context=True)
def avatar(
    context: RequestContext, name: str, key: UUID | None, *, company: bool = False, large: bool = False
) -> SafeString:
    """A round for a person, a square for a company: the photo or logo `key` if there is one, else the initials."""
    classes = f"avatar{' is-large' if large else ''}{' is-company' if company else ''}"
    kind = "company" if company else "customer"
    shown = picture(context, kind, key, 192 if large else 96) if key is not None else formatting.initials(name)
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, shown)
