"""Whether a record is still the one that somebody knows who changes it."""

from tessera.organizations.errors import VersionStale


def check(present: int, known: int | None, *, said: str = "") -> None:
    """Raises VersionStale, with `said` if that is given, unless `known` is the present version. None: none is known."""
    if known is not None and known != present:
        raise VersionStale(
            said or f"it has been changed meanwhile: you know version {known}, this is {present}",
            pointer="/version",
            version=present,
        )
