"""Days as people type them, and the instants they mean in the organization's zone."""

from datetime import date, datetime, timedelta

from tessera.core import local_time
from tessera.organizations.models import Organization
from tessera.organizations.time import zone


def today(organization: Organization, at: datetime) -> date:
    """Return the local day of `at`."""
    return at.astimezone(zone(organization)).date()


def first_instant(organization: Organization, day: date | None, at: datetime) -> datetime | None:
    """Return when something starts whose first day was typed; None, "now", for today or if none was."""
    if day is None or day == today(organization, at):
        return None
    return local_time.day_start(day, zone(organization))


def end_of(organization: Organization, last_day: date | None) -> datetime | None:
    """Return the exclusive end of something whose last day was typed."""
    if last_day is None:
        return None
    return local_time.day_start(last_day + timedelta(days=1), zone(organization))
