"""Template tags of the pages about webhooks: what an endpoint is called, and what it is told, in few words."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django import template
from django.utils.translation import gettext, ngettext

from tessera.webhooks.queries import EndpointFacts

register = template.Library()

_NAMED = 2


@register.filter
def host(url: str) -> str:
    """Where an address leads: its host, with a port that is not the usual one."""
    return urlsplit(url).netloc


@register.filter
def endpoint_name(endpoint: EndpointFacts) -> str:
    """What an endpoint is called: its description, else its host."""
    return endpoint.description or host(endpoint.url)


@register.filter
def told_of(event_types: Sequence[str]) -> str:
    """What an endpoint is told, in few words: "Everything", "membership.*, plan.archived and 3 more"."""
    if not event_types:
        return gettext("Everything")
    named = ", ".join(event_types[:_NAMED])
    more = len(event_types) - _NAMED
    if more <= 0:
        return named
    return ngettext("%(named)s and %(more)d more", "%(named)s and %(more)d more", more) % {"named": named, "more": more}


@register.filter
def seconds(milliseconds: int) -> str:
    """A span of milliseconds in seconds: 0.043 below a tenth, else 1.2."""
    return f"{milliseconds / 1000:.3f}" if milliseconds < 100 else f"{milliseconds / 1000:.1f}"
