"""What is done as time passes. A worker does it for live organizations, the test clock for those made for tests."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from tessera.memberships import announcing
from tessera.organizations.clock import DueWork


class FallsDue(DueWork, Protocol):
    """Work that falls due at instants of an organization's time."""

    def organizations_due(self, at: datetime) -> list[UUID]:
        """Return the live organizations in which something is due at `at`: one cheap read, for it is asked often."""


# Where several things are due at one instant, they are done in this order.
FALLS_DUE: Final[tuple[FallsDue, ...]] = (announcing,)
