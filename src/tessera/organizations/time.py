"""What time it is in an organization."""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tessera.core import clock


class _HasClock(Protocol):
    """An organization, as far as its time goes. The package's front must not load models: Django reads it first."""

    @property
    def test_now(self) -> datetime | None: ...


class _HasZone(Protocol):
    @property
    def time_zone(self) -> str: ...


def now(organization: _HasClock) -> datetime:
    """Return the organization's present instant, UTC: real time, or where a test organization's clock stands."""
    return organization.test_now or clock.now()


def zone(organization: _HasZone) -> ZoneInfo:
    """Return the organization's time zone, in which its calendar is kept."""
    return ZoneInfo(organization.time_zone)
