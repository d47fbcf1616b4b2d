"""What the packages need from those above them: each declares a Protocol, and gets it here when the process starts."""

from datetime import datetime

from tessera.memberships.expiring import announce_expiries, next_expiry
from tessera.organizations import clock
from tessera.organizations.models import Organization


class Expiries:
    """What falls due as time passes: the expiries of memberships are announced."""

    def next_due(self, organization: Organization, *, after: datetime, until: datetime) -> datetime | None:
        """Return the first instant in `(after, until]` at which an expiry is to be announced; None if there is none."""
        return next_expiry(organization=organization, after=after, until=until)

    def run_due(self, organization: Organization, *, at: datetime) -> None:
        """Announce what expired at `at` or before."""
        announce_expiries(organization=organization, at=at)


def wire() -> None:
    """Hand everything in. Once a process, when all packages are loaded."""
    clock.set_due_work(Expiries())
