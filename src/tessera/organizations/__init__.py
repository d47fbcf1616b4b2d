"""Who calls, for whom, may they, and what time is it there: organizations, staff, API keys, rights, test clocks."""

from tessera.organizations.time import now

__all__ = ["now"]
