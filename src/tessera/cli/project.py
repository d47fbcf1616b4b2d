"""Loading Django for the commands that need it, and what they share once it is there."""

import atexit
import gc
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tessera.core.errors import Invalid, NotFound

if TYPE_CHECKING:
    from tessera.organizations.models import Organization

SETTINGS = "tessera.config.settings"


class OrganizationUnclear(NotFound):
    """There are several organizations, or none, and none was named."""

    code = "organization_unclear"


class TimeUnreadable(Invalid):
    """Not a day or an instant."""

    code = "time_unreadable"


def start() -> None:
    """Load Django with the operator's settings. Once a process; raises WrongSettings with every fault."""
    from django.apps import apps

    if apps.ready:
        return
    from tessera.config import env

    env.read(os.environ)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    # Loading makes little garbage and many objects that stay: looking through them again and again is a fifth of it.
    gc.disable()
    try:
        django.setup()
    finally:
        gc.freeze()
        gc.enable()
    # What is frozen is not taken apart at the end: a connection left to that never puts SQLite's log into its file.
    from django.db import connections

    atexit.register(connections.close_all)


def organization(slug: str | None) -> "Organization":
    """Return the organization, or the only one there is if none is named. Raises NotFound, OrganizationUnclear."""
    from tessera.organizations.models import Organization
    from tessera.organizations.queries import organization_by_slug

    if slug is not None:
        return organization_by_slug(slug)
    found = list(Organization.objects.order_by("slug")[:20])
    if len(found) == 1:
        return found[0]
    names = ", ".join(each.slug for each in found) or "none is there yet: tessera organization create"
    raise OrganizationUnclear(f"say which organization: {names}")


def instant(text: str, of: "Organization") -> datetime:
    """Return the instant that `text` names: RFC 3339, or local wall-clock time of the organization.

    Raises TimeUnreadable; InvalidPeriod outside the calendar.
    """
    from tessera.core.local_time import first_instant
    from tessera.organizations.time import zone

    try:
        at = datetime.fromisoformat(text)
    except ValueError as reason:
        raise TimeUnreadable(f"{text[:40]!r} is not a time such as 2026-01-31 or 2026-01-31T09:00:00Z") from reason
    return first_instant(at, zone(of)) if at.tzinfo is None else at.astimezone(UTC)
